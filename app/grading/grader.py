"""What every grader is given and gives back."""

from __future__ import annotations

from typing import Protocol

from app.domain.assessment import CriterionVerdict, Flag, Grading
from app.domain.content import Criterion, Item, Rubric, Value


class GradingRequest(Value):
    """One answer to one question, and the criteria it can still earn."""

    item: Item
    rubric: Rubric
    criteria: tuple[Criterion, ...]
    question: str
    answer: str
    dimension: str | None = None  # the one a follow-up probes; an opening is open to all
    probes: tuple[str, ...] = ()  # criteria that the follow-up is after, where its author named any

    @property
    def readable_answer(self) -> str:
        """The answer up to the item's word limit; what stands after it is not read."""
        limit = self.item.word_limit
        parts = self.answer.split()
        if limit is None or len(parts) <= limit:
            return self.answer
        position = 0
        for part in parts[:limit]:
            position = self.answer.index(part, position) + len(part)
        return self.answer[:position]


def missed(criterion: Criterion, reason: str) -> CriterionVerdict:
    """A verdict that needs no reading."""
    return CriterionVerdict(
        criterion_id=criterion.id, verdict="missed", rationale=reason, confidence=1.0, p_met=0.0
    )


def behind_gate(request: GradingRequest, grader: str, flags: tuple[Flag, ...]) -> Grading | None:
    """Everything missed where a gate leaves the answer without credit; None where it is read."""
    gate = next((flag for flag in flags if flag.gate), None)
    if gate is None:
        return None
    verdicts = tuple(missed(each, gate.detail) for each in request.criteria)
    return Grading(grader=grader, verdicts=verdicts, flags=flags)


class Grader(Protocol):
    """Grades one answer. Anything it cannot decide it returns as `unscored`, with the reason."""

    @property
    def name(self) -> str:
        """Name and version, as stored with each grading."""

    def grade(self, request: GradingRequest) -> Grading:
        """A verdict for each of `request.criteria`, in their order."""
