"""Every way a model server is known to fail, met by the interviewer and by the judge.

`pytest -s tests/llm/test_failures.py` prints the table: what the server did, what came of it, and
with how many requests.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug import Response

from app.domain.session import FollowUpDecision, Plan, PlannedItem, Session
from app.errors import ModelError
from app.grading.grader import GradingRequest
from app.grading.judge import Judge
from app.interview.agent import AgentInterviewer
from app.interview.interviewer import CutOff, ModelSpent, Spoken
from app.llm import endpoint
from app.llm.calls import ATTEMPTS
from app.sessions.events import AnswerGiven, QuestionAsked, SessionStarted, fold
from tests.factories import answered, asked, started
from tests.llm.model_server import Body, ModelServer, Reply
from tests.llm.models import model_at, scenario

ANSWER = "I would first ask who consumes a detection, since most deviations harm nobody at all."
LONG = "A sentence that was on its way when something happened to the connection. " * 3
LOOP = "The question is: " + "The answer is: " * 400
DECISION = FollowUpDecision(action="probe", reason="", text="Who reads it?", dimension="context")


@dataclass(frozen=True)
class Row:
    """One failure. Requests and outcome are the same for both roles unless said otherwise."""

    name: str
    reply: Reply | Callable[[Body], Reply]
    outcome: str
    requests: int
    whole: bool = True
    """Whether it can happen without streaming too."""
    speaks: bool = False
    """Whether the interviewer had begun to speak: its text is kept."""


def error(status: int, message: str = "no", code: str = "", **headers: str) -> Reply:
    body = {"error": {"message": message, "code": code}}
    return Reply(
        status=status, error=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


ROWS = [
    Row("401 wrong key", error(401), "unauthorized", 1),
    Row("403 forbidden", error(403), "unauthorized", 1),
    Row("404 no such model", error(404), "no_such_model", 1),
    Row("400 bad request", error(400), "bad_request", 1),
    Row("408 timeout", error(408), "timeout", ATTEMPTS),
    Row("429 rate limit", error(429), "rate_limited", ATTEMPTS),
    Row("429 Retry-After 0", error(429, Retry_After="0"), "rate_limited", ATTEMPTS),
    Row("429 Retry-After 1 h", error(429, Retry_After="3600"), "rate_limited", 1),
    Row("429 quota used up", error(429, code="insufficient_quota"), "quota", 1),
    Row("500 server error", error(500), "server_error", ATTEMPTS),
    Row("503 overloaded", error(503), "server_error", ATTEMPTS),
    Row("HTML page", Reply(raw="<html><body>Welcome</body></html>"), "malformed", ATTEMPTS),
    Row("empty reply", Reply(""), "empty", ATTEMPTS),
    Row("refusal", Reply(refusal="I cannot help with that."), "refused", 1),
    Row("content filter", Reply("", finish="content_filter"), "filtered", 1),
    Row("cut at the length limit", Reply(LONG, finish="length"), "truncated", 1, speaks=True),
    Row("says one thing over and over", Reply(LOOP), "endless", 1, False, True),
    Row("no finish_reason, no [DONE]", Reply(LONG, finish=None), "cut_off", 1, False, True),
    Row("connection cut in mid-reply", Reply(LONG, cut_after=400), "cut_off", 1, False, True),
    Row("connection cut in mid-body", Reply(LONG, cut_after=40), "cut_off", ATTEMPTS),
    Row(
        "silent before the first word",
        Reply(LONG, pause=2.0, piece=999),
        "stalled",
        ATTEMPTS,
        False,
    ),
]

table: list[tuple[str, ...]] = []


@pytest.fixture(scope="module", autouse=True)
def printed_table() -> Iterator[None]:
    yield
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    print()
    for row in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, sooner."""
    monkeypatch.setattr(endpoint, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(endpoint, "CHUNK_SECONDS", 0.5)
    monkeypatch.setattr(endpoint, "READ_SECONDS", 5.0)


def one_answer() -> Session:
    item, rubric = scenario()
    planned = PlannedItem(item=item, rubric=rubric, rubric_hash="0", max_answers=3)
    plan = Plan(id="p", title="P", kind="scenario", level="staff", minutes=30, items=(planned,))
    events: list[SessionStarted | QuestionAsked | AnswerGiven] = [
        started(plan),
        asked(text=item.opening),
        answered(ANSWER),
    ]
    return fold("session", events)


def one_request() -> GradingRequest:
    item, rubric = scenario()
    return GradingRequest(
        item=item,
        rubric=rubric,
        criteria=rubric.criteria[:2],
        question=item.opening,
        answer=ANSWER,
    )


def speak(base_url: str, **able: Any) -> tuple[str, str, str, int]:
    """What the interviewer says, what it tells of a failure, the outcome, and its requests."""
    interviewer = AgentInterviewer(model_at(base_url, **able), lambda query: [])
    spoken, told, outcome, attempts = "", "", "", 0
    try:
        for utterance in interviewer.ask(one_answer(), DECISION):
            if isinstance(utterance, Spoken):
                spoken += utterance.text
            elif isinstance(utterance, CutOff):
                told = utterance.reason
            elif isinstance(utterance, ModelSpent):
                outcome = utterance.use.outcome
                attempts += utterance.use.attempts
    except ModelError as failure:
        told = str(failure)
    return spoken, told, outcome, attempts


@pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "whole"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_failure_ends_in_a_named_outcome_in_plain_words(
    model_server: ModelServer, row: Row, streaming: bool
) -> None:
    if not streaming and not row.whole:
        pytest.skip("happens in a stream only")
    model_server.default = lambda body: (
        row.reply if isinstance(row.reply, Reply) else row.reply(body)
    )
    spoken, told, outcome, attempts = speak(model_server.base_url, streaming=streaming)
    asked_by_interviewer = len(model_server.requests)
    judge = Judge(model_at(model_server.base_url, streaming=streaming), lambda citation: "")
    judgement = judge.judge(one_request())
    asked_by_judge = len(model_server.requests) - asked_by_interviewer
    kept = row.speaks and streaming
    reason = judgement.grading.verdicts[0].rationale
    table.append(
        (
            row.name,
            "stream" if streaming else "whole",
            outcome,
            str(asked_by_interviewer),
            "text kept, marked" if kept else "offers embedded",
            judgement.calls[-1].use.outcome,
            str(asked_by_judge),
            "unscored",
        )
    )
    assert outcome == row.outcome
    assert asked_by_interviewer == attempts == row.requests
    assert bool(spoken) == kept
    assert told
    assert "Traceback" not in told
    assert ("embedded interviewer" in told) == (not kept)
    assert {each.verdict for each in judgement.grading.verdicts} == {"unscored"}
    assert judgement.calls[-1].use.outcome == row.outcome
    assert asked_by_judge == row.requests
    assert reason


def test_nothing_listens(model_server: ModelServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    spoken, told, outcome, attempts = speak(url)
    table.append(
        ("nothing listens", "stream", outcome, str(attempts), "offers embedded", "", "", "")
    )
    assert (spoken, outcome, attempts) == ("", "unreachable", ATTEMPTS)
    assert "--base-url" in told


def test_a_server_that_never_answers_ends_at_the_deadline(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "READ_SECONDS", 0.4)

    def never(request: object) -> Response:
        time.sleep(1.5)
        return Response("{}", 200)

    model_server.http.clear()
    model_server.http.expect_request("/v1/chat/completions").respond_with_handler(never)
    for streaming in (True, False):
        _, told, outcome, attempts = speak(model_server.base_url, streaming=streaming)
        mode = "stream" if streaming else "whole"
        table.append(("never answers", mode, outcome, str(attempts), "offers embedded", "", "", ""))
        assert (outcome, attempts) == ("timeout", ATTEMPTS)
        assert "in time" in told


def test_an_error_event_in_a_stream(model_server: ModelServer) -> None:
    model_server.default = lambda body: Reply(
        raw='data: {"error": {"message": "the worker died"}}\n\n'
    )
    _, _, outcome, attempts = speak(model_server.base_url)
    table.append(("error event", "stream", outcome, str(attempts), "offers embedded", "", "", ""))
    assert (outcome, attempts) == ("server_error", ATTEMPTS)


def test_a_context_overflow_is_tried_once_with_less_history(model_server: ModelServer) -> None:
    model_server.default = lambda body: error(400, code="context_length_exceeded")
    _, told, outcome, attempts = speak(model_server.base_url)
    table.append(("context overflow", "stream", outcome, "2", "offers embedded", "", "", ""))
    assert (outcome, attempts) == ("context_overflow", 2)
    assert "context" in told


@pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "whole"])
def test_what_passes_by_itself_is_not_noticed(model_server: ModelServer, streaming: bool) -> None:
    model_server.add(error(500), error(429, Retry_After="0"))
    model_server.default = lambda body: Reply("Who reads it?")
    spoken, told, outcome, attempts = speak(model_server.base_url, streaming=streaming)
    mode = "stream" if streaming else "whole"
    table.append(("500, 429, then well", mode, outcome, str(attempts), "asks", "", "", ""))
    assert (spoken, told, outcome, attempts) == ("Who reads it?", "", "ok", 3)


def test_retry_after_is_honoured(model_server: ModelServer) -> None:
    model_server.add(error(429, Retry_After="1"))
    model_server.default = lambda body: Reply("Who reads it?")
    began = time.monotonic()
    assert speak(model_server.base_url)[2] == "ok"
    assert time.monotonic() - began >= 1.0


def test_tool_round_and_retries_share_the_attempts_of_a_turn(model_server: ModelServer) -> None:
    model_server.add(error(500), error(500))
    model_server.add(Reply(tool_calls=(("search_knowledge", {"query": "x"}),), finish="tool_calls"))
    spoken, told, _, attempts = speak(model_server.base_url)
    assert attempts == len(model_server.requests) == ATTEMPTS
    assert (spoken, told) == (DECISION.text, "")


def test_the_judge_in_prose_costs_one_repair_and_no_more(model_server: ModelServer) -> None:
    model_server.default = lambda body: Reply("A solid answer, seven out of ten.")
    judge = Judge(model_at(model_server.base_url), lambda citation: "")
    judgement = judge.judge(one_request())
    requests = str(len(model_server.requests))
    table.append(("prose for JSON", "stream", "", "", "", "unusable", requests, "unscored"))
    assert {each.verdict for each in judgement.grading.verdicts} == {"unscored"}
    assert len(model_server.requests) == 2


def test_a_key_is_in_no_record_and_no_message(model_server: ModelServer) -> None:
    from pydantic import SecretStr

    from app.llm.endpoint import Endpoint
    from app.llm.model import Model

    known = model_at(model_server.base_url)
    keyed = Endpoint(model_server.base_url, "fake", SecretStr("sk-canary-123"))
    model_server.default = lambda body: error(401, message="Incorrect key provided: sk-canary-123")
    judge = Judge(Model(keyed, known.capabilities), lambda citation: "")
    judgement = judge.judge(one_request())
    written = json.dumps([call.use.model_dump() for call in judgement.calls])
    written += "".join(call.prompt + call.reply for call in judgement.calls)
    written += judgement.grading.model_dump_json() + str(judgement.failure) + repr(keyed)
    assert "sk-canary" not in written
