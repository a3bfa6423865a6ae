"""The arithmetic from verdicts to levels."""

from __future__ import annotations

import pytest

from app.domain.assessment import CriterionVerdict, Flag, Grading, MisconceptionFinding, Verdict
from app.domain.content import Misconception, Rubric, Scoring
from app.grading.score import GradedAnswer, assess, level_of
from tests.factories import tiny_rubric


def rubric_with(tiers: dict[str, str], **scoring: object) -> Rubric:
    base = tiny_rubric()
    criteria = tuple(
        base.criteria[0].model_copy(update={"id": name, "tier": tier, "dimension": dimension})
        for name, (dimension, tier) in {
            name: value.split(":") for name, value in tiers.items()
        }.items()
    )
    return base.model_copy(update={"criteria": criteria, "scoring": Scoring(**scoring)})  # type: ignore[arg-type]


def verdict(name: str, outcome: Verdict) -> CriterionVerdict:
    quote = "a quote" if outcome in ("met", "partial") else ""
    return CriterionVerdict(criterion_id=name, verdict=outcome, quote=quote, rationale="because")


def answer(
    *verdicts: CriterionVerdict,
    turn: str = "t1",
    probed: str | None = None,
    hinted: tuple[str, ...] = (),
    challenged: str | None = None,
    wrong: tuple[str, ...] = (),
    gated: bool = False,
) -> GradedAnswer:
    return GradedAnswer(
        turn_id=turn,
        probed_dimension=probed,
        hinted_dimensions=hinted,
        challenged=challenged,
        grading=Grading(
            grader="test",
            verdicts=verdicts,
            misconceptions=tuple(
                MisconceptionFinding(misconception_id=name, quote="wrong", confidence=0.9)
                for name in wrong
            ),
            flags=(Flag(kind="empty", detail="nothing", gate=True),) if gated else (),
        ),
    )


RUBRIC = rubric_with({"a": "depth:must", "b": "depth:should", "c": "clarity:stretch"})


def test_tiers_weigh_three_two_and_one() -> None:
    result = assess(
        RUBRIC, [answer(verdict("a", "met"), verdict("b", "missed"), verdict("c", "met"))]
    )
    assert result.score == pytest.approx((3 + 1) / 6)


def test_partial_earns_half() -> None:
    result = assess(RUBRIC, [answer(*(verdict(name, "partial") for name in "abc"))])
    assert result.score == pytest.approx(0.5)


def test_unscored_criterion_is_left_out_of_the_mean() -> None:
    result = assess(
        RUBRIC, [answer(verdict("a", "met"), verdict("b", "unscored"), verdict("c", "met"))]
    )
    assert result.score == pytest.approx(1.0)
    assert result.level == 5


def test_no_level_when_over_forty_percent_of_the_weight_is_unscored() -> None:
    result = assess(
        RUBRIC, [answer(verdict("a", "unscored"), verdict("b", "met"), verdict("c", "met"))]
    )
    assert result.level is None
    assert result.score is None
    assert "50%" in result.notes[0]
    assert result.dimensions[1].level == 5


def test_credit_that_a_probe_asked_for_counts_seven_tenths_and_is_marked() -> None:
    first = answer(*(verdict(name, "missed") for name in "abc"))
    second = answer(*(verdict(name, "met") for name in "abc"), turn="t2", probed="depth")
    result = assess(RUBRIC, [first, second])
    assert [each.prompted for each in result.verdicts] == [True, True, False]
    assert result.score == pytest.approx((3 * 0.7 + 2 * 0.7 + 1) / 6)


def test_a_hint_counts_like_a_probe() -> None:
    result = assess(RUBRIC, [answer(verdict("a", "met"), hinted=("depth",))])
    assert result.verdicts[0].prompted


def test_met_unprompted_stays_so_when_a_probe_asks_again() -> None:
    result = assess(
        RUBRIC,
        [answer(verdict("a", "met")), answer(verdict("a", "met"), turn="t2", probed="depth")],
    )
    assert not result.verdicts[0].prompted
    assert result.verdicts[0].turn_id == "t1"


def test_an_undecided_answer_is_not_overruled_by_a_later_silent_one() -> None:
    result = assess(
        RUBRIC, [answer(verdict("a", "unscored")), answer(verdict("a", "missed"), turn="t2")]
    )
    assert result.verdicts[0].verdict == "unscored"


def test_nothing_on_a_capped_dimension_caps_the_level() -> None:
    rubric = rubric_with(
        {"a": "depth:must", "b": "depth:must", "c": "clarity:stretch"}, level_caps={"clarity": 3}
    )
    result = assess(
        rubric, [answer(verdict("a", "met"), verdict("b", "met"), verdict("c", "missed"))]
    )
    assert result.level == 3
    assert "at most level 3" in result.notes[0]


def test_an_unscored_capped_dimension_does_not_cap() -> None:
    rubric = rubric_with({"a": "depth:must", "c": "clarity:stretch"}, level_caps={"clarity": 3})
    result = assess(rubric, [answer(verdict("a", "met"), verdict("c", "unscored"))])
    assert result.level == 5


def with_misconception(critical: bool = True) -> Rubric:
    wrong = Misconception(
        id="MIS",
        dimension="depth",
        claim="Dedup finds causes.",
        why_wrong="It groups.",
        probe="Does it?",
        critical=critical,
        examples=("x y", "z"),
        not_examples=("x", "y"),
        source=tiny_rubric().criteria[0].source,
    )
    return RUBRIC.model_copy(update={"misconceptions": (wrong,)})


def test_a_misconception_takes_back_its_weight_until_it_is_given_up() -> None:
    everything = [verdict(name, "met") for name in "abc"]
    stands = answer(*everything, wrong=("MIS",))
    first = assess(with_misconception(critical=False), [stands])
    assert first.score == pytest.approx((6 - 2) / 6)
    assert first.dimensions[0].score == pytest.approx((5 - 2) / 5)
    assert first.dimensions[1].score == 1.0
    assert "took back 2 points" in first.dimensions[0].notes[0]
    given_up = answer(turn="t2", challenged="MIS")
    assert assess(with_misconception(critical=False), [stands, given_up]).score == 1.0


def test_misconceptions_never_take_more_than_was_earned() -> None:
    nothing = [verdict(name, "missed") for name in "abc"]
    result = assess(with_misconception(), [answer(*nothing, wrong=("MIS",))])
    assert (result.score, result.level) == (0.0, 1)


def test_a_critical_misconception_caps_its_dimension_only_after_the_probe() -> None:
    everything = [verdict(name, "met") for name in "abc"]
    unprobed = assess(with_misconception(), [answer(*everything, wrong=("MIS",))])
    assert unprobed.dimensions[0].score == pytest.approx((5 - 3) / 5)
    assert unprobed.dimensions[0].level == 3
    held = answer(turn="t2", challenged="MIS", wrong=("MIS",))
    probed = assess(with_misconception(), [answer(*everything, wrong=("MIS",)), held])
    assert probed.dimensions[0].level == 2
    assert not probed.misconceptions[0].corrected


def test_a_misconception_given_up_after_the_probe_caps_nothing() -> None:
    everything = [verdict(name, "met") for name in "abc"]
    result = assess(
        with_misconception(),
        [answer(*everything, wrong=("MIS",)), answer(turn="t2", challenged="MIS")],
    )
    assert result.dimensions[0].level == 5
    assert result.misconceptions[0].corrected


def test_a_gated_answer_to_the_probe_leaves_the_misconception_standing() -> None:
    result = assess(
        with_misconception(),
        [
            answer(verdict("a", "met"), wrong=("MIS",)),
            answer(turn="t2", challenged="MIS", gated=True),
        ],
    )
    assert not result.misconceptions[0].corrected


def test_a_misconception_voiced_again_after_it_was_given_up_stands() -> None:
    result = assess(
        with_misconception(),
        [
            answer(*(verdict(name, "met") for name in "abc"), wrong=("MIS",)),
            answer(turn="t2", challenged="MIS"),
            answer(turn="t3", wrong=("MIS",)),
        ],
    )
    assert not result.misconceptions[0].corrected
    assert result.dimensions[0].level == 2


def test_a_skipped_challenge_leaves_the_misconception_standing() -> None:
    everything = answer(*(verdict(name, "met") for name in "abc"), wrong=("MIS",))
    result = assess(with_misconception(), [everything], skipped={"MIS"})
    assert not result.misconceptions[0].corrected
    assert result.dimensions[0].level == 2


def test_a_skipped_challenge_to_what_no_grade_holds_caps_nothing() -> None:
    """The quick reading heard a claim that the judge did not."""
    everything = answer(*(verdict(name, "met") for name in "abc"))
    assert assess(with_misconception(), [everything], skipped={"MIS"}).dimensions[0].level == 5


def test_an_answer_stopped_by_a_gate_is_level_one_with_a_flag() -> None:
    result = assess(RUBRIC, [answer(*(verdict(name, "missed") for name in "abc"), gated=True)])
    assert result.level == 1
    assert result.flags[0].gate


def test_without_answers_there_is_no_level() -> None:
    assert assess(RUBRIC, []).level is None


@pytest.mark.parametrize(
    ("score", "level"), [(0.0, 1), (0.099, 1), (0.1, 2), (0.22, 3), (0.42, 4), (0.62, 5), (1, 5)]
)
def test_levels_begin_at_their_cut_points(score: float, level: int) -> None:
    assert level_of(score, Scoring()) == level
