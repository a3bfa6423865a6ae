"""What leaves an answer, or a sentence of it, without credit before any criterion is looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.assessment import Flag
from app.domain.content import Rubric
from app.grading.denial import undenied
from app.grading.evidence import Span, split_sentences
from app.grading.words import (
    FUNCTION_WORDS,
    content_stems,
    function_word_share,
    ngrams,
    words,
)

MIN_CONTENT_WORDS = 4
"""Of an answer in an interview; to a bare statement or a short reference one word is enough."""
ECHO_SHARE = 0.7
PASTE_SHARE = 0.5
LIST_CHUNKS = 5
LONG_LIST_CHUNKS = 12
LONG_LIST_WORDS_A_CHUNK = 2
"""Terse notes of real answers run at three to five words between commas and line ends."""
LIST_WORDS_A_CHUNK = 3.5
LIST_FUNCTION_WORDS = 0.12
LIST_WORDS = 8
PROSE_FUNCTION_WORDS = 0.2

_OPENERS = frozenset(
    content_stems(
        """answer solution response sure okay ok certainly great good question thanks thank think
        thinking step let's begin start well here following overall summary conclusion final thought
        process solve problem please yes"""
    )
)
# Engineers ignore outliers above a level, override rules and see objectives met: only what a grader
# works with makes a sentence one to the grader.
_TO_THE_GRADER = re.compile(
    r"""\b(?:ignore|disregard|forget|override)\b[^.!?\n]{0,40}
            \b(?:instructions?|prompts?|rubrics?|(?:grading|these|the|all)\ criteria)\b
      | \b(?:give|award|assign|grant|mark|grade|score|rate)\b[^.!?\n]{0,40}
            \b(?:(?:full|perfect|top|highest|maximum)\ (?:marks?|credit|scores?|grades?|points)
               |5/5|10/10|as\ perfect|level\ (?:5|five)|(?:all|every|each)\ criteri(?:a|on))\b
      | \b(?:mark|grade|score|rate|count)\ (?:\w+\ ){0,2}?(?:everything|all|this|it|answer|criteria)
            \b[^.!?\n]{0,20}\bas\ (?:met|correct|perfect|passed)\b
      | \byou\ are\ (?:now\ )?(?:an?|the)\ (?:\w+\ ){0,2}
            (?:grader|judge|evaluator|assistant|interviewer|examiner)\b
      | \b(?:dear|attention|note\ to(?:\ the)?)\ (?:grader|judge|evaluator|model|llm|ai)\b
      | ["']?verdict["']?\s*[:=]\s*["']?met\b
      | <\|?/?(?:system|im_start|im_end|user|assistant|answer|response|instructions?)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“'‘`][^\"“”'‘’`\n]{3,200}[\"”'’`]")


def examine(
    answer: str, question: str, rubric: Rubric, *, reads_denials: bool = False
) -> tuple[list[Span], tuple[Flag, ...]]:
    """The sentences that may serve as evidence, and what was found; no sentences behind a gate.

    A grader that reads denials itself gets them with the rest.
    """
    sentences = split_sentences(answer)
    if not sentences:
        return [], (Flag(kind="empty", detail="There is no text to grade.", gate=True),)
    meaning = {word for word in content_stems(answer) if word not in _OPENERS}
    if len(meaning) < MIN_CONTENT_WORDS and _has_examples(rubric):
        return [], (
            Flag(kind="no_content", detail="An opening without a statement behind it.", gate=True),
        )
    kept: list[Span] = []
    dropped: dict[str, list[Span]] = {}
    if not reads_denials:
        sentences, denied = undenied(sentences)
        if denied:
            dropped["denial"] = denied
    material = _Material(question, rubric)
    for sentence in sentences:
        reason = material.reason_to_drop(sentence.text)
        if reason is None:
            kept.append(sentence)
        else:
            dropped.setdefault(reason, []).append(sentence)
    if _is_keyword_list(answer) and not _is_mostly_prose(kept):
        return [], (
            Flag(kind="keyword_list", detail="A list of terms without a statement.", gate=True),
        )
    flags = [_flag(reason, spans, bool(kept)) for reason, spans in dropped.items()]
    return kept, tuple(flags)


def _has_examples(rubric: Rubric) -> bool:
    """Whether authors wrote for it; without, its statements are all there is to be said."""
    return any(criterion.meets for criterion in rubric.criteria)


class _Material:
    """Text that earns nothing when it is given back: the question and the rubric's own wording.

    Whoever repeats a bare statement or a reference answer has said it: only what an author wrote
    about an answer is no answer.
    """

    def __init__(self, question: str, rubric: Rubric) -> None:
        self._question = ngrams(words(question), 4)
        self._rubric: set[tuple[str, ...]] = set()
        for criterion in rubric.criteria if _has_examples(rubric) else ():
            for text in (criterion.statement, criterion.counts, criterion.why, *criterion.meets):
                self._rubric |= ngrams(words(text), 5)

    def reason_to_drop(self, sentence: str) -> str | None:
        tokens = words(sentence)
        if speaks_to_the_grader(sentence):
            return "instructions"
        if len(tokens) >= 6 and _share(ngrams(tokens, 4), self._question) >= ECHO_SHARE:
            return "question_echo"
        if len(tokens) >= 8 and _share(ngrams(tokens, 5), self._rubric) >= PASTE_SHARE:
            return "rubric_paste"
        if _is_keyword_list(sentence):
            return "keyword_list"
        return None


def speaks_to_the_grader(sentence: str) -> bool:
    """Whether a sentence addresses the grader; what it merely quotes does not count."""
    return bool(_TO_THE_GRADER.search(_QUOTED.sub(" ", sentence)))


def _is_keyword_list(text: str) -> bool:
    """Many short chunks and hardly a function word: terms are named and nothing is said of them."""
    chunks = [chunk for chunk in re.split(r"[,;|/\n•]+|\s[-–—]\s", text) if words(chunk)]
    lengths = sorted(len(words(chunk)) for chunk in chunks)
    typical = lengths[len(lengths) // 2] if lengths else 0
    if len(chunks) >= LONG_LIST_CHUNKS and typical <= LONG_LIST_WORDS_A_CHUNK:
        return True
    if any(character.isdigit() for character in text):
        return False  # notes with numbers say something, however short
    found = words(text)
    if len(found) >= LIST_WORDS and not any(word in FUNCTION_WORDS for word in found):
        return True
    return (
        len(chunks) >= LIST_CHUNKS
        and typical <= LIST_WORDS_A_CHUNK
        and function_word_share(text) < LIST_FUNCTION_WORDS
    )


def _is_mostly_prose(sentences: Sequence[Span]) -> bool:
    """Whether whole sentences hold most of the words; an enumeration among them is no list."""
    lengths = [len(words(sentence.text)) for sentence in sentences]
    whole = [
        length
        for sentence, length in zip(sentences, lengths, strict=True)
        if length >= LIST_WORDS
        and sentence.text.endswith((".", "!", "?"))
        and function_word_share(sentence.text) >= PROSE_FUNCTION_WORDS
    ]
    return 2 * sum(whole) > sum(lengths)


def _share(own: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(own & other) / len(own) if own else 0.0


def _flag(reason: str, spans: Sequence[Span], something_left: bool) -> Flag:
    count = f"{len(spans)} sentence{'s' if len(spans) > 1 else ''}"
    told = {
        "denial": f"{count} that denies a claim: no credit for the claim.",
        "instructions": f"{count} addressed to the grader: not read as an answer.",
        "question_echo": f"{count} repeated from the question: no credit.",
        "rubric_paste": f"{count} word for word from the rubric: no credit.",
        "keyword_list": f"{count} of bare terms: naming is not explaining.",
    }
    return Flag.model_validate({"kind": reason, "detail": told[reason], "gate": not something_left})
