"""Two servers on one Postgres: one is killed in mid-turn, the page goes on at the other."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from app.sessions.events import AnswerGiven, AnswerGraded, QuestionAsked
from app.sessions.store import SessionStore
from tests.reliability.conftest import Proof
from tests.ui.web import HEADER, Server, Visitor

pytestmark = pytest.mark.slow

ITEM = "anomaly-detection-system"
ANSWER = (
    "The goal is fewer useless pages. The budget is two pages a shift for each team, answer {}."
)
RESUMED_SECONDS = 2.0
ROUNDS = 3


def _server(folder: Path, url: str) -> Server:
    return Server(
        folder,
        DATABASE_URL=url,
        INTERVIEW_USER_HEADER=HEADER,
        INTERVIEW_TRUSTED_PROXY="127.0.0.1",
        INTERVIEW_EMBEDDED="true",
    )


def test_a_killed_server_loses_nothing_and_the_other_goes_on(
    postgres_url: str, tmp_path: Path, proof: Proof
) -> None:
    store = SessionStore(postgres_url)
    servers = [_server(tmp_path / name, postgres_url) for name in ("a", "b")]
    try:
        first, other = (each.wait_until_open() for each in servers)
        Visitor(other, "bob").press("start", ITEM, "principal", 0)  # the other is in use as well
        Visitor(first, "ann").press("start", ITEM, "principal", 0)
        session_id = store.list(user="ann").rows[0].id
        resumed: list[float] = []
        asked_on: list[float] = []
        sent: list[str] = []
        for number in range(ROUNDS):
            turn = store.load(session_id).current_turn
            assert turn is not None
            sent.append(ANSWER.format(number))
            _send_and_kill(first, store, session_id, turn.id, sent[-1])
            began = time.perf_counter()
            tab = Visitor(other, "ann")  # the proxy leads the reloaded page to the other server
            callback = tab.named("_open_page")
            shown = 0.0
            for message in tab.call(callback, [], query=f"session={session_id}"):
                if not shown and sent[-1] in str(message):
                    shown = time.perf_counter() - began
            resumed.append(shown)
            asked_on.append(time.perf_counter() - began)
            assert shown, "the answer is not on the page"
            if number + 1 < ROUNDS:
                first = other
                other = _server(tmp_path / f"replaced-{number}", postgres_url).wait_until_open()
                servers.append(other)
        events = store.events(session_id)
        answers = [event.text for event in events if isinstance(event, AnswerGiven)]
        grades = [event for event in events if isinstance(event, AnswerGraded)]
        questions = [event for event in events if isinstance(event, QuestionAsked)]
        doubled = len(grades) - len(sent) + len(questions) - len(sent) - 1
        lost = len(set(sent) - set(answers))
        proof(runs=ROUNDS, lost=lost, doubled=doubled, recovery=max(resumed))
        print(f"resumed in {max(resumed):.2f} s, next question after {max(asked_on):.2f} s")
        assert answers == sent
        assert doubled == 0
        assert max(resumed) < RESUMED_SECONDS
    finally:
        for server in servers:
            server.kill()
        store.close()


def _send_and_kill(
    server: Server, store: SessionStore, session_id: str, turn_id: str, text: str
) -> None:
    """Kill the server once the answer is stored, while it grades."""
    tab = Visitor(server, "ann")
    callback = tab.named("send")

    def send() -> None:
        with suppress(httpx.HTTPError):  # the server is dead, as wanted
            list(tab.call(callback, [session_id, turn_id, text]))

    sender = threading.Thread(target=send)
    sender.start()
    end = time.monotonic() + 60
    while store.load(session_id).turn(turn_id).answer != text:
        assert time.monotonic() < end, "the answer was never stored"
        time.sleep(0.002)
    server.kill()
    sender.join(30)
