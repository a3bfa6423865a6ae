"""The policy as a table: what was found, what is asked next, and why."""

from __future__ import annotations

import pytest

from app.catalog import default_catalog
from app.domain.assessment import CriterionVerdict, Grading, MisconceptionFinding
from app.domain.content import Item, Rubric
from app.domain.session import Question, Turn
from app.grading.score import GradedAnswer, assess
from app.interview.follow_up import Limits, decide_follow_up
from tests.factories import START

CATALOG = default_catalog()
ITEM: Item = CATALOG.item("anomaly-detection-system")
RUBRIC: Rubric = CATALOG.rubric(ITEM.rubric)
ALL = {criterion.id for criterion in RUBRIC.criteria}


def limits(**changes: object) -> Limits:
    values = {"level": "principal", "answers_left": 6, "seconds_left": 600.0, "last_item": True}
    return Limits.model_validate({**values, **changes})


def assessed(met: set[str], wrong: tuple[str, ...] = ()):
    verdicts = tuple(
        CriterionVerdict(
            criterion_id=criterion.id,
            verdict="met" if criterion.id in met else "missed",
            quote="quote" if criterion.id in met else "",
            rationale="because",
        )
        for criterion in RUBRIC.criteria
    )
    findings = tuple(
        MisconceptionFinding(misconception_id=name, quote="wrong", confidence=0.9) for name in wrong
    )
    grading = Grading(grader="test", verdicts=verdicts, misconceptions=findings)
    return assess(RUBRIC, [GradedAnswer(turn_id="t1", grading=grading)])


def turn(**question: object) -> Turn:
    asked = Question.model_validate({"kind": "opening", "text": "?", **question})
    return Turn(id="t", item_index=0, question=asked, asked_at=START, answer="answer")


def test_time_up_finishes() -> None:
    decision = decide_follow_up(ITEM, RUBRIC, assessed(set()), [turn()], limits(seconds_left=0))
    assert decision.action == "finish"
    assert "time" in decision.reason


@pytest.mark.parametrize(("last", "action"), [(True, "finish"), (False, "next_question")])
def test_no_answers_left_leaves_the_item(last: bool, action: str) -> None:
    decision = decide_follow_up(
        ITEM, RUBRIC, assessed(set()), [turn()], limits(answers_left=0, last_item=last)
    )
    assert decision.action == action


def test_a_misconception_is_challenged_before_anything_is_probed_and_only_once() -> None:
    wrong = RUBRIC.misconceptions[0]
    decision = decide_follow_up(
        ITEM, RUBRIC, assessed(set(), wrong=(wrong.id,)), [turn()], limits()
    )
    assert decision.action == "challenge"
    assert decision.text == wrong.probe
    again = decide_follow_up(
        ITEM,
        RUBRIC,
        assessed(set(), wrong=(wrong.id,)),
        [turn(), turn(kind="challenge", misconception_id=wrong.id)],
        limits(),
    )
    assert again.action == "probe"


def test_a_critical_misconception_is_challenged_first() -> None:
    critical = next(each for each in RUBRIC.misconceptions if each.critical)
    others = tuple(each.id for each in RUBRIC.misconceptions if not each.critical)
    decision = decide_follow_up(
        ITEM, RUBRIC, assessed(set(), wrong=(*others, critical.id)), [turn()], limits()
    )
    assert decision.misconception_id == critical.id


def test_the_first_open_stage_is_probed_first_and_the_reason_names_what_is_open() -> None:
    decision = decide_follow_up(ITEM, RUBRIC, assessed(set()), [turn()], limits())
    assert decision.action == "probe"
    assert decision.dimension == "context"
    assert "Context is open" in decision.reason


def test_a_stage_that_is_met_is_passed_over() -> None:
    met = {each.id for each in RUBRIC.criteria if each.dimension in ("context", "problem")}
    decision = decide_follow_up(ITEM, RUBRIC, assessed(met), [turn()], limits())
    assert decision.dimension == "solution"


def test_few_answers_left_reach_every_open_stage_once() -> None:
    turns = [turn()]
    seen: list[str | None] = []
    for left in range(5, 0, -1):
        decision = decide_follow_up(ITEM, RUBRIC, assessed(set()), turns, limits(answers_left=left))
        seen.append(decision.dimension)
        turns.append(
            turn(
                kind=decision.kind,
                dimension=decision.dimension,
                follow_up_id=decision.follow_up_id,
            )
        )
    assert seen == ["context", "problem", "solution", "tradeoffs", "production"]


def test_no_question_is_asked_twice_until_the_item_is_left() -> None:
    turns = [turn()]
    asked: list[str] = []
    while True:
        decision = decide_follow_up(ITEM, RUBRIC, assessed(set()), turns, limits())
        if decision.action == "finish":
            break
        asked.append(decision.text)
        turns.append(
            turn(
                kind=decision.kind,
                dimension=decision.dimension,
                follow_up_id=decision.follow_up_id,
            )
        )
    assert len(asked) == len(set(asked)) >= 5
    assert "Nothing is left" in decision.reason


def test_a_strong_answer_gets_depth_or_a_changed_constraint_for_senior_roles_and_up() -> None:
    deeper = decide_follow_up(ITEM, RUBRIC, assessed(ALL), [turn()], limits())
    assert deeper.action == "probe"
    senior = decide_follow_up(ITEM, RUBRIC, assessed(ALL), [turn()], limits(level="senior"))
    assert senior.action == "finish"


def test_a_question_asked_in_any_case_does_not_claim_that_its_stage_is_covered() -> None:
    always = next(each for each in ITEM.follow_ups if each.when == "always")
    item = ITEM.model_copy(update={"follow_ups": (always,)})
    turns = [turn(kind="probe", dimension=always.dimension) for _ in range(2)]
    decision = decide_follow_up(item, RUBRIC, assessed(set()), turns, limits())
    assert decision.follow_up_id == always.id
    assert "covered" not in decision.reason
