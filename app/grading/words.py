"""Words of a text as the offline grader compares them: stems, function words, n-grams."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

_WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*%?|\d+(?:\.\d+)?%?")
_SPLIT = re.compile(r"[\-/]")

FUNCTION_WORDS = frozenset(
    """
    a an the this that these those it its they them their there here we us our you your he
    she i me my mine who whom whose which what when where why how as at by for from in
    into of off on onto out over to up upon with within without under between through
    during before after above below about against and or but nor so yet if then than
    because since while although though unless until whether is am are was were be been
    being have has had having do does did doing will would shall should can could may
    might must not no none never neither only just also too very much many more most some
    any each every all both few other such same own again still even ever really rather
    quite let lets s t re ve ll d m don didn doesn isn aren won would wouldn shouldn
    couldn can't
    """.split()
)
_lock = threading.Lock()
_stemmer = Stemmer.Stemmer("english")


def normalise(text: str) -> str:
    """NFKC, lower case, plain apostrophes."""
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'")


def words(text: str) -> list[str]:
    """Lower-cased words in order; hyphenated and slashed words come apart."""
    return [
        part
        for match in _WORD.findall(normalise(text))
        for part in _SPLIT.split(match.strip(".'"))
        if part
    ]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The English Snowball stem. The stemmer is not thread-safe, hence the lock."""
    with _lock:
        return str(_stemmer.stemWord(word))


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry content, in order."""
    return [stem(word) for word in words(text) if word not in FUNCTION_WORDS]


def function_word_share(text: str) -> float:
    """Share of function words; running English has 0.35 to 0.55, a keyword list almost none."""
    found = words(text)
    return sum(word in FUNCTION_WORDS for word in found) / len(found) if found else 0.0


def ngrams(tokens: list[str], size: int) -> set[tuple[str, ...]]:
    """All runs of `size` tokens; the whole text where it is shorter."""
    if len(tokens) < size:
        return {tuple(tokens)} if tokens else set()
    return {tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)}
