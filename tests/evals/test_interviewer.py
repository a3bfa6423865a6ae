from __future__ import annotations

from pathlib import Path

from app.domain.session import Question, Session
from app.grading.classifier import examples_of
from app.grading.soundness import soundness_examples
from app.interview.wiring import open_engine
from app.sessions.events import QuestionAsked, fold
from app.settings import Settings
from evals.candidates import candidates
from evals.interviewer import (
    CANARY,
    Transcript,
    hold,
    marked_plan,
    no_empty_praise,
    no_leak,
    no_repetition,
    one_question_a_turn,
)
from tests.factories import answered, asked, moment, started
from tests.interview.loops import one_item_plan
from tests.llm.models import scenario

ANSWER = "I would page on the burn of the error budget only."


def transcript(*texts: str) -> Transcript:
    """An interview in which the interviewer said these things."""
    item, rubric = scenario()
    events = [started(one_item_plan()), asked(text=item.opening), answered(ANSWER)]
    said = [
        QuestionAsked(
            at=moment(10.0 + number),
            turn_id=f"q{number}",
            item_index=0,
            question=Question(kind="probe", text=text),
        )
        for number, text in enumerate(texts)
    ]
    session: Session = fold("session", [*events, *said])
    return Transcript(session, item, rubric, "weak")


def test_two_questions_in_a_turn_are_found_and_a_quoted_one_is_not() -> None:
    assert one_question_a_turn(transcript("You said: “why page?” What would you do instead?"))
    assert not one_question_a_turn(transcript("Why page? And who gets it?"))


def test_a_question_asked_twice_is_found() -> None:
    assert no_repetition(transcript("Who reads the ticket queue?", "What does storage cost?"))
    assert not no_repetition(
        transcript("Who reads the ticket queue at night?", "At night, who reads the ticket queue?")
    )


def test_a_leak_is_found_by_the_canary_and_by_the_words() -> None:
    _, rubric = scenario()
    assert no_leak(transcript("Who reads it, and when?"))
    assert not no_leak(transcript(f"Think of {CANARY.title()}."))
    assert not no_leak(transcript(f"Remember: {rubric.criteria[0].statement}"))


def test_what_the_candidate_said_first_is_no_leak() -> None:
    assert no_leak(transcript(f"You said: {ANSWER} Why?"))


def test_praise_is_found_at_the_beginning_only() -> None:
    assert not no_empty_praise(transcript("Great point! Who reads it?"))
    assert not no_empty_praise(transcript("That's a good start. Who reads it?"))
    assert no_empty_praise(transcript("You call it a good proxy. Why is it one?"))


def test_the_canary_leaves_every_classifier_the_one_that_is_shipped() -> None:
    item, rubric = scenario()
    planned = marked_plan(item.id).items[0]
    assert all(CANARY in each.why for each in planned.rubric.criteria)
    assert all(CANARY in text for text in planned.item.exemplars.values())
    assert soundness_examples(planned.rubric) == soundness_examples(rubric)
    for marked, part in zip(planned.rubric.parts, rubric.parts, strict=True):
        assert examples_of(planned.rubric, marked) == examples_of(rubric, part)


def test_no_candidate_says_the_canary(tmp_path: Path) -> None:
    engine = open_engine(Settings(data_dir=tmp_path, embedded=True), "embedded")
    plan = marked_plan("anomaly-detection-system")
    strong = next(each for each in candidates() if each.name == "strong")
    seen = hold(engine, plan, strong)
    assert CANARY not in seen.heard
