"""The grader that needs no model server: author's terms and examples against the answer's words.

Every sentence of the answer, and every pair of neighbours, is compared with what an author wrote
for a criterion: terms, sentences that meet it, sentences that nearly do. A small logistic head
turns the comparison into P(met). The sentence that says it best is the quote. Near even odds the
verdict is `unscored`: a guess is worth less than none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.domain.assessment import CriterionVerdict, Grading, MisconceptionFinding, Verdict
from app.domain.content import Criterion, Misconception
from app.embedding import MiniLM, Vectors, default_embedding
from app.grading.compare import Reader
from app.grading.evidence import Span, windows
from app.grading.examples import AnswerReading, Reference, compare, read_answer, read_reference
from app.grading.gates import examine
from app.grading.grader import GradingRequest
from app.grading.statement import statement_features

HEADS_FILE = Path(__file__).parent.parent / "assets" / "grading_heads.json"
CACHED_REFERENCES = 1024
LONGEST_STATEMENT = 25
"""Words up to which a text counts as one statement; longer ones are references of many points."""


@dataclass(frozen=True)
class Head:
    """A logistic decision with its thresholds, as fitted by `python -m evals fit`."""

    weights: Mapping[str, float]
    bias: float
    met_from: float
    partial_from: float
    missed_below: float

    def probability(self, features: Mapping[str, float]) -> float:
        """P(met) from named features."""
        total = self.bias + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-total))

    def best(self, features: Vectors) -> tuple[int, float]:
        """The row with the highest P(met), and that probability; columns as in `weights`."""
        totals = features @ np.array(list(self.weights.values()), np.float32)
        place = int(totals.argmax())
        return place, 1.0 / (1.0 + math.exp(-float(totals[place]) - self.bias))

    def decide(self, p_met: float) -> Verdict:
        """Met, partial or missed where the odds are clear; unscored where they are not."""
        if p_met >= self.met_from:
            return "met"
        if p_met < self.missed_below:
            return "missed"
        return "partial" if p_met >= self.partial_from else "unscored"


@dataclass(frozen=True)
class Heads:
    """One head for each kind of evidence an author left."""

    version: str
    examples: Head
    statement: Head
    reference: Head
    misconception: Head

    @classmethod
    def load(cls, path: Path = HEADS_FILE) -> Heads:
        """Read from the JSON file that is shipped with the program."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        version = raw.pop("version")
        return cls(version=version, **{name: Head(**head) for name, head in raw.items()})


class EmbeddedGrader:
    """Deterministic and offline. Safe to share between threads."""

    def __init__(self, embedding: MiniLM | None = None, heads: Heads | None = None) -> None:
        self._embedding = embedding or default_embedding()
        self._heads = heads or Heads.load()
        self._reader = Reader(self._embedding)
        self._reference = lru_cache(maxsize=CACHED_REFERENCES)(self._read_reference)

    @property
    def name(self) -> str:
        return f"embedded/{self._heads.version}"

    def grade(self, request: GradingRequest) -> Grading:
        answer = request.readable_answer
        asked = f"{request.question}\n{request.item.context}"
        sentences, flags = examine(answer, asked, request.rubric)
        if any(flag.gate for flag in flags):
            reason = next(flag.detail for flag in flags if flag.gate)
            return Grading(
                grader=self.name,
                verdicts=tuple(_missed(criterion, reason) for criterion in request.criteria),
                flags=flags,
            )
        reading = read_answer(windows(sentences, answer), len(sentences), self._embedding)
        return Grading(
            grader=self.name,
            verdicts=tuple(
                self._by_examples(criterion, reading)
                if criterion.meets
                else self._by_statement(criterion, sentences, request.question)
                for criterion in request.criteria
            ),
            misconceptions=tuple(
                finding
                for misconception in request.rubric.misconceptions
                if (finding := self._find(misconception, reading)) is not None
            ),
            flags=flags,
        )

    def _by_examples(self, criterion: Criterion, answer: AnswerReading) -> CriterionVerdict:
        place, p_met = self._heads.examples.best(compare(answer, self._reference(criterion)))
        verdict = self._heads.examples.decide(p_met)
        return _verdict(criterion, verdict, p_met, answer.pieces[place].text)

    def _by_statement(
        self, criterion: Criterion, sentences: Sequence[Span], question: str
    ) -> CriterionVerdict:
        """Where an author left no examples: a bare statement, or a reference of many points."""
        answer = "\n".join(sentence.text for sentence in sentences)
        features = statement_features(criterion.statement, answer, question, self._reader)
        long = len(criterion.statement.split()) > LONGEST_STATEMENT
        head = self._heads.reference if long else self._heads.statement
        p_met = head.probability(features)
        vectors = self._embedding.encode([sentence.text for sentence in sentences])
        nearest = vectors @ self._embedding.encode([criterion.statement])[0]
        return _verdict(
            criterion, head.decide(p_met), p_met, sentences[int(np.argmax(nearest))].text
        )

    def _find(
        self, misconception: Misconception, answer: AnswerReading
    ) -> MisconceptionFinding | None:
        head = self._heads.misconception
        place, likelihood = head.best(compare(answer, self._reference(misconception)))
        if likelihood < head.met_from:
            return None
        return MisconceptionFinding(
            misconception_id=misconception.id,
            quote=answer.pieces[place].text,
            confidence=round(likelihood, 3),
        )

    def _read_reference(self, part: Criterion | Misconception) -> Reference:
        return read_reference(part, self._embedding)


def _verdict(criterion: Criterion, verdict: Verdict, p_met: float, quote: str) -> CriterionVerdict:
    return CriterionVerdict(
        criterion_id=criterion.id,
        quote=quote if verdict in ("met", "partial") else "",
        rationale=_RATIONALES[verdict],
        verdict=verdict,
        confidence=round(max(p_met, 1.0 - p_met), 3),
        p_met=round(p_met, 4),
    )


def _missed(criterion: Criterion, reason: str) -> CriterionVerdict:
    return CriterionVerdict(
        criterion_id=criterion.id, verdict="missed", rationale=reason, confidence=1.0, p_met=0.0
    )


_RATIONALES: dict[Verdict, str] = {
    "met": "This passage says what the criterion asks for.",
    "partial": "This comes near: the idea is named, its mechanism is not clear.",
    "missed": "Nothing in the answer says it.",
    "unscored": "The closest passage can be read either way, so it is not graded.",
}
