from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from app.domain.session import Plan, PlannedItem, Session
from app.errors import ModelError
from app.grading.embedded import EmbeddedGrader
from app.grading.evidence import find_quote
from app.grading.judge import Judge
from app.interview.agent import AgentInterviewer
from app.interview.engine import Engine, last
from app.interview.graders import Embedded
from app.interview.scripted import ScriptedInterviewer
from app.sessions.events import InterviewerChanged
from app.sessions.store import SessionStore
from tests.llm.model_server import Body, ModelServer, Reply
from tests.llm.models import model_at, scenario

ANSWER = (
    "I would put an isolation forest on every metric and page the on-call engineer for each "
    "anomaly that it finds, because an anomaly is an incident that nobody has noticed yet."
)
QUESTION = (
    "You page for every anomaly it finds. What does the engineer do with one at three at night?"
)


@pytest.fixture(scope="module")
def http() -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as started:
        yield started


@pytest.fixture
def server(http: HTTPServer) -> Iterator[ModelServer]:
    http.clear()
    yield ModelServer(http, default=speak_and_judge)
    for thread in threading.enumerate():
        if thread.name == "judge":  # or it would ask the next test's server
            thread.join()


def is_judge(body: Body) -> bool:
    return "You grade one answer" in body["messages"][0]["content"]


def missed(body: Body) -> Reply:
    """A checklist without credit, in the shape that the request asks for."""
    schema = body["response_format"]["json_schema"]["schema"]
    ids = schema["properties"]["criteria"]["required"]
    check = {"quote": "", "rationale": "It is not said.", "verdict": "missed", "confidence": 0.9}
    return Reply(json.dumps({"criteria": dict.fromkeys(ids, check), "misconceptions": []}))


def speak_and_judge(body: Body) -> Reply:
    return missed(body) if is_judge(body) else Reply(QUESTION)


def plan_for(*names: str, max_answers: int = 8) -> Plan:
    planned = []
    for name in names or ("anomaly-detection-system",):
        item, rubric = scenario(name)
        planned.append(
            PlannedItem(
                item=item, rubric=rubric, rubric_hash=rubric.content_hash, max_answers=max_answers
            )
        )
    return Plan(
        id="plan",
        title="Plan",
        kind="scenario",
        level="principal",
        minutes=240,
        items=tuple(planned),
    )


def engine_at(server: ModelServer, folder: Path, **capabilities: Any) -> Engine:
    model = model_at(server.base_url, **capabilities)
    scripted = ScriptedInterviewer()
    return Engine(
        SessionStore(f"sqlite:///{folder / 'sessions.db'}", folder),
        AgentInterviewer(model, lambda query: ["Alert budgets bound what may page."], scripted),
        Judge(model, lambda citation: "A passage."),
        embedded=Embedded(scripted, EmbeddedGrader()),
    )


def begun(engine: Engine, plan: Plan | None = None) -> Session:
    return last(engine.start(plan or plan_for())).session


def answered(engine: Engine, session: Session, text: str = ANSWER) -> Session:
    assert session.current_turn is not None
    return last(engine.message(session, session.current_turn.id, text)).session


def spoken_requests(server: ModelServer) -> list[Body]:
    return [body for body in server.requests if not is_judge(body)]


def test_the_opening_costs_no_call_and_a_follow_up_costs_two(
    server: ModelServer, tmp_path: Path
) -> None:
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    assert server.requests == []
    session = answered(engine, session)
    assert session.turns[-1].question.text == QUESTION
    assert session.turns[0].reading is not None
    engine.graders.judging.wait(session.id)  # type: ignore[union-attr]
    session = engine.store.load(session.id)
    assert session.turns[0].grading is not None
    assert session.turns[0].grading.grader.startswith("judge/fake")
    assert [use.purpose for use in session.model_uses] == ["interviewer", "judge"]
    assert len(server.requests) == 2


def test_the_question_streams(server: ModelServer, tmp_path: Path) -> None:
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    assert session.current_turn is not None
    states = list(engine.message(session, session.current_turn.id, ANSWER))
    speaking = [step.text for step in states if step.state == "speaking"]
    assert len(speaking) > 3
    assert speaking[-1] == QUESTION


def test_a_server_that_does_not_stream_serves_as_well(server: ModelServer, tmp_path: Path) -> None:
    engine = engine_at(server, tmp_path, streaming=False)
    session = answered(engine, begun(engine))
    assert session.turns[-1].question.text == QUESTION
    assert not server.requests[0].get("stream")


def test_rubric_exemplars_and_verdicts_are_never_sent_to_the_interviewer(
    server: ModelServer, tmp_path: Path
) -> None:
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    for _ in range(4):
        session = answered(engine, session)
    item, rubric = scenario()
    sent = json.dumps(spoken_requests(server), ensure_ascii=False)
    secrets = [
        text
        for each in rubric.criteria
        for text in (each.statement, each.counts, each.does_not_count, *each.meets)
    ]
    secrets += [text for each in item.exemplars.values() for text in each.split("\n\n")]
    secrets += [each.claim for each in rubric.misconceptions]
    leaked = [text for text in secrets if text[:60] in sent]
    assert leaked == []
    assert "AD-1" not in sent


def test_a_clarifying_question_is_answered_with_the_fact_even_if_the_model_does_not_tell_it(
    server: ModelServer, tmp_path: Path
) -> None:
    server.default = lambda body: Reply("It depends.")
    engine = engine_at(server, tmp_path)
    item, _ = scenario()
    fact = item.facts[0]
    session = answered(engine, begun(engine), fact.question)
    (clarification,) = session.turns[0].clarifications
    assert clarification.fact_ids[0] == fact.id
    assert fact.answer in (clarification.reply or "")
    assert fact.answer in server.requests[0]["messages"][1]["content"]
    assert session.current_turn is not None
    assert session.current_turn.is_open


def test_a_fact_can_be_revealed_by_the_tool_in_one_more_call(
    server: ModelServer, tmp_path: Path
) -> None:
    item, _ = scenario()
    fact = item.facts[-1]
    server.add(Reply(tool_calls=(("reveal_fact", {"fact_id": fact.id}),), finish="tool_calls"))
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    assert fact.id in session.turns[-1].question.fact_ids
    second = spoken_requests(server)[1]
    assert second["tool_choice"] == "none"
    assert fact.answer in json.dumps(second["messages"], ensure_ascii=False)
    assert session.turns[-1].question.text == QUESTION


def test_facts_are_listed_only_where_the_candidate_asks(
    server: ModelServer, tmp_path: Path
) -> None:
    engine = engine_at(server, tmp_path)
    fact = scenario()[0].facts[-1]
    answered(engine, begun(engine))
    answered(engine, begun(engine), f"{ANSWER} May I ask something about the teams?")
    quiet, asking = (json.dumps(body["messages"]) for body in spoken_requests(server))
    assert fact.question not in quiet
    assert f"{fact.id}: {fact.question}" in asking


def test_a_model_that_talks_on_and_on_is_cut_off(server: ModelServer, tmp_path: Path) -> None:
    monologue = " ".join(f"Point {number} is that pages cost sleep." for number in range(400))
    server.default = lambda body: missed(body) if is_judge(body) else Reply(monologue)
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    question = session.turns[-1].question
    assert question.interrupted
    assert 1500 < len(question.text) < 1700


def test_a_note_beside_the_question_costs_no_further_call_and_keeps_a_true_quote(
    server: ModelServer, tmp_path: Path
) -> None:
    note = {"observation": "Pages for everything.", "quote": "page the on-call engineer"}
    invented = {"observation": "Mentions budgets.", "quote": "an error budget of two pages"}
    server.add(
        Reply(QUESTION, (("note_observation", note), ("note_observation", invented)), "tool_calls")
    )
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    assert [(each.text, each.quote) for each in session.notes] == [
        ("Pages for everything.", "page the on-call engineer"),
        ("Mentions budgets.", ""),
    ]
    assert session.notes[0].turn_id == session.turns[0].id
    assert session.turns[-1].question.text == QUESTION
    assert len(spoken_requests(server)) == 1


def test_notes_keep_the_order_of_the_reply_however_long_one_takes(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_at_first(quote: str, text: str) -> str | None:
        time.sleep(0.3 if quote == "page the on-call engineer" else 0)
        return find_quote(quote, text)

    monkeypatch.setattr("app.interview.agent.find_quote", slow_at_first)
    notes = [
        {"observation": "Pages for everything.", "quote": "page the on-call engineer"},
        {"observation": "Mentions budgets.", "quote": ""},
        {"observation": "Names no owner.", "quote": ""},
    ]
    server.add(
        Reply(QUESTION, tuple(("note_observation", note) for note in notes), "tool_calls"),
    )
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    assert [each.text for each in session.notes] == [note["observation"] for note in notes]


def test_notes_already_taken_are_shown_once_there_are_any(
    server: ModelServer, tmp_path: Path
) -> None:
    note = {"observation": "Pages for everything.", "quote": "page the on-call engineer"}
    server.add(Reply(QUESTION, (("note_observation", note),), "tool_calls"))
    engine = engine_at(server, tmp_path)
    answered(engine, answered(engine, begun(engine)))
    first, second = (body["messages"][1]["content"] for body in spoken_requests(server))
    assert "# Notes you took" not in first
    assert "# Notes you took\n- Pages for everything." in second


def test_facts_asked_for_within_an_answer_are_told_and_are_not_the_next_question(
    server: ModelServer, tmp_path: Path
) -> None:
    item, _ = scenario()
    fact = item.facts[0]
    server.add(Reply(f"{fact.answer}\n\n{QUESTION}"))
    server.default = lambda body: missed(body) if is_judge(body) else Reply(QUESTION)
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine), f"{ANSWER} {ANSWER} {fact.question}")
    assert fact.id in session.turns[-1].question.fact_ids
    answered(engine, session)
    first, second = (body["messages"][1]["content"] for body in spoken_requests(server))
    assert fact.answer in first
    assert "have them assume one" in first
    assert second.count(fact.answer) == 1, "once, among the facts they know"


def test_tools_are_called_in_one_round_only(server: ModelServer, tmp_path: Path) -> None:
    again = Reply(
        tool_calls=(("search_knowledge", {"query": "alert budget"}),), finish="tool_calls"
    )
    server.default = lambda body: missed(body) if is_judge(body) else again
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    assert len(spoken_requests(server)) == 2
    assert session.turns[-1].question.text, "the decided question is asked all the same"


def test_the_interviewer_may_end_when_it_is_asked_to(server: ModelServer, tmp_path: Path) -> None:
    server.add(
        Reply("We stop here, then.", (("end_interview", {"reason": "asked"}),), "tool_calls")
    )
    engine = engine_at(server, tmp_path)
    session = answered(
        engine, begun(engine), "I want to stop the interview now, please end it here."
    )
    assert session.finish_reason == "ended_by_interviewer"


def test_stop_ends_a_stream_within_a_second_and_keeps_its_text(
    server: ModelServer, tmp_path: Path
) -> None:
    server.add(Reply("word " * 60, pause=0.2))
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    assert session.current_turn is not None
    stopped_at = 0.0
    for step in engine.message(session, session.current_turn.id, ANSWER):
        if step.state == "speaking" and not stopped_at:
            stopped_at = time.monotonic()
            engine.stop(session.id)
        session = step.session
    assert 0.0 < time.monotonic() - stopped_at < 1.0
    question = session.turns[-1].question
    assert question.interrupted
    assert question.text.startswith("word word")
    assert session.model_uses[0].outcome == "stopped"


def test_a_page_that_is_closed_keeps_the_text_of_the_stream(
    server: ModelServer, tmp_path: Path
) -> None:
    server.add(Reply("word " * 200, pause=0.05))
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    assert session.current_turn is not None
    steps = engine.message(session, session.current_turn.id, ANSWER)
    for step in steps:
        if len(step.text) > 20:
            break
    began = time.monotonic()
    steps.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 1.0
    session = engine.store.load(session.id)
    assert session.turns[-1].question.interrupted
    assert session.turns[-1].question.text.startswith("word")


def test_a_stream_that_breaks_keeps_its_text_marked_interrupted(
    server: ModelServer, tmp_path: Path
) -> None:
    server.add(Reply(QUESTION, finish=None))
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    assert session.turns[-1].question.interrupted
    assert session.turns[-1].question.text == QUESTION


def test_a_dead_endpoint_offers_the_embedded_interviewer_and_changes_nothing_silently(
    server: ModelServer, tmp_path: Path
) -> None:
    server.default = lambda body: Reply(status=401)
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    with pytest.raises(ModelError, match="embedded interviewer"):
        answered(engine, session)
    session = engine.store.load(session.id)
    assert session.turns[0].answer == ANSWER
    assert len(session.turns) == 1
    assert session.notices == ()
    assert session.model_uses[-1].outcome == "unauthorized"
    session = last(engine.use_embedded(session)).session
    assert session.interviewer == "embedded"
    assert "not used any more" in session.notices[0]
    assert len(session.turns) == 2
    assert session.turns[0].grading is not None
    assert session.turns[0].grading.grader.startswith("embedded")
    asked = len(server.requests)
    session = answered(engine, session)
    assert len(session.turns) == 3
    assert len(server.requests) == asked


def test_going_without_the_model_keeps_what_the_judge_decided(
    server: ModelServer, tmp_path: Path
) -> None:
    """The embedded grader is asked for the rest only."""
    quote = "page the on-call engineer"
    held = {"quote": quote, "rationale": "Said.", "verdict": "met", "confidence": 0.9}

    def all_but_one(body: Body) -> Reply:
        if not is_judge(body):
            return Reply(QUESTION)
        ids = body["response_format"]["json_schema"]["schema"]["properties"]["criteria"]["required"]
        checks = dict.fromkeys(ids if len(ids) > 1 else (), held)
        checks.pop(scenario()[1].criteria[0].id, None)
        return Reply(json.dumps({"criteria": checks, "misconceptions": []}))

    server.default = all_but_one
    engine = engine_at(server, tmp_path)
    session = last(engine.finish(answered(engine, begun(engine)))).session
    judged = session.turns[0].grading
    assert judged is not None
    assert [each.verdict for each in judged.verdicts].count("unscored") == 1
    session = last(engine.use_embedded(session)).session
    asked = len(server.requests)
    grading = engine.grade_pending(session).turns[0].grading
    assert grading is not None
    assert grading.verdicts[1:] == judged.verdicts[1:]
    assert grading.verdicts[0] != judged.verdicts[0]
    assert grading.grader == f"{judged.grader}, then {EmbeddedGrader().name}"
    assert engine.grade_pending(session).turns[0].grading == grading
    assert len(server.requests) == asked


def test_a_new_release_of_the_embedded_grader_sends_nobody_back_to_the_model(
    server: ModelServer, tmp_path: Path
) -> None:
    engine = engine_at(server, tmp_path)
    session = last(engine.use_embedded(begun(engine))).session
    older = InterviewerChanged(
        at=session.updated_at, interviewer="embedded", grader="embedded/0", notice="An old release."
    )
    engine.store.append(session, [older])
    session = last(engine.resume(session.id)).session
    session = answered(engine, session)
    assert server.requests == []
    assert session.notices[-1] == "An old release."
    assert session.turns[0].grading is not None


def test_a_question_whose_reply_failed_is_asked_once_and_overtaken_by_the_answer(
    server: ModelServer, tmp_path: Path
) -> None:
    server.add(*(Reply(status=401) for _ in range(3)))
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    first, second = (fact.question for fact in scenario()[0].facts[:2])
    for text in (first, first, second):
        with pytest.raises(ModelError):
            answered(engine, session, text)
    session = engine.store.load(session.id)
    assert [each.asked for each in session.turns[0].clarifications] == [first, second]
    session = answered(engine, session)
    assert session.turns[0].reading is not None
    assert session.turns[1].is_open


def test_all_questions_whose_replies_failed_are_answered_by_trying_again(
    server: ModelServer, tmp_path: Path
) -> None:
    server.add(Reply(status=401), Reply(status=401))
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    asked = [fact.question for fact in scenario()[0].facts[:2]]
    for text in asked:
        with pytest.raises(ModelError):
            answered(engine, session, text)
    turn = answered(engine, session, asked[0]).turns[0]
    assert [each.asked for each in turn.clarifications] == asked
    assert all(each.reply for each in turn.clarifications)


def test_trying_again_goes_on_where_it_stopped(server: ModelServer, tmp_path: Path) -> None:
    server.add(Reply(status=401))
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    with pytest.raises(ModelError):
        answered(engine, session)
    session = answered(engine, session)
    assert [turn.answer for turn in session.turns] == [ANSWER, None]


def test_a_killed_judgement_is_made_up_for_at_resume(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_at(server, tmp_path)
    # As if the process had been killed before the judge began.
    monkeypatch.setattr(engine.graders.judging, "start", lambda session: None)
    session = begun(engine)
    session = answered(engine, session)
    assert session.turns[0].grading is None
    again = engine_at(server, tmp_path)
    session = last(again.resume(session.id)).session
    session = last(again.finish(session)).session
    assert session.turns[0].grading is not None
    assert session.turns[0].grading.grader.startswith("judge/")


def test_what_could_not_be_graded_says_why_and_can_be_graded_again(
    server: ModelServer, tmp_path: Path
) -> None:
    server.default = lambda body: Reply("Prose.") if is_judge(body) else Reply(QUESTION)
    engine = engine_at(server, tmp_path)
    session = last(engine.finish(answered(engine, begun(engine)))).session
    grading = session.turns[0].grading
    assert grading is not None
    assert engine.store.list().rows[0].overall is None
    assert {each.verdict for each in grading.verdicts} == {"unscored"}
    assert "JSON" in grading.verdicts[0].rationale
    server.default = speak_and_judge
    session = engine.grade_pending(session)
    grading = session.turns[0].grading
    assert grading is not None
    assert {each.verdict for each in grading.verdicts} == {"missed"}
    assert engine.store.list().rows[0].overall == 1
    asked = len(server.requests)
    assert engine.grade_pending(session).turns[0].grading == grading
    assert len(server.requests) == asked


def test_grades_that_arrive_beside_an_answer_are_no_conflict(
    server: ModelServer, tmp_path: Path
) -> None:
    def slow(body: Body) -> Reply:
        if is_judge(body):
            time.sleep(0.3)
        return speak_and_judge(body)

    server.default = slow
    engine = engine_at(server, tmp_path)
    session = begun(engine)
    for _ in range(5):
        session = answered(engine, session)
    session = last(engine.finish(session)).session
    grades = [event for event in engine.store.events(session.id) if event.kind == "answer_graded"]
    final = [event.turn_id for event in grades if not event.provisional]
    assert sorted(final) == sorted({turn.id for turn in session.turns if turn.answer})


def test_a_context_that_is_too_small_gets_less_history(server: ModelServer, tmp_path: Path) -> None:
    overflow = {"error": {"message": "too long", "code": "context_length_exceeded"}}
    engine = engine_at(server, tmp_path)
    sizes: list[int] = []

    def small(body: Body) -> Reply:
        if is_judge(body):
            return missed(body)
        sizes.append(len(json.dumps(body["messages"])))
        return Reply(status=400, error=overflow) if sizes[-1] > 6000 else Reply(QUESTION)

    server.default = small
    session = answered(engine, begun(engine), f"{ANSWER} " * 40)
    assert session.turns[-1].question.text == QUESTION
    assert len(sizes) == 2
    assert sizes[1] < sizes[0] - 2000


def test_thoughts_of_a_reasoning_model_are_not_spoken(server: ModelServer, tmp_path: Path) -> None:
    server.add(Reply(f"<think>They are wrong about paging.</think>\n\n{QUESTION}", piece=3))
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    assert session.turns[-1].question.text == QUESTION


def test_resuming_with_another_interviewer_is_told(server: ModelServer, tmp_path: Path) -> None:
    engine = engine_at(server, tmp_path)
    session = answered(engine, begun(engine))
    last(engine.finish(session))
    session = begun(engine)
    scripted = Engine(engine.store, ScriptedInterviewer(), EmbeddedGrader())
    session = last(scripted.resume(session.id)).session
    assert session.notices[0].startswith("So far the interviewer was fake/")
    assert session.interviewer == "embedded"
    assert len(last(scripted.resume(session.id)).session.notices) == 1
