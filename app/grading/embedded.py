"""The grader that needs no model server: author's examples against the answer's sentences.

For each criterion every sentence of the answer (and every pair of neighbours) is compared with the
sentences an author wrote: those that meet the criterion and those that nearly do. A small logistic
head turns the comparison into P(met); the sentence that says it best is the quote.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.assessment import CriterionVerdict, Grading, MisconceptionFinding, Verdict
from app.domain.content import Criterion, Misconception, TermGroup
from app.embedding import MiniLM, default_embedding
from app.grading.evidence import Span, windows
from app.grading.gates import examine
from app.grading.grader import GradingRequest
from app.grading.words import content_stems, is_negated, stems

HEAD_FILE = Path(__file__).parent.parent / "assets" / "grading_head.json"
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """Weights and thresholds of the decision, as fitted by `python -m evals fit`."""

    version: str
    weights: dict[str, float]
    bias: float
    met_from: float
    partial_from: float
    missed_below: float
    misconception_from: float

    @classmethod
    def load(cls, path: Path = HEAD_FILE) -> Head:
        """Read from the JSON file that is shipped with the program."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def probability(self, features: dict[str, float]) -> float:
        """P(met) for one sentence against one criterion."""
        total = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-total))


@dataclass(frozen=True)
class Reference:
    """An author's sentences for one criterion or misconception, ready to compare with."""

    for_it: Vectors
    against_it: Vectors
    statement: Vectors
    for_stems: tuple[frozenset[str], ...]
    for_negated: tuple[bool, ...]
    terms: tuple[tuple[tuple[str, ...], ...], ...]


@dataclass(frozen=True)
class Piece:
    """A sentence, or two, of the answer, ready to compare with."""

    span: Span
    vector: Vectors
    stems: tuple[str, ...]
    negated: bool


class EmbeddedGrader:
    """Deterministic and offline. Safe to share between threads."""

    def __init__(self, embedding: MiniLM | None = None, head: Head | None = None) -> None:
        self._embedding = embedding or default_embedding()
        self._head = head or Head.load()

    @property
    def name(self) -> str:
        return f"embedded/{self._head.version}"

    def grade(self, request: GradingRequest) -> Grading:
        answer = request.readable_answer
        sentences, flags = examine(
            answer, f"{request.question}\n{request.item.context}", request.rubric
        )
        if any(flag.gate for flag in flags):
            reason = next(flag.detail for flag in flags if flag.gate)
            return Grading(
                grader=self.name,
                verdicts=tuple(_missed(criterion, reason) for criterion in request.criteria),
                flags=flags,
            )
        pieces = self._pieces(windows(sentences, answer))
        return Grading(
            grader=self.name,
            verdicts=tuple(self._verdict(criterion, pieces) for criterion in request.criteria),
            misconceptions=tuple(
                finding
                for misconception in request.rubric.misconceptions
                if (finding := self._find(misconception, pieces)) is not None
            ),
            flags=flags,
        )

    def _verdict(self, criterion: Criterion, pieces: Sequence[Piece]) -> CriterionVerdict:
        reference = self._reference(
            criterion.statement, criterion.meets, criterion.near_misses, criterion.terms
        )
        scored = [(self._head.probability(compare(piece, reference)), piece) for piece in pieces]
        p_met, best = max(scored, key=lambda pair: pair[0])
        verdict = self._decide(p_met)
        return CriterionVerdict(
            criterion_id=criterion.id,
            quote=best.span.text if verdict in ("met", "partial") else "",
            rationale=_RATIONALES[verdict],
            verdict=verdict,
            confidence=round(max(p_met, 1.0 - p_met), 3),
            p_met=round(p_met, 4),
        )

    def _decide(self, p_met: float) -> Verdict:
        if p_met >= self._head.met_from:
            return "met"
        if p_met >= self._head.partial_from:
            return "partial"
        return "missed" if p_met < self._head.missed_below else "unscored"

    def _find(
        self, misconception: Misconception, pieces: Sequence[Piece]
    ) -> MisconceptionFinding | None:
        reference = self._reference(
            misconception.claim, misconception.examples, misconception.not_examples, ()
        )
        scored = [(self._head.probability(compare(piece, reference)), piece) for piece in pieces]
        likelihood, best = max(scored, key=lambda pair: pair[0])
        if likelihood < self._head.misconception_from:
            return None
        return MisconceptionFinding(
            misconception_id=misconception.id,
            quote=best.span.text,
            confidence=round(likelihood, 3),
        )

    def _pieces(self, spans: Sequence[Span]) -> list[Piece]:
        vectors = self._embedding.encode([span.text for span in spans])
        return [
            Piece(span, vector, tuple(content_stems(span.text)), is_negated(span.text))
            for span, vector in zip(spans, vectors, strict=True)
        ]

    def _reference(
        self,
        statement: str,
        for_it: tuple[str, ...],
        against_it: tuple[str, ...],
        terms: tuple[TermGroup, ...],
    ) -> Reference:
        encode = self._embedding.encode
        return Reference(
            for_it=encode(for_it),
            against_it=encode(against_it),
            statement=encode([statement])[0],
            for_stems=tuple(frozenset(content_stems(text)) for text in for_it),
            for_negated=tuple(is_negated(text) for text in for_it),
            terms=tuple(tuple(tuple(stems(term)) for term in group) for group in terms),
        )


def compare(piece: Piece, reference: Reference) -> dict[str, float]:
    """The features of one sentence against one reference; each is between -1 and 1."""
    to_it = reference.for_it @ piece.vector
    nearest = int(to_it.argmax())
    like = float(to_it[nearest])
    unlike = float((reference.against_it @ piece.vector).max())
    own = set(piece.stems)
    shared = max(
        (len(own & example) / len(example) for example in reference.for_stems if example),
        default=0.0,
    )
    return {
        "like": like,
        "margin": like - unlike,
        "statement": float(reference.statement @ piece.vector),
        "shared_words": shared,
        "terms": _term_share(piece.stems, reference.terms),
        "negated": float(piece.negated and not reference.for_negated[nearest]),
        "length": min(len(piece.stems), 30) / 30,
    }


def _term_share(found: Sequence[str], groups: tuple[tuple[tuple[str, ...], ...], ...]) -> float:
    """Share of the expected ideas of which one synonym stands in the text."""
    if not groups:
        return 0.0
    text = f" {' '.join(found)} "
    held = sum(any(f" {' '.join(term)} " in text for term in group) for group in groups)
    return held / len(groups)


def _missed(criterion: Criterion, reason: str) -> CriterionVerdict:
    return CriterionVerdict(
        criterion_id=criterion.id, verdict="missed", rationale=reason, confidence=1.0, p_met=0.0
    )


_RATIONALES: dict[Verdict, str] = {
    "met": "This sentence says what the criterion asks for.",
    "partial": "This comes near: the idea is named, its mechanism is not clear.",
    "missed": "No sentence of the answer says it.",
    "unscored": "The closest sentence can be read either way, so it is not graded.",
}
