"""What a candidate can do in an interview: every act is an event in the store before anything else.

The engine keeps no state of its own. Whatever comes next follows from the session as stored
(`Loop.advance`), so a killed process is resumed by calling the same function again, and doing so
twice adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from uuid import uuid4

from app.domain.session import FinishReason, Hint, Plan, Session, Turn
from app.domain.text import well_formed
from app.errors import BadInput, StoreConflict, UsageError
from app.grading.grader import Grader
from app.interview.facts import is_clarifying
from app.interview.graders import Embedded, Graders
from app.interview.hints import next_hint
from app.interview.interviewer import Interviewer
from app.interview.journal import Journal
from app.interview.loop import Loop, Progress
from app.sessions.events import (
    AnswerGiven,
    ClarificationAsked,
    HintGiven,
    InterviewerChanged,
    SessionEvent,
    SessionResumed,
    SessionStarted,
    TimerPaused,
    TimerResumed,
    TurnReopened,
    TurnSkipped,
)
from app.sessions.ids import new_session_id
from app.sessions.store import SessionStore

MAX_ANSWER_CHARACTERS = 50_000


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
        self._now = clock
        self._new_id = new_id
        self._journal = Journal(store, clock)
        self.graders = Graders(self._journal, grader, embedded)
        self._loop = Loop(self._journal, interviewer, self.graders, new_id)

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
        yield from self._loop.advance(session)

    def message(self, session: Session, turn_id: str, text: str) -> Iterator[Progress]:
        """Take what the candidate wrote: a question to clarify, or the answer of that turn.

        The text is stored before anything else happens. Sending the same text again goes on where
        it stopped; another answer to a turn already answered is a StoreConflict.
        """
        text = _usable(text)
        session = self.store.load(session.id)
        turn = self._turn(session, turn_id)
        pending = [each.asked for each in turn.clarifications if each.reply is None]
        if text == turn.answer or text in pending:
            yield from self._loop.advance(session)
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
        yield from self._loop.advance(session)

    def skip(self, session: Session, turn_id: str) -> Iterator[Progress]:
        """Leave a question unanswered and go on."""
        session = self.store.load(session.id)
        if self._turn(session, turn_id).is_open and session.status != "finished":
            session = self._append(session, TurnSkipped(at=self._now(), turn_id=turn_id))
        yield from self._loop.advance(session)

    def hint(self, session: Session, turn_id: str) -> tuple[Session, Hint]:
        """The next hint of the stage in question: three, from vague to plain."""
        session = self.store.load(session.id)
        turn = self._turn(session, turn_id)
        if not turn.is_open or session.status == "finished":
            raise UsageError("Hints are for a question that is still open.")
        hint = next_hint(session, turn)
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
        yield from self._loop.advance(session)

    def stop(self, session_id: str) -> None:
        """Cut what the interviewer is saying; what was said is kept and marked interrupted."""
        self.interviewer.stop(session_id)

    def use_embedded(self, session: Session) -> Iterator[Progress]:
        """Go on without the model, as the candidate wants; the session says so from then on."""
        session = self.store.load(session.id)
        if self.embedded is not None and not self.embedded.hold(session):
            changed = InterviewerChanged(
                at=self._now(),
                interviewer=self.embedded.interviewer.name,
                grader=self.embedded.grader.name,
                notice="The language model is not used any more. The embedded interviewer asks "
                "from here on, and the embedded grader grades what has no grade yet.",
            )
            session = self._append(session, changed)
        yield from self._loop.advance(session)

    def grade_pending(self, session: Session) -> Session:
        """Try again to grade what has no grade, or criteria left unscored; waits for the result."""
        return self.graders.grade_again(self.store.load(session.id))

    def finish(
        self, session: Session, reason: FinishReason = "ended_by_candidate"
    ) -> Iterator[Progress]:
        """End here; what was answered is graded first."""
        yield from self._loop.finish(session, reason)

    def _append(self, session: Session, *events: SessionEvent) -> Session:
        return self._journal.append(session, events)

    def _changed(self, session: Session) -> list[SessionEvent]:
        """What to tell where a session is resumed with other parts than it went on with so far."""
        now = (self.interviewer.name, self.grader.name)
        if self.graders.without_model(session) or (session.interviewer, session.grader) == now:
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

    def _turn(self, session: Session, turn_id: str) -> Turn:
        try:
            return session.turn(turn_id)
        except KeyError:
            raise StoreConflict(
                "This question was withdrawn in another tab. Your text was not used: it is still "
                "in the box. Reload to see where the interview stands."
            ) from None


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
