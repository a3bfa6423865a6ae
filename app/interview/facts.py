"""Finds the hidden fact that a candidate's question asks for, by meaning and by words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from app.domain.content import Fact
from app.embedding import MiniLM
from app.grading.evidence import split_sentences
from app.grading.words import content_stems, words

NEAR_ENOUGH = 0.26
"""Chosen on the authors' own wordings, each left out in turn: 80 % are answered, unrelated
questions score below it. See evals/LOG.md."""

# The nearest wording alone finds 38 % of the left-out wordings; the whole fact finds 66 %.
_WEIGHTS = (1.0, 1.0, 1.0, 0.5, 0.5, 0.5)
_JOINED = re.compile(
    r"(?:,\s*|\s+)and\s+(?=(?:how|what|which|who|when|where|why|is|are|do|does|can|will)\b)",
    re.IGNORECASE,
)


def questions_in(text: str) -> list[str]:
    """The questions of a text; two joined by "and" come apart if each can stand alone."""
    asked = (span.text for span in split_sentences(text) if span.text.rstrip("\"')").endswith("?"))
    return [part.strip() for sentence in asked for part in _apart(sentence)]


def is_clarifying(text: str) -> bool:
    """Whether a message mostly asks: an answer may hold a question, a question holds no design."""
    asked = sum(len(words(question)) for question in questions_in(text))
    other = len(words(text)) - asked
    return asked > 0 and other < 25 and asked >= other


def find_fact(facts: Sequence[Fact], question: str, embedding: MiniLM) -> Fact | None:
    """The fact nearest to the question, or None if none is near enough."""
    if not facts:
        return None
    rarity = _rarity(facts)
    vector = embedding.encode([question])[0]
    asked = set(content_stems(question))
    best: tuple[float, Fact | None] = (0.0, None)
    for fact in facts:
        wordings = embedding.encode((fact.question, *fact.also_asked)) @ vector
        about = embedding.encode((fact.answer, fact.why)) @ vector
        nearness = (
            float(wordings.max()),
            float(wordings.mean()),
            float(about[0]),
            float(about[1]),
            _shared(asked, _wordings(fact), rarity),
            _shared(asked, f"{fact.answer} {fact.why}", rarity),
        )
        weighed = sum(weight * value for weight, value in zip(_WEIGHTS, nearness, strict=True))
        best = max(best, (weighed / sum(_WEIGHTS), fact), key=lambda pair: pair[0])
    return best[1] if best[0] >= NEAR_ENOUGH else None


def _apart(sentence: str) -> list[str]:
    parts = _JOINED.split(sentence)
    return parts if all(len(content_stems(part)) >= 2 for part in parts) else [sentence]


def _wordings(fact: Fact) -> str:
    return " ".join((fact.question, *fact.also_asked, fact.answer, fact.id.replace("-", " ")))


def _rarity(facts: Sequence[Fact]) -> dict[str, float]:
    """How much a shared word tells: one that stands in every fact tells nothing."""
    counts = Counter(stem for fact in facts for stem in set(content_stems(_wordings(fact))))
    return {stem: math.log(1 + len(facts) / (1 + count)) for stem, count in counts.items()}


def _shared(asked: set[str], text: str, rarity: dict[str, float]) -> float:
    unseen = math.log(1 + len(rarity)) if rarity else 1.0
    total = sum(rarity.get(stem, unseen) for stem in asked)
    held = sum(rarity.get(stem, unseen) for stem in asked & set(content_stems(text)))
    return held / total if total else 0.0
