"""The interview loop: every step is an event in the store before the next one begins.

The engine keeps no state of its own. Whatever it does next follows from the session as stored
(`advance`), so a killed process is resumed by calling the same function again, and doing so twice
adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from importlib.metadata import version
from typing import Literal, cast
from uuid import uuid4

from app.domain.session import (
    Clarification,
    FinishReason,
    FollowUpDecision,
    Hint,
    Plan,
    Question,
    Session,
    Turn,
)
from app.domain.text import well_formed
from app.errors import BadInput, ModelError, StoreConflict, UsageError
from app.grading.grader import Grader
from app.grading.score import overall_level
from app.interview.assessing import assess_item, grading_request
from app.interview.facts import is_clarifying
from app.interview.follow_up import Limits, decide_follow_up
from app.interview.interviewer import (
    CutOff,
    EndWanted,
    Interviewer,
    ModelSpent,
    Noted,
    Revealed,
    Spoken,
    Utterance,
)
from app.interview.judging import Judging, SlowGrader, is_beside, unscored
from app.sessions.events import (
    AnswerGiven,
    AnswerGraded,
    ClarificationAsked,
    ClarificationGiven,
    HintGiven,
    InterviewerChanged,
    ModelCalled,
    NoteTaken,
    QuestionAsked,
    SessionEvent,
    SessionFinished,
    SessionResumed,
    SessionStarted,
    TimerPaused,
    TimerResumed,
    TurnReopened,
    TurnSkipped,
    apply_event,
)
from app.sessions.ids import new_session_id
from app.sessions.store import SessionStore

MAX_ANSWER_CHARACTERS = 50_000


@dataclass(frozen=True)
class Progress:
    """Where a step stands. `text` grows while the interviewer speaks; `session` is as stored."""

    state: Literal["saved", "grading", "speaking", "waiting", "finished"]
    session: Session
    text: str = ""


@dataclass(frozen=True)
class Embedded:
    """The parts that need no model."""

    interviewer: Interviewer
    grader: Grader


class Engine:
    """Holds interviews. Safe to share: what it knows is in the store."""

    def __init__(
        self,
        store: SessionStore,
        interviewer: Interviewer,
        grader: Grader,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid4().hex[:12],
        *,
        embedded: Embedded | None = None,
        prompt_versions: dict[str, str] | None = None,
    ) -> None:
        """`embedded` belongs to an engine with a language model, and only to one.

        Its grader reads each answer at once, for the next question, while `grader`, a `SlowGrader`
        if it is another one, grades beside; and both of its parts stand in when the model fails
        and the candidate wants to go on.
        """
        self.store = store
        self.interviewer = interviewer
        self.grader = grader
        self.embedded = embedded
        self._prompt_versions = prompt_versions or {}
        self._judging = (
            Judging(store, cast("SlowGrader", grader), clock)
            if embedded is not None and grader is not embedded.grader
            else None
        )
        self._now = clock
        self._new_id = new_id

    # --- what a candidate does -----------------------------------------------------------------

    def start(self, plan: Plan, user: str = "") -> Iterator[Progress]:
        """Begin a session and ask the first question."""
        session = self.store.create(
            new_session_id(),
            SessionStarted(
                at=self._now(),
                app_version=version("aiops-interview"),
                user=user,
                plan=plan,
                interviewer=self.interviewer.name,
                grader=self.grader.name,
                prompt_versions=self._prompt_versions,
            ),
        )
        yield Progress("saved", session)
        yield from self.advance(session)

    def message(self, session: Session, turn_id: str, text: str) -> Iterator[Progress]:
        """Take what the candidate wrote: a question to clarify, or the answer of that turn.

        The text is stored before anything else happens. Sending the same answer again goes on where
        it stopped; another answer to a turn already answered is a StoreConflict.
        """
        text = _usable(text)
        session = self.store.load(session.id)
        turn = self._turn(session, turn_id)
        if turn.answer == text:
            yield from self.advance(session)
            return
        if not turn.is_open or session.status == "finished":
            raise StoreConflict(
                "This question was already answered, here or in another tab. Your text was not "
                "used: it is still in the box. Reload to see where the interview stands."
            )
        event: SessionEvent
        if is_clarifying(text):
            event = ClarificationAsked(
                at=self._now(), turn_id=turn_id, clarification_id=self._new_id(), text=text
            )
        else:
            event = AnswerGiven(at=self._now(), turn_id=turn_id, text=text)
        session = self._append(session, event)
        yield Progress("saved", session)
        yield from self.advance(session)

    def skip(self, session: Session, turn_id: str) -> Iterator[Progress]:
        """Leave a question unanswered and go on."""
        session = self.store.load(session.id)
        if self._turn(session, turn_id).is_open:
            session = self._append(session, TurnSkipped(at=self._now(), turn_id=turn_id))
        yield from self.advance(session)

    def hint(self, session: Session, turn_id: str) -> tuple[Session, Hint]:
        """The next hint of the stage in question: three, from vague to plain."""
        session = self.store.load(session.id)
        turn = self._turn(session, turn_id)
        if not turn.is_open:
            raise UsageError("Hints are for a question that is still open.")
        planned = session.plan.items[turn.item_index]
        dimension = turn.question.dimension or self._first_open_dimension(session, turn)
        ladder = planned.item.hints.get(dimension, ())
        given = sum(
            hint.dimension == dimension
            for each in session.item_turns(turn.item_index)
            for hint in each.hints
        )
        if given >= len(ladder):
            raise UsageError(
                "There are no more hints for this question."
                if ladder
                else "This question has no hints."
            )
        hint = Hint(dimension=dimension, step=given + 1, text=ladder[given])
        return self._append(session, HintGiven(at=self._now(), turn_id=turn_id, hint=hint)), hint

    def reopen(self, session: Session, turn_id: str) -> Session:
        """Undo: the turn's answer becomes an earlier one and later turns are withdrawn."""
        session = self.store.load(session.id)
        turn = self._turn(session, turn_id)
        if turn.is_open:
            raise UsageError("That question has no answer yet, so there is nothing to undo.")
        return self._append(session, TurnReopened(at=self._now(), turn_id=turn_id))

    def pause(self, session: Session) -> Session:
        """Stop the clock."""
        session = self.store.load(session.id)
        if session.paused or session.status == "finished":
            return session
        return self._append(session, TimerPaused(at=self._now()))

    def unpause(self, session: Session) -> Session:
        """Let the clock run on."""
        session = self.store.load(session.id)
        return self._append(session, TimerResumed(at=self._now())) if session.paused else session

    def resume(self, session_id: str, user: str | None = None) -> Iterator[Progress]:
        """Come back to a session; whatever was cut off is done now."""
        session = self.store.load(session_id, user=user)
        if session.status == "interviewing":
            session = self._append(session, SessionResumed(at=self._now()), *self._changed(session))
        yield from self.advance(session)

    def stop(self, session_id: str) -> None:
        """Cut what the interviewer is saying; what was said is kept and marked interrupted."""
        self.interviewer.stop(session_id)

    def use_embedded(self, session: Session) -> Iterator[Progress]:
        """Go on without the model, as the candidate wants; the session says so from then on."""
        session = self.store.load(session.id)
        if self.embedded is not None and not self._is_embedded(session):
            changed = InterviewerChanged(
                at=self._now(),
                interviewer=self.embedded.interviewer.name,
                grader=self.embedded.grader.name,
                notice="The language model is not used any more. The embedded interviewer asks "
                "from here on, and the embedded grader grades what has no grade yet.",
            )
            session = self._append(session, changed)
        yield from self.advance(session)

    def grade_pending(self, session: Session) -> Session:
        """Try again to grade what has no grade, or criteria left unscored; waits for the result."""
        session = self.store.load(session.id)
        if self._judging is not None and not self._is_embedded(session):
            self._judging.start_again(session)
            self._judging.wait(session.id)
            return self.store.load(session.id)
        return self._grade_all(session)

    def finish(
        self, session: Session, reason: FinishReason = "ended_by_candidate"
    ) -> Iterator[Progress]:
        """End here; what was answered is graded first."""
        session = self.store.load(session.id)
        if session.status != "finished":
            session = self._grade_if_due(session)
            if self._judging is not None and not self._is_embedded(session):
                yield Progress("grading", session)
                self._judging.start(session)
                self._judging.wait(session.id)
                session = self.store.load(session.id)
            items = [i for i in range(len(session.plan.items)) if session.item_turns(i)]
            level = overall_level([assess_item(session, i, use_readings=False) for i in items])
            finished = SessionFinished(at=self._now(), reason=reason)
            session = self._append(session, finished, overall=level)
        yield Progress("finished", session)

    # --- what follows from the stored state ----------------------------------------------------

    def advance(self, session: Session) -> Iterator[Progress]:
        """Do what the session still owes the candidate, then wait."""
        if session.status == "finished":
            yield Progress("finished", session)
            return
        turn = session.current_turn
        if turn is None:
            yield from self._open_item(session, 0)
            return
        pending = next((each for each in turn.clarifications if each.reply is None), None)
        if pending is not None:
            yield from self._clarify(session, turn, pending)
            return
        if turn.is_open:
            self._grade_beside(session)
            yield Progress("waiting", session)
            return
        if turn.answer is not None and turn.grading is None:
            yield Progress("grading", session)
            session = self._grade_if_due(session)
        yield from self._go_on(session)

    def _go_on(self, session: Session) -> Iterator[Progress]:
        turn = session.turns[-1]
        decision = self._decide(session, turn)
        if decision.action == "finish":
            out_of_time = self._seconds_left(session) <= 0
            reason: FinishReason = "out_of_time" if out_of_time else "completed"
            yield from self.finish(session, reason)
        elif decision.action == "next_question":
            yield from self._open_item(session, turn.item_index + 1, decision.reason)
        else:
            yield from self._ask(session, turn.item_index, decision)

    def _decide(self, session: Session, turn: Turn) -> FollowUpDecision:
        planned = session.plan.items[turn.item_index]
        turns = session.item_turns(turn.item_index)
        return decide_follow_up(
            planned.item,
            planned.rubric,
            assess_item(session, turn.item_index),
            turns,
            Limits(
                level=session.plan.level,
                answers_left=planned.max_answers - len(turns),
                seconds_left=self._seconds_left(session),
                last_item=turn.item_index + 1 == len(session.plan.items),
            ),
        )

    def _grade_if_due(self, session: Session) -> Session:
        """Grade what is due; with a model, only read it: the grade itself comes later."""
        if self.embedded is None or self._judging is None or self._is_embedded(session):
            return self._grade_all(session)
        turn = session.current_turn
        if turn is None or turn.answer is None or turn.grading or turn.reading:
            return session
        reading = self.embedded.grader.grade(grading_request(session, turn))
        return self._append(
            session,
            AnswerGraded(at=self._now(), turn_id=turn.id, grading=reading, provisional=True),
        )

    def _grade_all(self, session: Session) -> Session:
        """Grade every answer that has no grade, or was left unscored by another grader."""
        grader = self.embedded.grader if self.embedded is not None else self.grader
        for turn in session.turns:
            old = turn.grading
            due = old is None or (old.grader != grader.name and unscored(old))
            if turn.answer is not None and due:
                grading = grader.grade(grading_request(session, turn))
                graded = AnswerGraded(at=self._now(), turn_id=turn.id, grading=grading)
                session = self._append(session, graded)
        return session

    def _grade_beside(self, session: Session) -> None:
        # Once the question stands: a local server has one place only, and the candidate is first.
        if self._judging is not None and not self._is_embedded(session):
            self._judging.start(session)

    def _open_item(self, session: Session, index: int, reason: str = "") -> Iterator[Progress]:
        planned = session.plan.items[index]
        spoken = self._speaker(session).open_item(session, planned)
        decision = FollowUpDecision(
            action="next_question",
            kind="opening",
            reason=reason or "The interview begins.",
            text=planned.item.opening,
        )
        yield from self._say(session, index, decision, spoken)

    def _ask(self, session: Session, index: int, decision: FollowUpDecision) -> Iterator[Progress]:
        spoken = self._speaker(session).ask(session, decision)
        yield from self._say(session, index, decision, spoken)

    def _say(
        self,
        session: Session,
        index: int,
        decision: FollowUpDecision,
        utterances: Iterator[Utterance],
    ) -> Iterator[Progress]:
        """Speak a question as it streams, then store it with everything that came along."""
        heard = _Heard()
        try:
            for utterance in utterances:
                if heard.take(utterance):
                    yield Progress("speaking", session, heard.text)
        except (GeneratorExit, KeyboardInterrupt):
            # Whoever listened is gone: the page was closed, or the terminal interrupted.
            if heard.text:
                heard.interrupted = True
                self._keep_question(session, index, decision, heard)
            raise
        except ModelError:
            self._append(session, *self._side_events(heard))
            raise
        session = self._keep_question(session, index, decision, heard)
        self._grade_beside(session)
        if heard.end_wanted:
            yield from self.finish(session, "ended_by_interviewer")
        else:
            yield Progress("waiting", session, session.turns[-1].question.text)

    def _keep_question(
        self, session: Session, index: int, decision: FollowUpDecision, heard: _Heard
    ) -> Session:
        question = Question(
            kind=decision.kind,
            text=heard.text.strip() or decision.text,
            dimension=decision.dimension,
            follow_up_id=decision.follow_up_id,
            misconception_id=decision.misconception_id,
            reason=decision.reason,
            fact_ids=heard.fact_ids,
            interrupted=heard.interrupted,
        )
        asked = QuestionAsked(
            at=self._now(), turn_id=self._new_id(), item_index=index, question=question
        )
        return self._append(session, *self._side_events(heard), asked)

    def _clarify(
        self, session: Session, turn: Turn, clarification: Clarification
    ) -> Iterator[Progress]:
        heard = _Heard()
        try:
            for utterance in self._speaker(session).clarify(session, clarification):
                if heard.take(utterance):
                    yield Progress("speaking", session, heard.text)
        except (GeneratorExit, KeyboardInterrupt):
            if heard.text:
                self._keep_reply(session, turn, clarification, heard)
            raise
        except ModelError:
            self._append(session, *self._side_events(heard))
            raise
        session = self._keep_reply(session, turn, clarification, heard)
        if heard.end_wanted:
            yield from self.finish(session, "ended_by_interviewer")
        else:
            yield Progress("waiting", session, heard.text)

    def _keep_reply(
        self, session: Session, turn: Turn, clarification: Clarification, heard: _Heard
    ) -> Session:
        given = ClarificationGiven(
            at=self._now(),
            turn_id=turn.id,
            clarification_id=clarification.id,
            reply=heard.text.strip() or "(no reply)",
            fact_ids=heard.fact_ids,
            matters=heard.matters,
        )
        return self._append(session, *self._side_events(heard), given)

    # --- small things --------------------------------------------------------------------------

    def _side_events(self, heard: _Heard) -> list[SessionEvent]:
        calls = [
            ModelCalled(at=self._now(), use=spent.use, prompt=spent.prompt, reply=spent.reply)
            for spent in heard.model_calls
        ]
        notes = [NoteTaken(at=self._now(), note=noted.note) for noted in heard.notes]
        return [*calls, *notes]

    def _append(
        self, session: Session, *events: SessionEvent, overall: int | None = None
    ) -> Session:
        """Append; a grade that arrived from beside in the meantime is no conflict."""
        while True:
            try:
                return self.store.append(session, events, overall=overall)
            except StoreConflict:
                since = self.store.events(session.id)[session.revision :]
                if not since or not all(is_beside(event) for event in since):
                    raise
                mine, theirs = _graded(events), _graded(since)
                if mine & theirs:  # another process graded the same answer: one grade is enough
                    raise
                session = reduce(apply_event, since, session)

    def _is_embedded(self, session: Session) -> bool:
        """Whether a session of an engine with a model goes without it."""
        return (
            self.embedded is not None
            and session.interviewer == self.embedded.interviewer.name
            and session.grader == self.embedded.grader.name
        )

    def _speaker(self, session: Session) -> Interviewer:
        if self.embedded is not None and self._is_embedded(session):
            return self.embedded.interviewer
        return self.interviewer

    def _changed(self, session: Session) -> list[SessionEvent]:
        """What to tell where a session is resumed with other parts than it went on with so far."""
        now = (self.interviewer.name, self.grader.name)
        if self._is_embedded(session) or (session.interviewer, session.grader) == now:
            return []
        return [
            InterviewerChanged(
                at=self._now(),
                interviewer=self.interviewer.name,
                grader=self.grader.name,
                notice=f"So far the interviewer was {session.interviewer} and the grader "
                f"{session.grader}. From here on they are {now[0]} and {now[1]}.",
            )
        ]

    def _seconds_left(self, session: Session) -> float:
        return session.plan.minutes * 60 - session.active_seconds

    def _turn(self, session: Session, turn_id: str) -> Turn:
        try:
            return session.turn(turn_id)
        except KeyError:
            raise StoreConflict(
                "This question was withdrawn in another tab. Your text was not used: it is still "
                "in the box. Reload to see where the interview stands."
            ) from None

    def _first_open_dimension(self, session: Session, turn: Turn) -> str:
        assessment = assess_item(session, turn.item_index)
        for part in assessment.dimensions:
            if any(verdict.is_open for verdict in part.verdicts):
                return part.dimension
        return assessment.dimensions[0].dimension


class _Heard:
    """What an interviewer said and did in one go."""

    def __init__(self) -> None:
        self.text = ""
        self.fact_ids: tuple[str, ...] = ()
        self.matters = False
        self.notes: list[Noted] = []
        self.model_calls: list[ModelSpent] = []
        self.end_wanted = False
        self.interrupted = False

    def take(self, utterance: Utterance) -> bool:
        """Keep it; True if there is new text to show."""
        match utterance:
            case Spoken(text):
                self.text += text
                return True
            case Revealed(fact_ids, matters):
                self.fact_ids += fact_ids
                self.matters = self.matters or matters
            case Noted():
                self.notes.append(utterance)
            case ModelSpent():
                self.model_calls.append(utterance)
            case EndWanted():
                self.end_wanted = True
            case CutOff():
                self.interrupted = True
        return False


def _graded(events: Iterable[SessionEvent]) -> set[str]:
    return {event.turn_id for event in events if isinstance(event, AnswerGraded)}


def _usable(text: str) -> str:
    if not text.strip():
        raise BadInput("There is no text in that answer. Write one, or use Skip.")
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise BadInput(
            f"That answer has {len(text):,} characters; {MAX_ANSWER_CHARACTERS:,} is the most. "
            "Shorten it: an interviewer would have stopped you long before."
        )
    if "\x00" in text:
        raise BadInput("That answer holds binary data, not text. Paste plain text.")
    return well_formed(text)


def last(steps: Iterator[Progress]) -> Progress:
    """Run a step to its end and give back where it stands."""
    *_, progress = steps
    return progress
