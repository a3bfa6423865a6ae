"""The question proper: what was asked, without the facts that were told along with it."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.content import Fact
from app.grading.evidence import split_sentences
from app.grading.words import content_stems

SHORT = 300
"""Characters; a question without facts told along with it is seldom longer, and is left alone."""
TOLD_FROM = 0.7
"""Share of a sentence's content words that one fact's answer holds where it tells that fact."""
MIN_CONTENT_WORDS = 6
"""A shorter sentence may set up the question in the words of the situation, and stays."""


def question_proper(text: str, facts: Sequence[Fact]) -> str:
    """The text less the sentences that only tell a fact; a sentence that asks always stays."""
    if len(text) <= SHORT:
        return text
    known = [frozenset(content_stems(fact.answer)) for fact in facts]
    sentences = split_sentences(text)
    kept = [each.text for each in sentences if not _tells(each.text, known)]
    return " ".join(kept) if 0 < len(kept) < len(sentences) else text


def _tells(sentence: str, known: Sequence[frozenset[str]]) -> bool:
    said = set(content_stems(sentence))
    if len(said) < MIN_CONTENT_WORDS or sentence.rstrip("\"')]”’").endswith("?"):
        return False
    return any(len(said & fact) / len(said) >= TOLD_FROM for fact in known)
