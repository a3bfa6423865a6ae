"""A classifier for one criterion, taught by sentences: logistic regression on meaning and words.

A piece of text is its sentence vector beside its bag of stems. The author's examples are some
dozens, the coordinates some thousands, so it is fitted in the dual (iteratively reweighted least
squares, one weight a sentence). Fitting and reading need numpy alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.domain.content import Criterion, Misconception, Rubric
from app.embedding import MiniLM, Vectors
from app.grading.reading import Reading, read_texts

Matrix = NDArray[np.float64]

WORDS_WEIGHT = 1.5
"""How much a bag of stems counts beside a sentence vector; both have length 1."""
SHORT = 6
"""Content words; a bag with fewer has a length below 1."""
PENALTY = 0.1
BIAS_SCALE = 3.0
"""The bias is one more coordinate, large so that the penalty hardly holds it."""
ITERATIONS = 15
CLOSE_ENOUGH = 1e-3
OWN_WEIGHT = 3.0
"""An example written for a criterion, beside one borrowed from its neighbours."""


class Example(NamedTuple):
    """A text and whether it says what is asked for."""

    text: str
    says_it: bool
    weight: float = 1.0


@dataclass(frozen=True)
class Classifier:
    """Log-odds that a piece says it: `meaning` has shape (384,), `words` a weight for each stem."""

    meaning: Vectors
    words: Mapping[str, float]
    bias: float

    def log_odds(self, reading: Reading) -> Matrix:
        """One number for each piece."""
        said = [
            sum(self.words.get(stem, 0.0) for stem in stems) / _length(stems)
            for stems in reading.stems
        ]
        return np.asarray(reading.vectors @ self.meaning + np.array(said) + self.bias, np.float64)


def examples_of(rubric: Rubric, part: Criterion | Misconception) -> list[Example]:
    """What the author wrote for one part of a rubric; what was written for others speaks against.

    Right answers are against a misconception, and wrong claims against a criterion.
    """
    says_it, denies_it = _written_for(part)
    examples = [Example(text, True, OWN_WEIGHT) for text in says_it]
    examples += [Example(text, False, OWN_WEIGHT) for text in denies_it]
    for other in rubric.parts:
        if other.id != part.id:
            says_it, denies_it = _written_for(other)
            borrowed = says_it + denies_it if isinstance(other, Criterion) else says_it
            examples += [Example(text, False) for text in borrowed]
    return examples


def digest_of(examples: Iterable[Example]) -> str:
    """32 hex digits that change when an author changes any of the examples."""
    written = "\n".join(f"{example.says_it} {example.text}" for example in examples)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def teach(examples: Sequence[Example], embedding: MiniLM) -> Classifier:
    """The classifier that the examples define; the same examples give the same classifier.

    Without any example, as under a rubric of bare statements, it gives even odds to everything.
    """
    reading = read_texts([example.text for example in examples], embedding)
    stems = sorted(set().union(*reading.stems))
    place = {stem: column for column, stem in enumerate(stems)}
    bags = np.zeros((len(examples), len(stems)))
    for row, said in enumerate(reading.stems):
        bags[row, [place[stem] for stem in said]] = WORDS_WEIGHT / _length(said)
    meaning = reading.vectors.astype(np.float64)
    alike = meaning @ meaning.T + bags @ bags.T + BIAS_SCALE**2
    shares = _fit(
        alike,
        np.array([example.says_it for example in examples], np.float64),
        np.array([example.weight for example in examples], np.float64),
    )
    return Classifier(
        meaning=(meaning.T @ shares).astype(np.float32),
        words=dict(zip(stems, (WORDS_WEIGHT * (bags.T @ shares)).tolist(), strict=True)),
        bias=float(BIAS_SCALE**2 * shares.sum()),
    )


def _written_for(part: Criterion | Misconception) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(part, Criterion):
        return (part.statement, part.counts, *part.meets), (part.does_not_count, *part.near_misses)
    return (part.claim, *part.examples), part.not_examples


def _length(stems: Collection[str]) -> float:
    """Of the bag as a vector; in a very short text no single word may count for a whole one."""
    return float(max(SHORT, len(stems)) ** 0.5)


def _fit(alike: Matrix, says_it: Matrix, weights: Matrix) -> Matrix:
    """Weighted, penalised logistic regression in the dual: the share of each example."""
    shares = np.zeros(len(says_it))
    for _ in range(ITERATIONS):
        log_odds = alike @ shares
        p = 1.0 / (1.0 + np.exp(-log_odds))
        slope = np.maximum(weights * p * (1.0 - p), 1e-6)
        target = log_odds + weights * (says_it - p) / slope
        system: Any = alike + np.diag(PENALTY / slope)
        new = np.linalg.solve(system, target)
        settled = float(np.abs(new - shares).max(initial=0.0)) < CLOSE_ENOUGH
        shares = new
        if settled:
            break
    return shares
