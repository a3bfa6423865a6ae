"""The grader that needs no model server: a classifier for each criterion, taught by sentences.

Every sentence of the answer, and every pair of neighbours, is read by the criterion's classifier,
which learned from the author's examples and near misses and from labelled answers. The piece that
says it best is the quote; its log-odds, and how sound the answer reads, become P(met). Near even
odds the verdict is `unscored`: a guess is worth less than none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.domain.assessment import CriterionVerdict, Grading, MisconceptionFinding, Verdict
from app.domain.content import Criterion, Misconception, Rubric
from app.embedding import MiniLM, default_embedding
from app.grading.compare import Reader
from app.grading.evidence import Span
from app.grading.gates import examine
from app.grading.grader import GradingRequest, behind_gate, missed
from app.grading.reading import Reading, read_answer
from app.grading.soundness import soundness
from app.grading.statement import evidence_for, statement_features
from app.grading.taught import Classifiers

HEADS_FILE = Path(__file__).parent.parent / "assets" / "grading_heads.json"
LOG_ODDS, SOUNDNESS = "log_odds", "soundness"
"""The features of the heads that calibrate a classifier: of the best piece, and of the answer."""
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

    def decide(self, p_met: float) -> Verdict:
        """Met, partial or missed where the odds are clear; unscored where they are not."""
        if p_met >= self.met_from:
            return "met"
        if p_met < self.missed_below:
            return "missed"
        return "partial" if p_met >= self.partial_from else "unscored"


@dataclass(frozen=True)
class Heads:
    """One head for each kind of thing that is decided."""

    version: str
    criterion: Head
    statement: Head
    short_reference: Head
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
        self._classifiers = Classifiers(self._embedding)

    @property
    def name(self) -> str:
        return f"embedded/{self._heads.version}"

    def grade(self, request: GradingRequest) -> Grading:
        answer = request.readable_answer
        asked = f"{request.question}\n{request.item.context}"
        sentences, flags = examine(answer, asked, request.rubric)
        ungraded = behind_gate(request, self.name, flags)
        if ungraded is not None:
            return ungraded
        reading = read_answer(sentences, answer, self._embedding)
        sound = soundness(self._classifiers.of_soundness(request.rubric), reading)
        return Grading(
            grader=self.name,
            verdicts=tuple(
                self._by_examples(request.rubric, criterion, reading, sound)
                if criterion.meets
                else self._by_statement(criterion, sentences, request.question)
                for criterion in request.criteria
            ),
            misconceptions=tuple(
                finding
                for misconception in request.rubric.misconceptions
                if (finding := self._find(request.rubric, misconception, reading, sound))
                is not None
            ),
            flags=flags,
        )

    def _by_examples(
        self, rubric: Rubric, criterion: Criterion, reading: Reading, sound: float
    ) -> CriterionVerdict:
        place, p_met = self._best(self._heads.criterion, rubric, criterion, reading, sound)
        verdict = self._heads.criterion.decide(p_met)
        return _verdict(criterion, verdict, p_met, reading.texts[place])

    def _best(
        self,
        head: Head,
        rubric: Rubric,
        part: Criterion | Misconception,
        reading: Reading,
        sound: float,
    ) -> tuple[int, float]:
        """The piece that says it best, and how likely it does."""
        log_odds = self._classifiers.of(rubric, part).log_odds(reading)
        place = int(log_odds.argmax())
        return place, head.probability({LOG_ODDS: float(log_odds[place]), SOUNDNESS: sound})

    def _by_statement(
        self, criterion: Criterion, sentences: Sequence[Span], question: str
    ) -> CriterionVerdict:
        """Where an author left no examples: a statement, or a reference answer to a question."""
        evidence = evidence_for(criterion.statement, sentences)
        if not evidence:
            return missed(criterion, "Only denials or bare terms would be left to go by.")
        features = statement_features(criterion.statement, evidence, question, self._reader)
        if len(criterion.statement.split()) > LONGEST_STATEMENT:
            head = self._heads.reference
        else:
            head = self._heads.short_reference if question.strip() else self._heads.statement
        p_met = head.probability(features)
        vectors = self._embedding.encode([each.text for each in evidence])
        nearest = vectors @ self._embedding.encode([criterion.statement])[0]
        return _verdict(
            criterion, head.decide(p_met), p_met, evidence[int(np.argmax(nearest))].text
        )

    def _find(
        self, rubric: Rubric, misconception: Misconception, reading: Reading, sound: float
    ) -> MisconceptionFinding | None:
        head = self._heads.misconception
        place, likelihood = self._best(head, rubric, misconception, reading, sound)
        if likelihood < head.met_from:
            return None
        return MisconceptionFinding(
            misconception_id=misconception.id,
            quote=reading.texts[place],
            confidence=round(likelihood, 3),
        )


def _verdict(criterion: Criterion, verdict: Verdict, p_met: float, quote: str) -> CriterionVerdict:
    return CriterionVerdict(
        criterion_id=criterion.id,
        quote=quote if verdict in ("met", "partial") else "",
        rationale=_RATIONALES[verdict],
        verdict=verdict,
        confidence=round(max(p_met, 1.0 - p_met), 3),
        p_met=round(p_met, 4),
    )


_RATIONALES: dict[Verdict, str] = {
    "met": "This passage says what the criterion asks for.",
    "partial": "This comes near: the idea is named, its mechanism is not clear.",
    "missed": "Nothing in the answer says it.",
    "unscored": "The closest passage can be read either way, so it is not graded.",
}
