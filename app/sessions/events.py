"""The events of a session and the one function that folds them into its state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from app.domain.assessment import Grading
from app.domain.content import Rubric, Value
from app.domain.session import (
    Clarification,
    FinishReason,
    Hint,
    ModelUse,
    Note,
    Plan,
    Question,
    Regrading,
    Session,
    Turn,
)

SCHEMA_VERSION = 1


class SessionStarted(Value):
    """Pins everything the session depends on, so that it can be graded again later."""

    kind: Literal["session_started"] = "session_started"
    at: datetime
    schema_version: int = SCHEMA_VERSION
    app_version: str
    user: str = ""
    plan: Plan
    interviewer: str
    grader: str
    prompt_versions: dict[str, str] = {}


class SessionResumed(Value):
    """The candidate came back; the time in between does not count."""

    kind: Literal["session_resumed"] = "session_resumed"
    at: datetime


class QuestionAsked(Value):
    kind: Literal["question_asked"] = "question_asked"
    at: datetime
    turn_id: str
    item_index: int
    question: Question


class ClarificationAsked(Value):
    kind: Literal["clarification_asked"] = "clarification_asked"
    at: datetime
    turn_id: str
    clarification_id: str
    text: str


class ClarificationGiven(Value):
    kind: Literal["clarification_given"] = "clarification_given"
    at: datetime
    turn_id: str
    clarification_id: str
    reply: str
    fact_ids: tuple[str, ...] = ()
    matters: bool = False


class HintGiven(Value):
    kind: Literal["hint_given"] = "hint_given"
    at: datetime
    turn_id: str
    hint: Hint


class AnswerGiven(Value):
    """Written before any grading or model call."""

    kind: Literal["answer_given"] = "answer_given"
    at: datetime
    turn_id: str
    text: str


class AnswerGraded(Value):
    """A grading of one answer; a provisional one serves the follow-up decision only."""

    kind: Literal["answer_graded"] = "answer_graded"
    at: datetime
    turn_id: str
    grading: Grading
    provisional: bool = False


class TurnSkipped(Value):
    kind: Literal["turn_skipped"] = "turn_skipped"
    at: datetime
    turn_id: str


class TurnReopened(Value):
    """Undo: the answer becomes an earlier one, later turns are withdrawn; nothing is deleted."""

    kind: Literal["turn_reopened"] = "turn_reopened"
    at: datetime
    turn_id: str


class TimerPaused(Value):
    kind: Literal["timer_paused"] = "timer_paused"
    at: datetime


class TimerResumed(Value):
    kind: Literal["timer_resumed"] = "timer_resumed"
    at: datetime


class NoteTaken(Value):
    kind: Literal["note_taken"] = "note_taken"
    at: datetime
    note: Note


class ModelCalled(Value):
    """One call of the language model, whole: what was sent, what came back, what it cost."""

    kind: Literal["model_called"] = "model_called"
    at: datetime
    use: ModelUse
    prompt: str
    reply: str


class InterviewerChanged(Value):
    """The interviewer was exchanged in mid-session, with the candidate's consent."""

    kind: Literal["interviewer_changed"] = "interviewer_changed"
    at: datetime
    interviewer: str
    grader: str
    notice: str


class SessionFinished(Value):
    kind: Literal["session_finished"] = "session_finished"
    at: datetime
    reason: FinishReason


class SessionRegraded(Value):
    """A later grading of all answers; the first stays."""

    kind: Literal["session_regraded"] = "session_regraded"
    at: datetime
    grader: str
    rubrics: tuple[Rubric, ...]
    gradings: dict[str, Grading]


SessionEvent = Annotated[
    SessionStarted
    | SessionResumed
    | QuestionAsked
    | ClarificationAsked
    | ClarificationGiven
    | HintGiven
    | AnswerGiven
    | AnswerGraded
    | TurnSkipped
    | TurnReopened
    | TimerPaused
    | TimerResumed
    | NoteTaken
    | ModelCalled
    | InterviewerChanged
    | SessionFinished
    | SessionRegraded,
    Field(discriminator="kind"),
]

event_adapter: TypeAdapter[SessionEvent] = TypeAdapter(SessionEvent)


def start_session(session_id: str, event: SessionStarted) -> Session:
    """The state after the first event."""
    return Session(
        id=session_id,
        revision=1,
        schema_version=event.schema_version,
        app_version=event.app_version,
        user=event.user,
        plan=event.plan,
        interviewer=event.interviewer,
        grader=event.grader,
        prompt_versions=event.prompt_versions,
        started_at=event.at,
        updated_at=event.at,
    )


def fold(session_id: str, events: Iterable[SessionEvent]) -> Session:
    """The state after all events, in order. ValueError if the first is not `SessionStarted`."""
    session: Session | None = None
    for event in events:
        if session is None:
            if not isinstance(event, SessionStarted):
                raise ValueError(f"session {session_id} begins with {event.kind}")
            session = start_session(session_id, event)
        else:
            session = apply_event(session, event)
    if session is None:
        raise ValueError(f"session {session_id} has no events")
    return session


def apply_event(session: Session, event: SessionEvent) -> Session:
    """The state after one more event. Live play and replay both go through here."""
    # A clock that went backwards adds nothing; time away from the page adds nothing.
    away = session.paused or session.status == "finished" or isinstance(event, SessionResumed)
    passed = 0.0 if away else max(0.0, (event.at - session.updated_at).total_seconds())
    session = session.model_copy(
        update={
            "revision": session.revision + 1,
            "updated_at": event.at,
            "active_seconds": session.active_seconds + passed,
        }
    )
    match event:
        case QuestionAsked():
            turn = Turn(
                id=event.turn_id,
                item_index=event.item_index,
                question=event.question,
                asked_at=event.at,
            )
            return session.model_copy(update={"turns": (*session.turns, turn)})
        case ClarificationAsked():
            asked = Clarification(id=event.clarification_id, asked=event.text)
            turn = session.turn(event.turn_id)
            return _with_turn(session, turn, clarifications=(*turn.clarifications, asked))
        case ClarificationGiven():
            turn = session.turn(event.turn_id)
            answered = {
                "reply": event.reply,
                "fact_ids": event.fact_ids,
                "matters": event.matters,
            }
            return _with_turn(
                session,
                turn,
                clarifications=tuple(
                    each.model_copy(update=answered) if each.id == event.clarification_id else each
                    for each in turn.clarifications
                ),
            )
        case HintGiven():
            turn = session.turn(event.turn_id)
            return _with_turn(session, turn, hints=(*turn.hints, event.hint))
        case AnswerGiven():
            turn = session.turn(event.turn_id)
            return _with_turn(session, turn, answer=event.text, answered_at=event.at)
        case AnswerGraded():
            turn = session.turn(event.turn_id)
            place = "reading" if event.provisional else "grading"
            return _with_turn(session, turn, **{place: event.grading})
        case TurnSkipped():
            return _with_turn(session, session.turn(event.turn_id), skipped=True)
        case TurnReopened():
            return _reopened(session, event.turn_id)
        case TimerPaused():
            return session.model_copy(update={"paused": True})
        case TimerResumed():
            return session.model_copy(update={"paused": False})
        case NoteTaken():
            return session.model_copy(update={"notes": (*session.notes, event.note)})
        case ModelCalled():
            return session.model_copy(update={"model_uses": (*session.model_uses, event.use)})
        case InterviewerChanged():
            return session.model_copy(
                update={
                    "interviewer": event.interviewer,
                    "grader": event.grader,
                    "notices": (*session.notices, event.notice),
                }
            )
        case SessionFinished():
            return session.model_copy(
                update={"status": "finished", "finish_reason": event.reason, "paused": False}
            )
        case SessionRegraded():
            regrading = Regrading(
                at=event.at, grader=event.grader, rubrics=event.rubrics, gradings=event.gradings
            )
            return session.model_copy(update={"regradings": (*session.regradings, regrading)})
        case SessionResumed():
            return session
        case SessionStarted():
            raise ValueError(f"session {session.id} is started twice")


def _with_turn(session: Session, turn: Turn, **changes: object) -> Session:
    changed = turn.model_copy(update=changes)
    return session.model_copy(
        update={"turns": tuple(changed if each.id == turn.id else each for each in session.turns)}
    )


def _reopened(session: Session, turn_id: str) -> Session:
    turn = session.turn(turn_id)
    position = session.turns.index(turn)
    earlier = (*turn.earlier_answers, turn.answer) if turn.answer else turn.earlier_answers
    reopened = turn.model_copy(
        update={
            "answer": None,
            "answered_at": None,
            "earlier_answers": earlier,
            "reading": None,
            "grading": None,
            "skipped": False,
        }
    )
    return session.model_copy(
        update={
            "turns": (*session.turns[:position], reopened),
            "withdrawn": (*session.withdrawn, *session.turns[position + 1 :]),
            "status": "interviewing",
            "finish_reason": None,
        }
    )
