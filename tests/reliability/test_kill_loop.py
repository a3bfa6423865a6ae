"""A process that is killed at any stage of a turn loses nothing and repeats nothing."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import pytest

from app.interview.engine import Engine, last
from app.sessions.events import AnswerGiven, SessionFinished
from app.sessions.store import SessionStore
from tests.reliability.conftest import Proof
from tests.reliability.players import Announce, PlainInterviewer, QuickGrader, faults, plan

# A forked child starts at once; it opens its own store, so that no connection is shared.
_processes = multiprocessing.get_context("fork")
STAGES = (
    "before the answer is saved",
    "answer saved",
    "grading",
    "before the question",
    "mid-question",
    "at finish",
    "at any moment",
)
KILLS = int(os.environ.get("RELIABILITY_KILLS", "50"))
RECOVERY_SECONDS = 2.0


class AnnouncingStore(SessionStore):
    """A store that tells when it is about to write, so that a kill can come just before."""

    announce: Announce

    def append(self, session, new_events, *, overall=None):  # type: ignore[no-untyped-def]
        if any(isinstance(event, AnswerGiven) for event in new_events):
            self.announce("before the answer is saved")
        if any(isinstance(event, SessionFinished) for event in new_events):
            self.announce("at finish")
        return super().append(session, new_events, overall=overall)


def _play_until_killed(url: str, session_id: str, stage: str, tell: Connection) -> None:
    """Answer question after question; hold still at the stage where the parent wants to kill."""

    def announce(reached: str) -> None:
        if reached == stage:
            tell.send(("reached", "", ""))
            time.sleep(60)

    store = AnnouncingStore(url)
    store.announce = announce
    engine = Engine(store, PlainInterviewer(announce), QuickGrader(announce))
    session = last(engine.resume(session_id)).session
    while session.status != "finished":
        turn = session.current_turn
        assert turn is not None
        text = f"Answer to question {len(session.turns)}, which holds a reason: {turn.id}."
        tell.send(("sent", turn.id, text))
        for progress in engine.message(session, turn.id, text):
            if progress.state == "saved":
                tell.send(("acknowledged", turn.id, text))
                announce("answer saved")
            session = progress.session
        if stage == "at any moment":
            time.sleep(0.002)
    tell.send(("finished", "", ""))
    time.sleep(60)


@dataclass
class _Loop:
    """What the parent knows: what was sent, what was acknowledged, what came of it."""

    url: str
    rng: random.Random
    lost: int = 0
    doubled: int = 0
    worst: float = 0.0
    problems: list[str] = field(default_factory=list)

    def kill_once(self, session_id: str, stage: str) -> bool:
        """Kill a player at the stage, resume its session; True if the interview is over."""
        sent, acknowledged = self._kill(session_id, stage)
        began = time.perf_counter()
        store = SessionStore(self.url)
        engine = _engine(store)
        session = last(engine.resume(session_id)).session
        resumed = store.events(session_id)
        kept = {(event.turn_id, event.text) for event in resumed if isinstance(event, AnswerGiven)}
        self.lost += len(acknowledged - kept)
        for _ in range(2):  # the page sends again what had no acknowledgement; twice, to be sure
            if sent is not None and session.status != "finished":
                session = last(engine.message(session, *sent)).session
        self.worst = max(self.worst, time.perf_counter() - began)
        wrong = faults(session, store.events(session_id))
        self.doubled += len(wrong)
        self.problems += [f"{stage}: {problem}" for problem in wrong]
        store.close()
        return session.status == "finished"

    def _kill(
        self, session_id: str, stage: str
    ) -> tuple[tuple[str, str] | None, set[tuple[str, str]]]:
        receive, send = _processes.Pipe(duplex=False)
        arguments = (self.url, session_id, stage, send)
        child = _processes.Process(target=_play_until_killed, args=arguments, daemon=True)
        child.start()
        send.close()
        sent: tuple[str, str] | None = None
        acknowledged: set[tuple[str, str]] = set()
        patience = self.rng.random() * 0.1 if stage == "at any moment" else 30.0
        end: float | None = None
        try:
            while receive.poll(30 if end is None else max(0.0, end - time.monotonic())):
                kind, turn_id, text = receive.recv()
                end = end or time.monotonic() + patience
                if kind == "sent":
                    sent = (turn_id, text)
                elif kind == "acknowledged":
                    acknowledged.add((turn_id, text))
                else:
                    break
            os.kill(int(child.pid or 0), signal.SIGKILL)
            child.join()
            while True:  # what was acknowledged between the decision and the kill
                kind, turn_id, text = receive.recv()
                if kind == "sent":
                    sent = (turn_id, text)
                elif kind == "acknowledged":
                    acknowledged.add((turn_id, text))
        except EOFError:
            child.join()
        return sent, acknowledged


def _engine(store: SessionStore) -> Engine:
    return Engine(store, PlainInterviewer(), QuickGrader())


def _run(url: str, kills: int, proof: Proof) -> None:
    loop = _Loop(url, random.Random(7))
    session_id = ""
    for number in range(kills):
        if not session_id:
            store = SessionStore(url)
            session_id = last(_engine(store).start(plan())).session.id
            store.close()
        stage = STAGES[number % len(STAGES)]
        if loop.kill_once(session_id, stage):
            session_id = ""
    proof(runs=kills, lost=loop.lost, doubled=loop.doubled, recovery=loop.worst)
    assert loop.problems == []
    assert (loop.lost, loop.doubled) == (0, 0)
    assert loop.worst < RECOVERY_SECONDS


def test_a_kill_at_each_stage_of_a_turn_loses_and_doubles_nothing(
    sqlite_url: str, proof: Proof
) -> None:
    _run(sqlite_url, len(STAGES), proof)


@pytest.mark.slow
def test_a_hundred_kills_lose_and_double_nothing(url: str, proof: Proof) -> None:
    _run(url, KILLS, proof)  # on SQLite and on Postgres
