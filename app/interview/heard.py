"""What an interviewer said and did in one go, and the events that it becomes."""

from __future__ import annotations

from datetime import datetime

from app.domain.session import FollowUpDecision, Question
from app.interview.interviewer import (
    CutOff,
    EndWanted,
    ModelSpent,
    Noted,
    Revealed,
    Spoken,
    Utterance,
)
from app.sessions.events import (
    ClarificationGiven,
    ModelCalled,
    NoteTaken,
    QuestionAsked,
    SessionEvent,
)


class Heard:
    """Gathers the utterances of one question or one reply."""

    def __init__(self) -> None:
        self.text = ""
        self.interrupted = False
        self.end_wanted = False
        self._fact_ids: tuple[str, ...] = ()
        self._matters = False
        self._notes: list[Noted] = []
        self._model_calls: list[ModelSpent] = []

    def take(self, utterance: Utterance) -> bool:
        """Keep it; True if there is new text to show."""
        match utterance:
            case Spoken(text):
                self.text += text
                return True
            case Revealed(fact_ids, matters):
                self._fact_ids += fact_ids
                self._matters = self._matters or matters
            case Noted():
                self._notes.append(utterance)
            case ModelSpent():
                self._model_calls.append(utterance)
            case EndWanted():
                self.end_wanted = True
            case CutOff():
                self.interrupted = True
        return False

    def side_events(self, at: datetime) -> list[SessionEvent]:
        """The model calls it took and the notes that were made: true whatever was said."""
        calls = [
            ModelCalled(at=at, use=spent.use, prompt=spent.prompt, reply=spent.reply)
            for spent in self._model_calls
        ]
        return [*calls, *(NoteTaken(at=at, note=noted.note) for noted in self._notes)]

    def as_question(
        self, at: datetime, turn_id: str, item_index: int, decision: FollowUpDecision
    ) -> QuestionAsked:
        """It was the question of a new turn; in the author's words if nothing came."""
        question = Question(
            kind=decision.kind,
            text=self.text.strip() or decision.text,
            dimension=decision.dimension,
            follow_up_id=decision.follow_up_id,
            misconception_id=decision.misconception_id,
            reason=decision.reason,
            fact_ids=self._fact_ids,
            interrupted=self.interrupted,
        )
        return QuestionAsked(at=at, turn_id=turn_id, item_index=item_index, question=question)

    def as_reply(self, at: datetime, turn_id: str, clarification_id: str) -> ClarificationGiven:
        """It was the reply to a question of the candidate."""
        return ClarificationGiven(
            at=at,
            turn_id=turn_id,
            clarification_id=clarification_id,
            reply=self.text.strip() or "(no reply)",
            fact_ids=self._fact_ids,
            matters=self._matters,
        )
