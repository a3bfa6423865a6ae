"""Two tabs, two processes, the same thing sent twice, a clock that is wrong: one truth remains."""

from __future__ import annotations

import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

import pytest

from app.domain.session import Session
from app.errors import StoreConflict
from app.interview.engine import Engine, last
from app.sessions.events import AnswerGiven
from app.sessions.store import SessionStore
from tests.reliability.conftest import Proof
from tests.reliability.players import PlainInterviewer, QuickGrader, faults, plan

_processes = multiprocessing.get_context("fork")
ROUNDS = 12


def a_moment(stage: str) -> None:
    """Long enough for the other tab to get to the same place."""
    time.sleep(0.005)


def engine_on(url: str) -> Engine:
    return Engine(SessionStore(url), PlainInterviewer(a_moment), QuickGrader(a_moment))


def send_together(url: str, session: Session, texts: tuple[str, str]) -> list[str]:
    """Send both texts to the current turn at once; how each ended."""
    turn = session.current_turn
    assert turn is not None
    gate = threading.Barrier(2)
    outcomes = ["", ""]

    def send(number: int) -> None:
        engine = engine_on(url)
        gate.wait(10)
        try:
            last(engine.message(session, turn.id, texts[number]))
            outcomes[number] = "done"
        except StoreConflict:
            outcomes[number] = "conflict"
        finally:
            engine.store.close()

    tabs = [threading.Thread(target=send, args=(number,)) for number in (0, 1)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(60)
    return outcomes


@pytest.mark.parametrize("same_text", [True, False], ids=["the same text", "different texts"])
def test_two_tabs_that_answer_one_turn_leave_one_answer_and_one_grade(
    url: str, same_text: bool, proof: Proof
) -> None:
    engine = engine_on(url)
    session = last(engine.start(plan(max_answers=8))).session
    doubled = lost = 0
    for number in range(ROUNDS):
        if session.status == "finished":
            session = last(engine.start(plan(max_answers=8))).session
        turn = session.current_turn
        assert turn is not None
        texts = (f"Answer {number}.", f"Answer {number}." if same_text else f"Other {number}.")
        outcomes = send_together(url, session, texts)
        assert "" not in outcomes, "a tab failed otherwise than by a conflict"
        session = last(engine.resume(session.id)).session
        doubled += len(faults(session, engine.store.events(session.id)))
        lost += session.turn(turn.id).answer not in texts
    proof(runs=ROUNDS, lost=lost, doubled=doubled)
    assert (lost, doubled) == (0, 0)
    engine.store.close()


def test_sending_and_resuming_again_and_again_changes_nothing(url: str, proof: Proof) -> None:
    engine = engine_on(url)
    session = last(engine.start(plan())).session
    runs = 0
    while session.status != "finished":
        turn = session.current_turn
        assert turn is not None
        text = f"The answer to {turn.id}."
        session = last(engine.message(session, turn.id, text)).session
        for _ in range(3):
            again = last(engine.message(session, turn.id, text)).session
            assert again.turns == session.turns
            again = last(engine.resume(session.id)).session
            assert again.turns == session.turns
            runs += 2
    wrong = faults(engine.store.load(session.id), engine.store.events(session.id))
    proof(runs=runs, lost=0, doubled=len(wrong))
    assert wrong == []
    engine.store.close()


def test_a_clock_that_jumps_back_and_forth_keeps_order_and_takes_no_time_away(
    url: str, proof: Proof
) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    jumps = [timedelta(days=days) for days in (0, -400, 30, -1, 3650, -3650, 0)]
    looks = 0

    def clock() -> datetime:
        nonlocal looks
        looks += 1
        return start + jumps[looks % len(jumps)] + timedelta(seconds=looks)

    store = SessionStore(url)
    engine = Engine(store, PlainInterviewer(), QuickGrader(), clock=clock)
    session = last(engine.start(plan(minutes=10**9))).session
    sent: list[str] = []
    seconds = 0.0
    while session.status != "finished":
        turn = session.current_turn
        assert turn is not None
        sent.append(f"Answer {len(sent)}.")
        session = last(engine.message(session, turn.id, sent[-1])).session
        assert session.active_seconds >= seconds
        seconds = session.active_seconds
    events = store.events(session.id)
    kept = [event.text for event in events if isinstance(event, AnswerGiven)]
    wrong = faults(store.load(session.id), events)
    proof(runs=len(sent), lost=len(sent) - len(kept), doubled=len(wrong))
    assert kept == sent
    assert wrong == []
    store.close()


def _whole_interview(url: str, gate: object, result: Connection) -> None:
    try:
        gate.wait(30)  # type: ignore[attr-defined]
        engine = engine_on(url)
        session = last(engine.start(plan())).session
        while session.status != "finished":
            turn = session.current_turn
            assert turn is not None
            session = last(engine.message(session, turn.id, f"Answer to {turn.id}.")).session
        result.send(session.id)
    except BaseException as error:
        result.send(repr(error))


def test_two_processes_on_one_data_folder_do_not_disturb_each_other(url: str, proof: Proof) -> None:
    gate = _processes.Barrier(2)
    pipes = []
    for _ in range(2):
        receive, send = _processes.Pipe(duplex=False)
        _processes.Process(target=_whole_interview, args=(url, gate, send), daemon=True).start()
        pipes.append(receive)
    ids = [pipe.recv() for pipe in pipes]
    store = SessionStore(url)
    sessions = [store.load(name) for name in ids]
    wrong = [fault for each in sessions for fault in faults(each, store.events(each.id))]
    proof(runs=2, lost=0, doubled=len(wrong))
    assert wrong == []
    assert [each.status for each in sessions] == ["finished", "finished"]
    assert {row.id for row in store.list().rows} == set(ids)
    store.close()


def test_of_two_that_grade_the_same_answer_only_one_is_kept(url: str) -> None:
    engine, other = engine_on(url), engine_on(url)
    session = last(engine.start(plan())).session
    turn = session.current_turn
    assert turn is not None
    slow = engine.message(session, turn.id, "An answer.")
    while next(slow).state != "grading":
        pass
    quick = other.message(session, turn.id, "An answer.")
    while next(quick).state != "speaking":  # graded, and not yet asked on
        pass
    with pytest.raises(StoreConflict):
        last(slow)
    session = last(quick).session
    assert faults(session, engine.store.events(session.id)) == []
    engine.store.close()
    other.store.close()
