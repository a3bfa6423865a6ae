"""Whatever a candidate does, in whatever order, and wherever it crashes: the session holds."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.session import Session, Turn
from app.domain.text import well_formed
from app.errors import StoreConflict, UsageError
from app.feedback.report import make_report
from app.feedback.transcript import session_markdown, steps
from app.interview.engine import Engine, last
from app.interview.loop import Progress
from app.sessions.events import AnswerGiven, ClarificationAsked, SessionEvent, fold
from app.sessions.store import SessionStore
from tests.reliability.conftest import Proof
from tests.reliability.hostile import texts
from tests.reliability.players import PlainInterviewer, QuickGrader, faults, plan

QUESTION = "How many alerts are there a day?"


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


class MortalStore(SessionStore):
    """A store whose process dies at a chosen write, before it or right after it."""

    writes_left: int | None = None
    after_commit = False

    def append(
        self, session: Session, new_events: Sequence[SessionEvent], *, overall: int | None = None
    ) -> Session:
        """As the store's, or the end."""
        if self.writes_left is not None:
            if self.writes_left <= 0:
                raise Killed
            self.writes_left -= 1
            if self.writes_left == 0 and self.after_commit:
                super().append(session, new_events, overall=overall)
                raise Killed
        return super().append(session, new_events, overall=overall)


class Interview(RuleBasedStateMachine):
    """One session from start to finish, and what the candidate was told is saved."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="interview-"))
        self.saved: set[tuple[str, str]] = set()
        self.at_rest = False
        self._open()

    def _open(self) -> None:
        self.store = MortalStore(f"sqlite:///{self.folder / 'sessions.db'}")
        self.engine = Engine(self.store, PlainInterviewer(), QuickGrader())

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    # --- what the machine can see --------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.store.load(self.session_id)

    @property
    def turn(self) -> Turn:
        turn = self.session.current_turn
        assert turn is not None
        return turn

    def is_open(self) -> bool:
        session = self.session
        turn = session.current_turn
        return session.status == "interviewing" and turn is not None and turn.is_open

    # --- what a candidate does -----------------------------------------------------------------

    @initialize(answers=st.integers(1, 4))
    def start(self, answers: int) -> None:
        session = last(self.engine.start(plan(max_answers=answers))).session
        self.session_id = session.id
        self.at_rest = True

    def _play(self, progress: Iterator[Progress]) -> None:
        """To the end; what is shown last is what is stored."""
        shown = last(progress).session
        assert shown == self.session, "what the page shows is not what is stored"
        self.at_rest = True

    def _sent(self, text: str) -> Iterator[Progress]:
        turn = self.turn
        for progress in self.engine.message(self.session, turn.id, text):
            if progress.state == "saved":
                self.saved.add((turn.id, well_formed(text)))
            yield progress

    @precondition(is_open)
    @rule(text=texts)
    def answer(self, text: str) -> None:
        self._play(self._sent(text))

    @precondition(is_open)
    @rule()
    def clarify(self) -> None:
        self._play(self._sent(QUESTION))
        assert self.turn.is_open, "a question of the candidate is no answer"

    @precondition(is_open)
    @rule()
    def hint(self) -> None:
        with suppress(UsageError):  # three are all there are
            self.engine.hint(self.session, self.turn.id)

    @precondition(is_open)
    @rule()
    def skip(self) -> None:
        self._play(self.engine.skip(self.session, self.turn.id))

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        done = [turn for turn in self.session.turns if not turn.is_open]
        if done:
            turn = data.draw(st.sampled_from(done))
            reopened = self.engine.reopen(self.session, turn.id).turn(turn.id)
            assert reopened.is_open
            if turn.answer is not None:
                assert reopened.earlier_answers[-1] == turn.answer

    @rule()
    def pause_or_go_on(self) -> None:
        session = self.session
        session = self.engine.unpause(session) if session.paused else self.engine.pause(session)
        assert session == self.session

    @rule()
    def resume(self) -> None:
        self._play(self.engine.resume(self.session_id))

    @rule()
    def finish(self) -> None:
        self._play(self.engine.finish(self.session))

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """What was saved is sent again, as a page does that saw no acknowledgement."""
        turn_id, text = data.draw(st.sampled_from(sorted(self.saved)))
        before = self.session
        if text == QUESTION or before.status == "finished":
            return
        try:
            turn = before.turn(turn_id)
        except KeyError:  # withdrawn
            return
        if turn.answer == text:
            self._play(self.engine.message(before, turn_id, text))
            assert self.session.turn(turn_id) == turn.model_copy(
                update={"grading": self.session.turn(turn_id).grading}
            )
        elif not turn.is_open:
            try:
                last(self.engine.message(before, turn_id, text))
            except StoreConflict:
                assert self.session == before
            else:
                raise AssertionError("another answer replaced the one that was there")

    # --- what goes wrong -----------------------------------------------------------------------

    @rule(
        text=texts,
        wanted=st.sampled_from(["answer", "skip", "finish", "resume"]),
        at=st.integers(0, 6),
    )
    def listener_goes_away(self, text: str, wanted: str, at: int) -> None:
        """The page is closed in mid-step."""
        progress = self._begun(wanted, text)
        for _, _ in zip(range(at), progress, strict=False):
            pass
        progress.close()
        self.at_rest = False

    @rule(
        text=texts,
        wanted=st.sampled_from(["answer", "skip", "finish", "resume"]),
        at=st.integers(0, 4),
        after_commit=st.booleans(),
    )
    def process_is_killed(self, text: str, wanted: str, at: int, after_commit: bool) -> None:
        """It dies at its first, second, … write; a new process opens the store."""
        self.store.writes_left, self.store.after_commit = at, after_commit
        progress = self._begun(wanted, text)
        with suppress(Killed):
            for _ in progress:
                pass
        self.store.close()
        self._open()
        self.at_rest = False

    def _begun(self, wanted: str, text: str) -> Iterator[Progress]:
        if wanted in ("answer", "skip") and not self.is_open():
            wanted = "resume"
        match wanted:
            case "answer":
                return self._sent(text)
            case "skip":
                return self.engine.skip(self.session, self.turn.id)
            case "finish":
                return self.engine.finish(self.session)
            case _:
                return self.engine.resume(self.session_id)

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_doubled_or_out_of_order(self) -> None:
        events = self.store.events(self.session_id)
        session = self.session
        kept = {
            (event.turn_id, event.text)
            for event in events
            if isinstance(event, AnswerGiven | ClarificationAsked)
        }
        assert self.saved <= kept, "something acknowledged is gone"
        assert faults(session, events, at_rest=self.at_rest) == []
        assert session.revision == len(events)

    @invariant()
    def every_beginning_replays_and_every_state_can_be_told(self) -> None:
        events = self.store.events(self.session_id)
        state = fold(self.session_id, events[:1])
        assert state.revision == 1
        assert len(list(steps(events))) <= len(events)
        report = make_report(self.session)
        assert session_markdown(self.session, events, report)


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Interview,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_order_of_actions_and_crashes_keeps_the_session_whole(proof: Proof) -> None:
    _run(examples=8, steps=20)
    proof(runs=8, lost=0, doubled=0)


@pytest.mark.slow
def test_many_orders_of_actions_and_crashes_keep_the_session_whole(proof: Proof) -> None:
    _run(examples=40, steps=40)
    proof(runs=40, lost=0, doubled=0)
