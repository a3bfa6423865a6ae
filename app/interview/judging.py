"""The judge at work beside the interview: its grades arrive in the store when they are ready."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.assessment import CriterionVerdict, Grading
from app.domain.session import Session, Turn
from app.errors import InterviewError, StoreConflict
from app.grading.grader import Grader, GradingRequest
from app.grading.judge import Judgement
from app.interview.assessing import grading_request
from app.interview.journal import write
from app.sessions.events import AnswerGraded, ModelCalled, SessionEvent
from app.sessions.store import SessionStore

APPEND_ATTEMPTS = 100
WAIT_SECONDS = 100.0
"""A judgement has a deadline of its own that is shorter."""

log = logging.getLogger(__name__)


class SlowGrader(Grader, Protocol):
    """A grader that is worth not waiting for, and that tells what it cost."""

    def judge(self, request: GradingRequest, turn_id: str | None = None) -> Judgement:
        """The grading and its calls; failures are part of the result."""


class Judging:
    """Grades answers in threads of their own, each answer once at a time."""

    def __init__(
        self, store: SessionStore, grader: SlowGrader, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._grader = grader
        self._now = clock
        self._running: dict[tuple[str, str], threading.Thread] = {}
        self._lock = threading.Lock()

    def start(self, session: Session) -> None:
        """Begin on every answer that has no grade yet."""
        for turn in session.turns:
            if turn.answer is not None and turn.grading is None:
                self._begin(session, turn)

    def start_again(self, session: Session) -> None:
        """Begin on every answer with a criterion that could not be graded."""
        for turn in session.turns:
            if turn.answer is not None and is_incomplete(turn):
                self._begin(session, turn)

    def wait(self, session_id: str, seconds: float = WAIT_SECONDS) -> None:
        """Until all answers of a session are graded or have failed, or the time is up."""
        end = time.monotonic() + seconds
        with self._lock:
            threads = [each for (owner, _), each in self._running.items() if owner == session_id]
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _begin(self, session: Session, turn: Turn) -> None:
        key = (session.id, turn.id)
        with self._lock:
            if key in self._running:
                return
            thread = threading.Thread(
                target=self._work, args=(key, session, turn), name="judge", daemon=True
            )
            self._running[key] = thread
        thread.start()

    def _work(self, key: tuple[str, str], session: Session, turn: Turn) -> None:
        try:
            judgement = self._grader.judge(request_for_rest(session, turn), turn.id)
            self._keep(session.id, turn, judgement)
        except InterviewError as error:  # the store: the answer stays ungraded, and can be retried
            log.warning("an answer could not be graded: %s", error)
        finally:
            with self._lock:
                del self._running[key]

    def _keep(self, session_id: str, judged: Turn, judgement: Judgement) -> None:
        """Append on whatever the session is by now: a grade and its cost fit anywhere."""
        for attempt in range(APPEND_ATTEMPTS):
            session = self._store.load(session_id)
            events: list[SessionEvent] = [
                ModelCalled(at=self._now(), use=call.use, prompt=call.prompt, reply=call.reply)
                for call in judgement.calls
            ]
            turn = next((each for each in session.turns if each.id == judged.id), None)
            # Taken back, or graded otherwise, in the meantime: only the cost is still true.
            if turn is not None and (turn.answer, turn.grading) == (judged.answer, judged.grading):
                grading = merged(turn.grading, judgement.grading)
                events.append(AnswerGraded(at=self._now(), turn_id=turn.id, grading=grading))
            try:
                write(self._store, session, events)
                return
            except StoreConflict:
                time.sleep(0.01 * min(attempt + 1, 20))
        log.error("a grade of session %s was lost: others kept writing to it", session_id)


def is_incomplete(turn: Turn) -> bool:
    """Whether an answer has no grade, or one with criteria left unscored."""
    return turn.grading is None or bool(unscored(turn.grading))


def unscored(grading: Grading) -> Sequence[CriterionVerdict]:
    """The verdicts that are none."""
    return [each for each in grading.verdicts if each.verdict == "unscored"]


def request_for_rest(session: Session, turn: Turn) -> GradingRequest:
    """What is still to be asked about an answer: all, or what its grading left unscored."""
    request = grading_request(session, turn)
    if turn.grading is None:
        return request
    missing = {each.criterion_id for each in unscored(turn.grading)}
    wanted = tuple(each for each in request.rubric.criteria if each.id in missing)
    return request.model_copy(update={"criteria": wanted})


def merged(earlier: Grading | None, later: Grading) -> Grading:
    """An earlier grading with what a later one decided of its unscored criteria."""
    if earlier is None:
        return later
    found = {each.criterion_id: each for each in later.verdicts}
    one = earlier.grader.endswith(later.grader)
    return later.model_copy(
        update={
            "grader": earlier.grader if one else f"{earlier.grader}, then {later.grader}",
            "verdicts": tuple(found.get(each.criterion_id, each) for each in earlier.verdicts),
            "misconceptions": earlier.misconceptions or later.misconceptions,
        }
    )
