"""An interview as it stands: its plan, its turns and what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.domain.assessment import Grading
from app.domain.content import Item, Kind, Rubric, SeniorityLevel, Value

QuestionKind = Literal["opening", "probe", "challenge", "flip"]
SessionStatus = Literal["interviewing", "finished"]
FinishReason = Literal["completed", "out_of_time", "ended_by_candidate", "ended_by_interviewer"]


class PlannedItem(Value):
    """An item with its rubric, both pinned as they were when the session began."""

    item: Item
    rubric: Rubric
    rubric_hash: str
    max_answers: int = Field(ge=1)


class Plan(Value):
    """What a session goes through, in order."""

    id: str
    title: str
    kind: Kind | Literal["full_loop"]
    level: SeniorityLevel
    minutes: int = Field(ge=1)
    items: tuple[PlannedItem, ...] = Field(min_length=1)


class FollowUpDecision(Value):
    """What comes next and why; replay shows the reason."""

    action: Literal["clarify", "probe", "challenge", "next_question", "finish"]
    reason: str
    dimension: str | None = None
    follow_up_id: str | None = None
    misconception_id: str | None = None
    text: str = Field(default="", description="The author's wording of the question, if it has one")
    kind: QuestionKind = "probe"


class Question(Value):
    """What the interviewer asked."""

    kind: QuestionKind
    text: str
    dimension: str | None = None
    follow_up_id: str | None = None
    misconception_id: str | None = None
    reason: str = ""
    fact_ids: tuple[str, ...] = Field(default=(), description="Facts told along with the question")
    interrupted: bool = Field(
        default=False, description="The stream was cut; the text is what came"
    )


class Clarification(Value):
    """A question from the candidate, and the reply once there is one."""

    id: str
    asked: str
    reply: str | None = None
    fact_ids: tuple[str, ...] = ()
    matters: bool = False


class Hint(Value):
    """A hint that was given; `step` counts from 1, vague, to 3, plain."""

    dimension: str
    step: int
    text: str


class Note(Value):
    """An observation of the interviewer, shown at the end."""

    turn_id: str | None
    text: str
    quote: str = ""


class Turn(Value):
    """One question with everything that answers it."""

    id: str
    item_index: int
    question: Question
    asked_at: datetime
    clarifications: tuple[Clarification, ...] = ()
    hints: tuple[Hint, ...] = ()
    answer: str | None = None
    answered_at: datetime | None = None
    earlier_answers: tuple[str, ...] = ()
    reading: Grading | None = Field(
        default=None, description="A provisional reading for the follow-up decision; never a grade"
    )
    grading: Grading | None = None
    skipped: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it still waits for the candidate."""
        return self.answer is None and not self.skipped


class ModelUse(Value):
    """What one call of the language model cost."""

    purpose: Literal["interviewer", "judge", "summary", "probe"]
    model: str
    outcome: str
    prompt_characters: int
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float
    attempts: int = 1
    turn_id: str | None = None


class Regrading(Value):
    """A later grading of the whole session, beside the first."""

    at: datetime
    grader: str
    rubrics: tuple[Rubric, ...] = Field(description="One for each planned item, as used this time")
    gradings: dict[str, Grading] = Field(description="By turn id")


class Session(Value):
    """The state of a session: the fold of its events."""

    id: str
    revision: int = Field(description="Number of events folded; the next event gets this seq")
    schema_version: int
    app_version: str
    user: str = ""
    plan: Plan
    interviewer: str
    grader: str
    prompt_versions: dict[str, str] = {}
    started_at: datetime
    updated_at: datetime
    active_seconds: float = 0.0
    paused: bool = False
    turns: tuple[Turn, ...] = ()
    withdrawn: tuple[Turn, ...] = Field(default=(), description="Turns undone; nothing is deleted")
    notes: tuple[Note, ...] = ()
    model_uses: tuple[ModelUse, ...] = ()
    notices: tuple[str, ...] = Field(default=(), description="Changes of mode, in plain words")
    regradings: tuple[Regrading, ...] = ()
    status: SessionStatus = "interviewing"
    finish_reason: FinishReason | None = None

    @property
    def current_turn(self) -> Turn | None:
        """The newest turn, if any question was asked."""
        return self.turns[-1] if self.turns else None

    def facts_told(self, item_index: int) -> frozenset[str]:
        """Ids of the facts of one planned item that the candidate already heard."""
        turns = self.item_turns(item_index)
        asked = (fact for turn in turns for each in turn.clarifications for fact in each.fact_ids)
        return frozenset((*asked, *(fact for turn in turns for fact in turn.question.fact_ids)))

    def item_turns(self, item_index: int) -> tuple[Turn, ...]:
        """The turns of one planned item, in order."""
        return tuple(turn for turn in self.turns if turn.item_index == item_index)

    def turn(self, turn_id: str) -> Turn:
        """The turn of that id; KeyError if it is not part of the session as it stands."""
        for turn in self.turns:
            if turn.id == turn_id:
                return turn
        raise KeyError(turn_id)


class SessionSummary(Value):
    """A row of the list of sessions."""

    id: str
    title: str
    kind: str
    item_ids: tuple[str, ...]
    level: SeniorityLevel
    status: SessionStatus
    started_at: datetime
    updated_at: datetime
    answers: int
    overall: int | None = Field(default=None, description="Level reached, once graded")
