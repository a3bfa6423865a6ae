"""What a grader finds in an answer, and what the arithmetic makes of it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.domain.content import Value

Verdict = Literal["met", "partial", "missed", "unscored"]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
FlagKind = Literal[
    "empty",
    "no_content",
    "question_echo",
    "rubric_paste",
    "denial",
    "keyword_list",
    "instructions",
    "over_word_limit",
]

LEVEL_NAMES: dict[int, str] = {
    1: "names tools",
    2: "textbook pipeline",
    3: "senior",
    4: "staff",
    5: "principal",
}
TARGET_LEVELS: dict[str, int] = {"senior": 3, "staff": 4, "principal": 5}


class CriterionVerdict(Value):
    """One criterion against one answer. Credit needs a quote that stands in the answer."""

    criterion_id: str
    quote: str = ""
    rationale: str
    verdict: Verdict
    confidence: Probability | None = None
    p_met: Probability | None = Field(
        default=None, description="Grader's probability that the criterion is met, where it has one"
    )
    prompted: bool = Field(default=False, description="Credited only after a probe asked for it")
    turn_id: str | None = Field(default=None, description="The turn whose answer holds the quote")

    @model_validator(mode="after")
    def _credit_needs_a_quote(self) -> Self:
        if self.verdict in ("met", "partial") and not self.quote.strip():
            raise ValueError(f"{self.criterion_id}: {self.verdict} without a quote")
        return self

    @property
    def is_open(self) -> bool:
        """Whether a later answer may still improve it."""
        return self.verdict != "met"


class MisconceptionFinding(Value):
    """A wrong claim found in an answer."""

    misconception_id: str
    quote: str
    confidence: Probability
    turn_id: str | None = None
    corrected: bool = Field(default=False, description="Given up after the interviewer's probe")


class Flag(Value):
    """Something about an answer as a whole. A gate leaves the answer without credit."""

    kind: FlagKind
    detail: str
    gate: bool = False
    turn_id: str | None = None


class Grading(Value):
    """One grader's reading of one answer."""

    grader: str
    verdicts: tuple[CriterionVerdict, ...]
    misconceptions: tuple[MisconceptionFinding, ...] = ()
    flags: tuple[Flag, ...] = ()
    level_interval: tuple[int, int] | None = Field(
        default=None, description="Lowest and highest level over repeated gradings"
    )

    @property
    def stopped_by_gate(self) -> bool:
        """Whether a gate left the answer without credit."""
        return any(flag.gate for flag in self.flags)


class DimensionAssessment(Value):
    """The level of one dimension, with the verdicts it comes from."""

    dimension: str
    level: int | None
    score: Probability | None
    verdicts: tuple[CriterionVerdict, ...]
    unscored_share: Probability
    notes: tuple[str, ...] = ()


class Assessment(Value):
    """All answers to one item taken together; every number is arithmetic over the verdicts."""

    level: int | None
    score: Probability | None
    dimensions: tuple[DimensionAssessment, ...]
    misconceptions: tuple[MisconceptionFinding, ...] = ()
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="Caps that held and why a level is null")

    @property
    def verdicts(self) -> tuple[CriterionVerdict, ...]:
        """All verdicts, in the rubric's order."""
        return tuple(verdict for part in self.dimensions for verdict in part.verdicts)
