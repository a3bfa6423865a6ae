"""The loop, with a real store and the embedded interviewer and grader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.catalog import default_catalog
from app.domain.content import SeniorityLevel
from app.domain.session import Session
from app.errors import BadInput, StoreConflict, UsageError
from app.grading.embedded import EmbeddedGrader
from app.interview.assessing import assess_item
from app.interview.engine import Engine, last
from app.interview.facts import is_clarifying
from app.interview.plans import make_plan
from app.interview.scripted import NOT_KNOWN, ScriptedInterviewer
from app.sessions.events import AnswerGiven, SessionEvent, fold
from app.sessions.store import SessionStore
from app.ui.view import hints_left
from tests.factories import START

ANSWER = (
    "The goal is fewer useless pages and faster detection, not more anomalies. Two pages a shift "
    "for sixty teams is the budget, and from it I derive the false positive rate per window."
)


class Clock:
    """A clock that moves one second at each look, or as told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    store = SessionStore(f"sqlite:///{tmp_path / 'sessions.db'}", tmp_path)
    yield Engine(store, ScriptedInterviewer(), EmbeddedGrader(), clock=clock)
    store.close()


def begin(
    engine: Engine,
    choice: str = "false-positives-vs-false-negatives",
    level: SeniorityLevel = "principal",
) -> Session:
    return last(engine.start(make_plan(default_catalog(), choice, level))).session


def say(engine: Engine, session: Session, text: str = ANSWER) -> Session:
    assert session.current_turn is not None
    return last(engine.message(session, session.current_turn.id, text)).session


def test_an_interview_opens_asks_follow_ups_and_ends_without_repeating_itself(
    engine: Engine,
) -> None:
    session = begin(engine)
    while session.status == "interviewing":
        session = say(engine, session)
    questions = [turn.question.text for turn in session.turns]
    assert len(questions) == session.plan.items[0].max_answers
    assert len(set(questions)) == len(questions)
    assert all(turn.grading is not None for turn in session.turns)
    assert all(turn.question.reason for turn in session.turns)
    assert session.finish_reason == "completed"


def test_the_stored_events_fold_to_the_live_state(engine: Engine) -> None:
    session = say(engine, begin(engine))
    assert fold(session.id, engine.store.events(session.id)) == session


def test_the_answer_is_stored_before_it_is_graded(engine: Engine) -> None:
    session = begin(engine)
    assert session.current_turn is not None
    steps = engine.message(session, session.current_turn.id, ANSWER)
    assert next(steps).state == "saved"
    stored: list[SessionEvent] = list(engine.store.events(session.id))
    assert isinstance(stored[-1], AnswerGiven)
    assert stored[-1].text == ANSWER


def test_a_turn_cut_off_anywhere_is_taken_up_where_it_stopped(engine: Engine) -> None:
    session = begin(engine)
    assert session.current_turn is not None
    steps = engine.message(session, session.current_turn.id, ANSWER)
    next(steps)
    steps.close()
    resumed = last(engine.resume(session.id)).session
    assert resumed.turns[0].grading is not None
    assert len(resumed.turns) == 2
    again = last(engine.resume(session.id)).session
    assert [turn.id for turn in again.turns] == [turn.id for turn in resumed.turns]


def test_sending_the_same_answer_twice_counts_once(engine: Engine) -> None:
    session = begin(engine)
    first = session.current_turn
    assert first is not None
    session = say(engine, session)
    again = last(engine.message(session, first.id, ANSWER)).session
    assert again == session


def test_another_answer_to_an_answered_question_is_refused(engine: Engine) -> None:
    session = begin(engine)
    first = session.current_turn
    assert first is not None
    session = say(engine, session)
    with pytest.raises(StoreConflict, match="still in the box"):
        last(engine.message(session, first.id, "Something else, from another tab."))


def test_a_clarifying_question_is_answered_from_the_facts_and_is_no_answer(engine: Engine) -> None:
    session = begin(engine, "anomaly-detection-system")
    fact = session.plan.items[0].item.facts[0]
    session = say(engine, session, fact.question)
    turn = session.current_turn
    assert turn is not None
    assert turn.is_open
    assert turn.clarifications[0].reply == fact.answer
    assert turn.clarifications[0].fact_ids == (fact.id,)
    repeated = say(engine, session, fact.question).current_turn
    assert repeated is not None
    assert repeated.clarifications[1].reply == f"As I said: {fact.answer}"


def test_a_question_no_fact_answers_gets_the_advice_to_assume(engine: Engine) -> None:
    session = say(engine, begin(engine), "What colour is the office carpet?")
    assert session.turns[0].clarifications[0].reply == NOT_KNOWN


@pytest.mark.parametrize(
    ("text", "clarifying"),
    [
        ("How many services are there?", True),
        ("Thanks. Before I design: who gets paged? And how often?", True),
        (
            "What decides this design? The page budget does, so I derive the rate from it first.",
            False,
        ),
        ("I would page on burn rate.", False),
        ("Is two pages a shift right? " + "I would build on that number. " * 8, False),
    ],
)
def test_what_mostly_asks_is_a_question(text: str, clarifying: bool) -> None:
    assert is_clarifying(text) is clarifying


def test_undo_keeps_the_answer_as_an_earlier_one_and_withdraws_what_followed(
    engine: Engine,
) -> None:
    session = say(engine, begin(engine))
    followed = session.turns[1]
    session = engine.reopen(session, session.turns[0].id)
    assert session.turns[0].is_open
    assert session.turns[0].earlier_answers == (ANSWER,)
    assert session.withdrawn == (followed,)
    session = say(engine, session, ANSWER + " Better.")
    assert session.turns[0].answer == ANSWER + " Better."


def test_a_skipped_question_is_passed_over_without_a_grade(engine: Engine) -> None:
    session = begin(engine)
    assert session.current_turn is not None
    session = last(engine.skip(session, session.current_turn.id)).session
    assert session.turns[0].skipped
    assert session.turns[0].grading is None
    assert len(session.turns) == 2


def test_a_skipped_challenge_caps_what_a_strong_answer_reaches(engine: Engine) -> None:
    session = begin(engine, "anomaly-detection-system")
    item, rubric = session.plan.items[0].item, session.plan.items[0].rubric
    wrong = next(each for each in rubric.misconceptions if each.critical)
    session = say(engine, session, f"{item.exemplars['principal']}\n\n{wrong.examples[0]}")
    challenge = session.current_turn
    assert challenge is not None
    assert challenge.question.misconception_id == wrong.id
    session = last(engine.skip(session, challenge.id)).session
    parts = {each.dimension: each for each in assess_item(session, 0).dimensions}
    assert "stood after the probe" in " ".join(parts[wrong.dimension].notes)


def test_hints_of_an_opening_go_stage_by_stage_from_vague_to_plain_and_end(engine: Engine) -> None:
    session = begin(engine, "anomaly-detection-system")
    assert session.current_turn is not None
    turn_id = session.current_turn.id
    planned = session.plan.items[0]
    steps = []
    for left in range(sum(len(ladder) for ladder in planned.item.hints.values()), 0, -1):
        assert hints_left(session) == left
        session, hint = engine.hint(session, turn_id)
        steps.append((hint.dimension, hint.step))
    assert steps == [(each.id, step) for each in planned.rubric.dimensions for step in (1, 2, 3)]
    with pytest.raises(UsageError, match="no more hints"):
        engine.hint(session, turn_id)


def test_a_finished_interview_takes_neither_a_skip_nor_a_hint(engine: Engine) -> None:
    session = last(engine.finish(begin(engine))).session
    turn_id = session.turns[0].id
    assert last(engine.skip(session, turn_id)).session == session
    with pytest.raises(UsageError, match="still open"):
        engine.hint(session, turn_id)


def test_the_clock_stands_still_while_paused_and_while_away(engine: Engine, clock: Clock) -> None:
    session = engine.pause(begin(engine))
    clock.now += timedelta(hours=1)
    session = engine.unpause(session)
    clock.now += timedelta(hours=8)
    session = last(engine.resume(session.id)).session
    assert session.active_seconds < 10


def test_a_clock_that_goes_backwards_takes_no_time_away(engine: Engine, clock: Clock) -> None:
    session = begin(engine)
    clock.now -= timedelta(hours=3)
    session = say(engine, session)
    assert 0 <= session.active_seconds < 10


def test_time_up_ends_the_interview_after_the_answer_is_graded(
    engine: Engine, clock: Clock
) -> None:
    session = begin(engine)
    clock.now += timedelta(hours=2)
    session = say(engine, session)
    assert session.finish_reason == "out_of_time"
    assert session.turns[0].grading is not None


@pytest.mark.parametrize(
    ("text", "mend"),
    [("  \n", "no text"), ("x" * 60_000, "60,000 characters"), ("PK\x00\x01", "binary")],
)
def test_an_unusable_answer_is_refused_with_the_mend(engine: Engine, text: str, mend: str) -> None:
    session = begin(engine)
    with pytest.raises(BadInput, match=mend):
        say(engine, session, text)
    assert engine.store.load(session.id) == session


def test_the_role_changes_the_questions_and_never_the_score(engine: Engine) -> None:
    scores = set()
    for level in ("senior", "staff", "principal"):
        session = say(engine, begin(engine, level=level))
        grading = session.turns[0].grading
        assert grading is not None
        scores.add(tuple(each.verdict for each in grading.verdicts))
    assert len(scores) == 1
