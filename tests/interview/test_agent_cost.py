"""What twenty turns cost, counted by the server that receives them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from app.grading.embedded import EmbeddedGrader
from app.grading.judge import Judge
from app.interview.agent import AgentInterviewer
from app.interview.engine import Engine, last
from app.interview.graders import Embedded
from app.interview.scripted import ScriptedInterviewer
from app.sessions.store import SessionStore
from tests.interview.loops import one_item_plan
from tests.llm.model_server import Body, ModelServer, Reply
from tests.llm.models import model_at

TURNS = 20
MOST_CHARACTERS = 245_000
"""Promised are 285,000; what creeps in should be seen before that."""
MOST_GROWTH = 1.5
MOST_OWN_SECONDS = 0.063
SENTENCE = (
    "In turn {turn} I would weigh what a late page costs against what a wrong one costs, because "
    "the team on call can take only so many of either before it stops reading them. "
)
QUESTION = (
    "You would weigh the two costs. Which number do you ask for before you do, and from whom?"
)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with HTTPServer(threaded=True) as http:
        yield ModelServer(http, default=speak_and_judge)


def is_judge(body: Body) -> bool:
    return "You grade one answer" in body["messages"][0]["content"]


def speak_and_judge(body: Body) -> Reply:
    """The dearest case: nothing is ever credited, so that every criterion stays open."""
    if not is_judge(body):
        return Reply(QUESTION, piece=200)
    ids = body["response_format"]["json_schema"]["schema"]["properties"]["criteria"]["required"]
    check = {"quote": "", "rationale": "Not said.", "verdict": "missed", "confidence": 0.9}
    text = json.dumps({"criteria": dict.fromkeys(ids, check), "misconceptions": []})
    return Reply(text, piece=20_000)


def prompt_characters(body: Body) -> int:
    """Every message, and the tools, as they were sent."""
    spoken = sum(len(message["content"] or "") for message in body["messages"])
    return spoken + (len(json.dumps(body["tools"])) if "tools" in body else 0)


def test_twenty_turns_stay_within_their_budget(server: ModelServer, tmp_path: Path) -> None:
    model = model_at(server.base_url)
    scripted = ScriptedInterviewer()
    grader = EmbeddedGrader()
    engine = Engine(
        SessionStore(f"sqlite:///{tmp_path / 'sessions.db'}", tmp_path),
        AgentInterviewer(model, lambda query: [], scripted),
        Judge(model, lambda citation: "A passage of the documents. " * 40),
        embedded=Embedded(scripted, grader),
    )
    plan = one_item_plan("anomaly-detection-system", "root-cause-analysis", max_answers=10)
    session = last(engine.start(plan)).session
    costs: list[tuple[int, int, int, float]] = []
    for turn in range(1, TURNS + 1):
        assert session.current_turn is not None
        answer = (SENTENCE.format(turn=turn) * 8)[:1150]
        before = len(server.requests)
        began = time.monotonic()
        session = last(engine.message(session, session.current_turn.id, answer)).session
        waited = time.monotonic() - began
        assert engine.graders.judging is not None
        engine.graders.judging.wait(session.id)
        session = engine.store.load(session.id)
        sent = server.requests[before:]
        costs.append(
            (
                sum(prompt_characters(body) for body in sent if not is_judge(body)),
                sum(prompt_characters(body) for body in sent if is_judge(body)),
                len(sent),
                waited,
            )
        )
    assert sum(turn.answer is not None for turn in session.turns) == TURNS
    totals = [asked + judged for asked, judged, _, _ in costs]
    tokens = sum((use.prompt_tokens or 0) for use in session.model_uses)
    print("\nturn  interviewer  judge  requests  the candidate waits")
    for turn, (asked, judged, requests, waited) in enumerate(costs, 1):
        print(f"{turn:4}  {asked:11,}  {judged:5,}  {requests:8}  {waited:.2f} s")
    print(f"all turns: {sum(totals):,} prompt characters, {tokens:,} tokens as the server counts")
    print(f"turn {TURNS} is {totals[-1] / totals[0]:.2f} times turn 1")
    assert sum(totals) <= MOST_CHARACTERS
    assert totals[-1] <= MOST_GROWTH * totals[0]
    assert all(requests <= 3 for _, _, requests, _ in costs)
