"""Where a quote stands in an answer, and the pieces of an answer that can be quoted."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

_BREAK = re.compile(
    r"""(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\betc)(?<!\bcf)(?<!\bapprox)
        [.!?]+["')\]]*(?=\s)          # a sentence's end, followed by white space
      | \n+""",
    re.VERBOSE | re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")


@dataclass(frozen=True)
class Span:
    """A piece of an answer: `answer[start:end] == text`."""

    start: int
    end: int
    text: str


def split_sentences(answer: str) -> list[Span]:
    """The sentences and list entries of an answer, in order: exact substrings, no bullets."""
    spans: list[Span] = []
    start = 0
    for match in _BREAK.finditer(answer):
        _append(spans, answer, start, match.end())
        start = match.end()
    _append(spans, answer, start, len(answer))
    return spans


def windows(sentences: list[Span], answer: str) -> list[Span]:
    """Every sentence and every pair of neighbours: an idea may take two sentences to say.

    Sentences between which something was left out are no neighbours.
    """
    pairs = [
        Span(first.start, second.end, answer[first.start : second.end])
        for first, second in pairwise(sentences)
        if not _says_something(answer[first.end : second.start])
    ]
    return [*sentences, *pairs]


def find_quote(quote: str, answer: str) -> str | None:
    """The exact substring of `answer` that `quote` names, or None.

    Compared after NFKC, with white space and invisible characters folded and quotation marks
    unified, in the case as written or, failing that, lower-cased.
    """
    folded_quote, _ = _fold(quote)
    folded_quote = folded_quote.strip(" \"'")
    if not folded_quote:
        return None
    folded_answer, origin = _fold(answer)
    position = folded_answer.find(folded_quote)
    if position < 0:
        position = _lower(folded_answer).find(_lower(folded_quote))
    if position < 0:
        return None
    return answer[origin[position] : origin[position + len(folded_quote) - 1] + 1]


def _append(spans: list[Span], answer: str, start: int, end: int) -> None:
    piece = answer[start:end]
    bullet = _BULLET.match(piece)
    start += bullet.end() if bullet else len(piece) - len(piece.lstrip())
    text = answer[start:end].rstrip()
    if _says_something(text):
        spans.append(Span(start, start + len(text), text))


def _says_something(text: str) -> bool:
    """Whether there is more in it than marks, white space and the number of a list entry."""
    return any(character.isalnum() for character in _BULLET.sub("", text.lstrip("\n")))


def _lower(text: str) -> str:
    """Lower case of the same length: a letter whose lower case is two characters stays."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _fold(text: str) -> tuple[str, list[int]]:
    """The comparable form of a text and, for each of its characters, the index it came from."""
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        if _INVISIBLE.match(character):
            continue
        for part in unicodedata.normalize("NFKC", character):
            if part.isspace():
                if folded and folded[-1] == " ":
                    continue
                part = " "
            folded.append(
                {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"}.get(part, part)
            )
            origin.append(index)
    return "".join(folded), origin
