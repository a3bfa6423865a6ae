"""Measures of a grader that decides nothing, or of readers who share nothing."""

from __future__ import annotations

import math
import warnings

import pytest

from app.domain.assessment import CriterionVerdict, Grading
from app.grading.grader import GradingRequest
from evals import grading, labels
from evals.gold import GoldSet, WrongClaims, load_gold
from evals.measures import Estimate, accuracy, estimate


class Undecided:
    """A grader that leaves everything unscored and counts what it is asked."""

    name = "undecided/1"

    def __init__(self) -> None:
        self.items: list[str] = []

    def grade(self, request: GradingRequest) -> Grading:
        self.items.append(request.answer)
        return Grading(
            grader=self.name,
            verdicts=tuple(
                CriterionVerdict(criterion_id=each.id, rationale="None.", verdict="unscored")
                for each in request.criteria
            ),
        )


def test_an_estimate_of_nothing_is_nan() -> None:
    nothing = estimate(accuracy, [], [], [])
    assert all(math.isnan(each) for each in (nothing.value, nothing.low, nothing.high))
    assert math.isnan(grading.misconception_measures([])["recall"].value)


def test_a_grader_that_decides_nothing_is_reported_and_never_asked_about_dev(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grader = Undecided()
    monkeypatch.setattr("evals.measures.RESAMPLES", 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        measured = grading.report(grader, "test", limit=2)
    test = {gold.answer for gold, _ in load_gold().split("test")}
    assert len(grader.items) == 2
    assert test.issuperset(grader.items)
    assert measured["levels"]["without a level"] == 2
    assert math.isnan(measured["levels"]["exact"])
    decided = measured["criteria"]["accuracy three verdicts, decided"]
    assert isinstance(decided, Estimate)
    assert math.isnan(decided.value)


def test_the_thresholds_of_the_baselines_come_from_all_of_dev() -> None:
    rows = grading.dev_rows()
    assert {row.answer for row in rows} == {gold.id for gold, _ in load_gold().split("dev")}


def test_readers_who_share_no_answer_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = load_gold().answers[:2]
    apart = GoldSet(
        answers=(first, second),
        labellings=(),
        wrong_claims=(
            WrongClaims(answer=first.id, labeller="a", voiced={}),
            WrongClaims(answer=second.id, labeller="b", voiced={}),
        ),
    )
    monkeypatch.setattr(labels, "load_gold", lambda: apart)
    assert labels.agreement()["misconceptions"] == []
