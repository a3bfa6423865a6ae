"""What follows from a session as stored: which step it owes the candidate, and doing that step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Literal

from app.domain.session import Clarification, FinishReason, FollowUpDecision, Session, Turn
from app.errors import ModelError
from app.interview.assessing import assess_item
from app.interview.follow_up import Limits, decide_follow_up
from app.interview.graders import Graders
from app.interview.heard import Heard
from app.interview.interviewer import Interviewer, Utterance
from app.interview.journal import Journal
from app.sessions.events import SessionEvent, SessionFinished


@dataclass(frozen=True)
class Progress:
    """Where a step stands. `text` grows while the interviewer speaks; `session` is as stored."""

    state: Literal["saved", "grading", "speaking", "waiting", "finished"]
    session: Session
    text: str = ""


class Loop:
    """Grades, decides, asks and waits. All it goes by is the session that it is given."""

    def __init__(
        self,
        journal: Journal,
        interviewer: Interviewer,
        graders: Graders,
        new_id: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._interviewer = interviewer
        self._graders = graders
        self._new_id = new_id

    def advance(self, session: Session) -> Iterator[Progress]:
        """Do what the session still owes the candidate, then wait."""
        if session.status == "finished":
            yield Progress("finished", session)
            return
        turn = session.current_turn
        if turn is None:
            yield from self._open_item(session, 0)
            return
        if turn.is_open:  # a question whose reply failed is overtaken by the answer
            pending = next((each for each in turn.clarifications if each.reply is None), None)
            if pending is not None:
                yield from self._clarify(session, turn, pending)
                return
            self._graders.begin(session)
            yield Progress("waiting", session)
            return
        if turn.answer is not None and turn.grading is None:
            yield Progress("grading", session)
            session = self._graders.grade_or_read(session)
        yield from self._go_on(session)

    def finish(
        self, session: Session, reason: FinishReason = "ended_by_candidate"
    ) -> Iterator[Progress]:
        """End here; what was answered is graded first."""
        session = self._journal.store.load(session.id)
        if session.status != "finished":
            session = self._graders.grade_or_read(session)
            if self._graders.judge_of(session) is not None:
                yield Progress("grading", session)
                session = self._graders.wait(session)
            finished = SessionFinished(at=self._journal.now(), reason=reason)
            session = self._journal.append(session, [finished])
        yield Progress("finished", session)

    def _go_on(self, session: Session) -> Iterator[Progress]:
        turn = session.turns[-1]
        decision = self._decide(session, turn)
        if decision.action == "finish":
            out_of_time = _seconds_left(session) <= 0
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
                seconds_left=_seconds_left(session),
                last_item=turn.item_index + 1 == len(session.plan.items),
            ),
        )

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
        def asked(heard: Heard) -> SessionEvent:
            return heard.as_question(self._journal.now(), self._new_id(), index, decision)

        session, heard = yield from self._listen(session, utterances, asked)
        self._graders.begin(session)
        if heard.end_wanted:
            yield from self.finish(session, "ended_by_interviewer")
        else:
            yield Progress("waiting", session, session.turns[-1].question.text)

    def _clarify(
        self, session: Session, turn: Turn, clarification: Clarification
    ) -> Iterator[Progress]:
        def replied(heard: Heard) -> SessionEvent:
            return heard.as_reply(self._journal.now(), turn.id, clarification.id)

        utterances = self._speaker(session).clarify(session, clarification)
        session, heard = yield from self._listen(session, utterances, replied)
        if heard.end_wanted:
            yield from self.finish(session, "ended_by_interviewer")
        elif any(each.reply is None for each in session.turns[-1].clarifications):
            yield from self.advance(session)
        else:
            yield Progress("waiting", session, heard.text)

    def _listen(
        self,
        session: Session,
        utterances: Iterator[Utterance],
        as_event: Callable[[Heard], SessionEvent],
    ) -> Generator[Progress, None, tuple[Session, Heard]]:
        """Show what is said as it streams, then store it with everything that came along."""
        heard = Heard()
        try:
            for utterance in utterances:
                if heard.take(utterance):
                    yield Progress("speaking", session, heard.text)
        except (GeneratorExit, KeyboardInterrupt):
            # Whoever listened is gone: the page was closed, or the terminal interrupted.
            if heard.text:
                heard.interrupted = True
                self._keep(session, heard, as_event)
            raise
        except ModelError:
            self._journal.append(session, heard.side_events(self._journal.now()))
            raise
        return self._keep(session, heard, as_event), heard

    def _keep(
        self, session: Session, heard: Heard, as_event: Callable[[Heard], SessionEvent]
    ) -> Session:
        events = [*heard.side_events(self._journal.now()), as_event(heard)]
        return self._journal.append(session, events)

    def _speaker(self, session: Session) -> Interviewer:
        embedded = self._graders.without_model(session)
        return embedded.interviewer if embedded else self._interviewer


def _seconds_left(session: Session) -> float:
    return session.plan.minutes * 60 - session.active_seconds
