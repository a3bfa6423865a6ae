"""What every interviewer can do. The policy decides what comes next; an interviewer says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from app.domain.session import Clarification, FollowUpDecision, ModelUse, Note, PlannedItem, Session


@dataclass(frozen=True)
class Spoken:
    """A piece of what the interviewer says, as it comes."""

    text: str


@dataclass(frozen=True)
class Revealed:
    """Facts of the scenario that were given away, and whether they change the design."""

    fact_ids: tuple[str, ...]
    matters: bool


@dataclass(frozen=True)
class Noted:
    """An observation for the end of the interview."""

    note: Note


@dataclass(frozen=True)
class ModelSpent:
    """One call of a language model, whole."""

    use: ModelUse
    prompt: str
    reply: str


@dataclass(frozen=True)
class EndWanted:
    """The interviewer wants to end here."""

    reason: str


@dataclass(frozen=True)
class CutOff:
    """The stream broke or was stopped; what was spoken so far stands."""

    reason: str


Utterance = Spoken | Revealed | Noted | ModelSpent | EndWanted | CutOff


class Interviewer(Protocol):
    """Says what the policy decided. It never sees rubric, exemplars or verdicts."""

    @property
    def name(self) -> str:
        """Name and version, as stored with the session."""

    def stop(self, session_id: str) -> None:
        """Cut what is being said in that session, from another thread; what was said stands."""

    def open_item(self, session: Session, planned: PlannedItem) -> Iterator[Utterance]:
        """The opening question of an item."""

    def clarify(self, session: Session, clarification: Clarification) -> Iterator[Utterance]:
        """The reply to a question of the candidate."""

    def ask(self, session: Session, decision: FollowUpDecision) -> Iterator[Utterance]:
        """The decided question in the interviewer's words."""
