"""Processes that are killed or meet: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from app.sessions.store import SessionStore
from tests.factories import answered, asked, moment, started

# A forked child starts at once; it opens its own store, so that no connection is shared.
_processes = multiprocessing.get_context("fork")
KILLS = int(os.environ.get("STORE_KILLS", "20"))


def _write_until_killed(url: str, acknowledge: Connection) -> None:
    store = SessionStore(url)
    session = store.load("s0")
    while True:
        number = session.revision
        session = store.append(session, [answered(f"answer {number}", seconds=number)])
        acknowledge.send(number)


def test_kill_9_loses_no_acknowledged_event_and_doubles_none(
    open_store: Callable[[], SessionStore], url: str
) -> None:
    rng = random.Random(11)
    store = open_store()
    store.append(store.create("s0", started()), [asked()])
    store.close()
    acknowledged = 1
    for _ in range(KILLS):
        receive, send = _processes.Pipe(duplex=False)
        child = _processes.Process(target=_write_until_killed, args=(url, send), daemon=True)
        child.start()
        send.close()
        assert receive.poll(30), "the writer wrote nothing"
        time.sleep(rng.random() * 0.03)
        os.kill(int(child.pid or 0), signal.SIGKILL)
        child.join()
        try:
            while True:
                acknowledged = receive.recv()
        except EOFError:
            pass
        store = open_store()
        _wait_until_quiet(store)
        written = store.events("s0")
        # One more than acknowledged may be there: killed between the commit and the message.
        assert len(written) - 1 in (acknowledged, acknowledged + 1)
        texts = [event.text for event in written if event.kind == "answer_given"]
        assert texts == [f"answer {number}" for number in range(2, len(written))]
        assert store.load("s0").revision == len(written)
        assert store.list().rows[0].answers == 1
        store.close()
    assert acknowledged > KILLS


def _wait_until_quiet(store: SessionStore) -> None:
    """A Postgres server may still be committing what the dead writer sent last."""
    count = -1
    while count != (count := len(store.events("s0"))):
        time.sleep(0.0 if store.where.startswith("/") else 0.05)


def _open_and_create(url: str, name: str, gate: object, result: Connection) -> None:
    try:
        gate.wait(30)  # type: ignore[attr-defined]
        store = SessionStore(url)
        store.create(name, started(at=moment(1)))
        store.close()
        result.send("ok")
    except BaseException as error:
        result.send(repr(error))


def test_processes_that_open_an_empty_place_together_all_work(
    url: str, open_store: Callable[[], SessionStore]
) -> None:
    gate = _processes.Barrier(4)
    pipes = []
    for number in range(4):
        receive, send = _processes.Pipe(duplex=False)
        _processes.Process(
            target=_open_and_create, args=(url, f"s{number}", gate, send), daemon=True
        ).start()
        pipes.append(receive)
    assert [pipe.recv() for pipe in pipes] == ["ok"] * 4
    assert {row.id for row in open_store().list().rows} == {"s0", "s1", "s2", "s3"}


def test_processes_that_meet_a_damaged_file_move_it_aside_once(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    file.write_bytes(b"no database " * 1000)
    gate = _processes.Barrier(3)
    pipes = []
    for number in range(3):
        receive, send = _processes.Pipe(duplex=False)
        arguments = (f"sqlite:///{file}", f"s{number}", gate, send)
        _processes.Process(target=_open_and_create, args=arguments, daemon=True).start()
        pipes.append(receive)
    outcomes = [pipe.recv() for pipe in pipes]
    assert sum("StoreCorrupt" in outcome for outcome in outcomes) == 1
    assert outcomes.count("ok") == 2
    assert len(list(tmp_path.glob("sessions.db.damaged-*"))) == 1
