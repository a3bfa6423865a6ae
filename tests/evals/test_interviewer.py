from __future__ import annotations

from app.domain.session import Question, Session
from app.sessions.events import QuestionAsked, fold
from evals.interviewer import (
    CANARY,
    Transcript,
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
