"""Two replicas on one database: one is killed in mid-turn, the other goes on with the session."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import pytest

from app.interview.engine import Engine, last
from app.sessions.events import AnswerGiven
from app.sessions.store import SessionStore
from tests.reliability.conftest import Proof
from tests.reliability.players import PlainInterviewer, QuickGrader, faults, plan

_processes = multiprocessing.get_context("fork")
STAGES = ("grading", "before the question", "mid-question")
RECOVERY_SECONDS = 2.0


def _replica(url: str, orders: Connection) -> None:
    """Answers or resumes as told, and holds still at a stage, so that it can be killed there."""
    stage = ""

    def announce(reached: str) -> None:
        if reached == stage:
            orders.send("reached")
            time.sleep(60)

    engine = Engine(SessionStore(url), PlainInterviewer(announce), QuickGrader(announce))
    orders.send("ready")
    while True:
        order, session_id, stage, text = orders.recv()
        if order == "answer":
            session = engine.store.load(session_id)
            assert session.current_turn is not None
            last(engine.message(session, session.current_turn.id, text))
        else:
            last(engine.resume(session_id))
        orders.send("done")


def _start(url: str) -> tuple[BaseProcess, Connection]:
    mine, theirs = _processes.Pipe()
    process = _processes.Process(target=_replica, args=(url, theirs), daemon=True)
    process.start()
    theirs.close()
    assert mine.poll(30)
    assert mine.recv() == "ready"
    return process, mine


@pytest.mark.parametrize("stage", STAGES)
def test_a_session_goes_on_at_the_other_replica_within_two_seconds(
    postgres_url: str, stage: str, proof: Proof
) -> None:
    store = SessionStore(postgres_url)
    engine = Engine(store, PlainInterviewer(), QuickGrader())
    session = last(engine.start(plan())).session
    other, other_orders = _start(postgres_url)
    first, orders = _start(postgres_url)
    sent: list[str] = []
    worst = 0.0
    for number in range(3):
        sent.append(f"Answer {number}.")
        orders.send(("answer", session.id, stage, sent[-1]))
        assert orders.poll(30)
        assert orders.recv() == "reached"
        os.kill(int(first.pid or 0), signal.SIGKILL)
        began = time.perf_counter()
        other_orders.send(("resume", session.id, "", ""))
        assert other_orders.poll(30)
        assert other_orders.recv() == "done"
        worst = max(worst, time.perf_counter() - began)
        first.join()
        first, orders, other, other_orders = other, other_orders, *_start(postgres_url)
    session = store.load(session.id)
    events = store.events(session.id)
    kept = [event.text for event in events if isinstance(event, AnswerGiven)]
    wrong = faults(session, events)
    proof(runs=3, lost=len(sent) - len(kept), doubled=len(wrong), recovery=worst)
    for process in (first, other):
        process.kill()
        process.join()
    store.close()
    assert kept == sent
    assert wrong == []
    assert worst < RECOVERY_SECONDS


def test_both_replicas_serve_the_same_session_turn_by_turn(postgres_url: str, proof: Proof) -> None:
    replicas = [
        Engine(SessionStore(postgres_url), PlainInterviewer(), QuickGrader()) for _ in range(2)
    ]
    session = last(replicas[0].start(plan())).session
    answers = 0
    while session.status != "finished":
        turn = session.current_turn
        assert turn is not None
        replica = replicas[answers % 2]
        session = last(replica.message(session, turn.id, f"Answer {answers}.")).session
        answers += 1
    events = replicas[0].store.events(session.id)
    wrong = faults(session, events)
    proof(
        runs=answers,
        lost=answers - sum(e.kind == "answer_given" for e in events),
        doubled=len(wrong),
    )
    assert wrong == []
    for replica in replicas:
        replica.store.close()
