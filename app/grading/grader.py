"""What every grader is given and gives back."""

from __future__ import annotations

from typing import Protocol

from app.domain.assessment import Grading
from app.domain.content import Criterion, Item, Rubric, Value


class GradingRequest(Value):
    """One answer to one question, and the criteria it can still earn."""

    item: Item
    rubric: Rubric
    criteria: tuple[Criterion, ...]
    question: str
    answer: str


class Grader(Protocol):
    """Grades one answer. Anything it cannot decide it returns as `unscored`, with the reason."""

    @property
    def name(self) -> str:
        """Name and version, as stored with each grading."""

    def grade(self, request: GradingRequest) -> Grading:
        """A verdict for each of `request.criteria`, in their order."""
