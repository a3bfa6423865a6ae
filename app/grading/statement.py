"""Whether an answer says a bare statement or a reference text, for which nobody wrote examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from app.grading.compare import Reader, Wording, in_order, nearest_tokens, recall
from app.grading.denial import denies
from app.grading.evidence import Span, split_sentences
from app.grading.words import function_word_share, words

HEAVY_TOKEN = 0.3
LONGEST_ORDER = 60
FEWEST_TERMS = 3
PROSE = 0.15
"""Share of function words from which a statement is prose, and so is what says it."""
FEATURES = (
    "plain_recall",
    "recall",
    "own_tokens",
    "worst_token",
    "low_tokens",
    "best_sentence",
    "precision",
    "in_order",
    "numbers_missing",
    "word_pairs",
    "least_token",
    "own_recall",
    "cosine",
    "asked_already",
    "length",
)


def evidence_for(statement: str, sentences: Sequence[Span]) -> list[Span]:
    """The sentences that may count for a statement: neither its denial nor terms in a row."""
    parts = [part.text for part in split_sentences(statement)]
    is_prose = function_word_share(statement) >= PROSE

    def is_bare(text: str) -> bool:
        return is_prose and len(words(text)) >= FEWEST_TERMS and not function_word_share(text)

    kept = [
        each
        for each in sentences
        if not is_bare(each.text) and not any(denies(each.text, part) for part in parts)
    ]
    return [] if is_bare(" ".join(each.text for each in kept)) else kept


def statement_features(
    statement: str, evidence: Sequence[Span], question: str, reader: Reader
) -> dict[str, float]:
    """The features of what was said against a statement: -1 to 1 each; `length` is ln(words).

    `asked_already` and `length` are no merit of the answer: of a long reference that the question
    does not lead to, less is said.
    """
    wanted = reader.read_all(span.text for span in split_sentences(statement))
    said = reader.read_all(span.text for span in evidence)
    answer = "\n".join(span.text for span in evidence)
    if not wanted or not said:
        return dict.fromkeys(FEATURES, 0.0)
    whole_wanted, whole_said = _joined(wanted), _joined(said)
    nearest = nearest_tokens(whole_wanted, whole_said)
    weights = whole_wanted.token_weights
    heavy = nearest[weights > HEAVY_TOKEN] if (weights > HEAVY_TOKEN).any() else nearest
    # What the question already says earns little when it is said again.
    asked = reader.read_all(span.text for span in split_sentences(question))
    whole_asked = _joined(asked) if asked else None
    given = nearest_tokens(whole_wanted, whole_asked) if whole_asked else np.zeros_like(nearest)
    own = weights * (1.0 - np.clip(given, 0.0, 1.0))
    held = whole_wanted.weights.keys() & whole_said.weights.keys()
    unasked = whole_wanted.weights.keys() - (whole_asked.weights.keys() if whole_asked else set())
    pairs = set(pairwise(words(statement)))
    return {
        "plain_recall": len(held) / max(1, len(whole_wanted.weights)),
        "recall": recall(whole_wanted, whole_said),
        "own_tokens": float((nearest * own).sum() / max(float(own.sum()), 1e-6)),
        "worst_token": float(heavy.min()),
        "low_tokens": float(np.quantile(heavy, 0.2)),
        "best_sentence": max(
            float(np.average(nearest_tokens(part, whole_said), weights=part.token_weights))
            for part in wanted
            if len(part.tokens)
        ),
        "precision": max(recall(part, whole_wanted) for part in said),
        "in_order": in_order(_cut(whole_wanted), whole_said),
        "numbers_missing": (
            len(whole_wanted.numbers - whole_said.numbers) / len(whole_wanted.numbers)
            if whole_wanted.numbers
            else 0.0
        ),
        "word_pairs": len(pairs & set(pairwise(words(answer)))) / max(1, len(pairs)),
        "least_token": float(nearest.min(initial=1.0)),
        "own_recall": len(unasked & held) / len(unasked) if unasked else 1.0,
        "cosine": reader.likeness(statement, answer),
        "asked_already": reader.likeness(statement, question) if asked else 0.0,
        "length": math.log1p(len(words(statement))),
    }


def _joined(parts: Sequence[Wording]) -> Wording:
    """Several sentences as one wording; tokens keep the company they were read in."""
    return Wording(
        weights={stem: weight for part in parts for stem, weight in part.weights.items()},
        content=tuple(stem for part in parts for stem in part.content),
        numbers=frozenset(number for part in parts for number in part.numbers),
        tokens=np.vstack([part.tokens for part in parts]),
        token_weights=np.concatenate([part.token_weights for part in parts]),
    )


def _cut(wording: Wording) -> Wording:
    """A long reference compared in order by its beginning: the comparison is quadratic."""
    if len(wording.content) <= LONGEST_ORDER:
        return wording
    return replace(wording, content=wording.content[:LONGEST_ORDER])
