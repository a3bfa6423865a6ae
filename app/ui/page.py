"""What the page does when something is pressed: the engine's steps turned into what to show.

No widget is known here. Every method answers with `Screen` values, so the page can be tested
without a browser, and the store stays the only truth about a session.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.catalog import Catalog
from app.domain.session import Session
from app.errors import UsageError
from app.interview.budget import Budget, check_message, check_start
from app.interview.engine import Engine
from app.interview.loop import Progress
from app.interview.plans import make_plan
from app.sessions.events import fold
from app.ui import view
from app.ui.live import LiveSteps

MODEL_STEPS = 32
"""Steps at once where a language model does the work."""
STOP_SECONDS = 10.0
"""How long Stop waits for a reply to begin, so that it can be cut."""


@dataclass(frozen=True)
class Screen:
    """What the interview room shows.

    `answer` None leaves the typed text alone; `ended` is set once, when a step has just finished
    the interview; `stoppable` means that a reply is spoken, or awaited from a model.
    """

    session: Session
    state: str
    speaking: str = ""
    detail: str = ""
    answer: str | None = None
    ended: bool = False
    stoppable: bool = False

    @property
    def busy(self) -> bool:
        """Whether a reply is under way."""
        return self.state in ("saved", "grading", "speaking")


class Page:
    """One engine behind many tabs of many browsers."""

    def __init__(self, engine: Engine, catalog: Catalog, budget: Budget | None = None) -> None:
        self.engine = engine
        self.catalog = catalog
        self._budget = budget or Budget()
        # The embedded grader is bound by the processor, so more workers than cores would only make
        # every turn slow; with a model the workers wait for the network most of the time.
        cores = os.cpu_count() or 2
        self.live = LiveSteps(cores if engine.embedded is None else MODEL_STEPS)

    def close(self) -> None:
        """Let go of what is under way; it is resumed from the store another time."""
        self.live.close()

    def load(self, session_id: str, user: str | None) -> Session:
        """The stored session; UnknownName if the user has none of that id."""
        return self.engine.store.load(session_id, user=user)

    def start(
        self, choice: str, level: str, minutes: int | None, user: str | None
    ) -> Iterator[Screen]:
        """Begin an interview; the first question comes at once."""
        if not choice:
            raise UsageError("Choose what to practise first.")
        plan = make_plan(self.catalog, choice, level, minutes)  # type: ignore[arg-type]
        check_start(self.engine.store, user, datetime.now(UTC), self._budget)
        steps = self.engine.start(plan, user or "")
        session = next(steps).session
        yield Screen(session, "saved", detail="Opening the interview …", answer="")
        yield from self._run(session, lambda: steps)

    def resume(self, session_id: str, user: str | None) -> Iterator[Screen]:
        """Come back: what is stored first, then whatever was cut off."""
        session = self.load(session_id, user)
        if session.status == "finished":
            yield Screen(session, "finished")
            return
        yield Screen(session, _resting(session))
        if not self.live.busy(session_id):
            self._admitted(session_id, user)
            self.live.begin(session_id, lambda: self.engine.resume(session_id))
        yield from self._follow(session)

    def send(self, session_id: str, turn_id: str, text: str, user: str | None) -> Iterator[Screen]:
        """Send an answer or a question of the candidate."""
        session = self.engine.unpause(self._admitted(session_id, user))
        steps = self._run(session, lambda: self.engine.message(session, turn_id, text))
        unsent, emptied = view.draft_key(session), False
        for screen in steps:
            if not emptied and view.draft_key(screen.session) != unsent:
                # Only now is it stored: until here an error leaves the text in the box.
                screen, emptied = replace(screen, answer=""), True
            yield screen

    def skip(self, session_id: str, turn_id: str, user: str | None) -> Iterator[Screen]:
        """Leave the question."""
        session = self.engine.unpause(self._admitted(session_id, user))
        yield from self._run(session, lambda: self.engine.skip(session, turn_id))

    def finish(self, session_id: str, user: str | None) -> Iterator[Screen]:
        """End here and grade.

        Never refused: a session without budget is told to end, and what is graded was admitted.
        """
        session = self.load(session_id, user)
        yield Screen(session, "grading", detail="Grading what you answered …")
        yield from self._run(session, lambda: self.engine.finish(session))

    def hint(self, session_id: str, turn_id: str, user: str | None) -> Iterator[Screen]:
        """The next hint of the ladder."""
        session, hint = self.engine.hint(self.load(session_id, user), turn_id)
        yield Screen(session, _resting(session), detail=f"Hint {hint.step} of 3 is above.")

    def take_back(self, session_id: str, turn_id: str | None, user: str | None) -> Iterator[Screen]:
        """Undo, or edit an earlier answer: its text comes back into the box."""
        session = self.load(session_id, user)
        if self.live.busy(session_id):
            raise UsageError("The interviewer is still busy. Take the answer back after the reply.")
        done = [turn for turn in session.turns if not turn.is_open]
        chosen = [turn for turn in done if turn.id == turn_id] if turn_id else done[-1:]
        if not chosen:
            raise UsageError("There is no answer to take back yet.")
        session = self.engine.reopen(session, chosen[0].id)
        yield Screen(
            session,
            "waiting",
            detail="Taken back. Nothing is deleted: the earlier version stays in the record.",
            answer=chosen[0].answer or "",
        )

    def pause(self, session_id: str, user: str | None) -> Iterator[Screen]:
        """Stop the clock, or let it run on."""
        session = self.load(session_id, user)
        session = self.engine.unpause(session) if session.paused else self.engine.pause(session)
        yield Screen(session, _resting(session))

    def stop(self, session_id: str, user: str | None) -> None:
        """Cut the reply that is spoken, or the one about to begin; what was said is kept."""
        self.load(session_id, user)
        end = time.monotonic() + STOP_SECONDS
        while True:
            self.engine.stop(session_id)
            if not self.live.busy(session_id) or time.monotonic() > end:
                return
            time.sleep(0.05)

    @property
    def can_go_embedded(self) -> bool:
        """Whether a language model is in use that could be left."""
        return self.engine.embedded is not None

    def use_embedded(self, session_id: str, user: str | None) -> Iterator[Screen]:
        """Go on without the language model."""
        session = self.load(session_id, user)
        yield from self._run(session, lambda: self.engine.use_embedded(session))

    def grade_pending(self, session_id: str, user: str | None) -> Session:
        """Try again to grade what has no grade."""
        return self.engine.grade_pending(self._admitted(session_id, user))

    # --- inside --------------------------------------------------------------------------------

    def _admitted(self, session_id: str, user: str | None) -> Session:
        """The stored session, for a step that may call the model. UsageError without budget."""
        events = self.engine.store.events(session_id, user)
        session = fold(session_id, events)
        check_message(session, events, datetime.now(UTC), self._budget)
        return session

    def _run(self, session: Session, steps: Callable[[], Iterator[Progress]]) -> Iterator[Screen]:
        self.live.begin(session.id, steps)
        yield from self._follow(session)

    def _follow(self, session: Session) -> Iterator[Screen]:
        for progress in self.live.follow(session.id):
            at_rest = progress.state in ("waiting", "finished")
            yield Screen(
                progress.session,
                _resting(progress.session) if at_rest else progress.state,
                speaking=progress.text if progress.state == "speaking" else "",
                stoppable=self._can_stop(progress),
            )
        # A stopped step, or one that another tab finished, ends without saying where it stands.
        finished_before = session.status == "finished"
        session = self.engine.store.load(session.id)
        ended = session.status == "finished" and not finished_before
        yield Screen(session, _resting(session), ended=ended)

    def _can_stop(self, progress: Progress) -> bool:
        if progress.state == "speaking":
            return True
        embedded, turn = self.engine.embedded, progress.session.current_turn
        if embedded is None or embedded.hold(progress.session) or turn is None:
            return False
        # An answer that has been read already is with the judge: that is nothing to be cut.
        return progress.state in ("saved", "grading") and turn.reading is None


def _resting(session: Session) -> str:
    """How a session stands when nothing is under way."""
    if session.status == "finished":
        return "finished"
    if session.paused:
        return "paused"
    return "stopped" if view.is_owed(session) else "waiting"
