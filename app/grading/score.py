"""The arithmetic: from the verdicts on all answers to an item, to levels.

A criterion weighs by its tier, earns by its verdict, and earns less where a probe had to ask for
it. A misconception takes back a weight until the candidate gives it up. Criteria that could
not be graded are left out of every mean; where they hold too much of the weight there is no level
at all. The numbers are those of the rubric's `scoring`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from statistics import fmean

from app.domain.assessment import (
    Assessment,
    CriterionVerdict,
    DimensionAssessment,
    Flag,
    Grading,
    MisconceptionFinding,
)
from app.domain.content import Criterion, Misconception, Rubric, Scoring, Value


class GradedAnswer(Value):
    """One answer's grading, with what the question gave away."""

    turn_id: str
    grading: Grading
    probed_dimension: str | None = None
    hinted_dimensions: tuple[str, ...] = ()
    challenged: str | None = None


def assess(
    rubric: Rubric, answers: Sequence[GradedAnswer], skipped: Collection[str] = ()
) -> Assessment:
    """All gradings of one item merged, and the levels they come to.

    `answers` are in the order given; `skipped` are misconceptions whose challenge was passed over.
    """
    left_standing = _left_standing(answers) | set(skipped)
    misconceptions = _merge_misconceptions(answers, left_standing)
    stands = {each.misconception_id for each in misconceptions if not each.corrected}
    verdicts = [
        _merge_verdicts(criterion, rubric.scoring, answers) for criterion in rubric.criteria
    ]
    standing = {
        rubric_part.dimension
        for rubric_part in rubric.misconceptions
        if rubric_part.critical and rubric_part.id in left_standing & stands
    }
    taken_back = {
        name.id: sum(
            penalty(wrong, rubric.scoring)
            for wrong in rubric.misconceptions
            if wrong.dimension == name.id and wrong.id in stands
        )
        for name in rubric.dimensions
    }
    dimensions = tuple(
        _assess_dimension(
            rubric, name.id, verdicts, taken_back[name.id], capped=name.id in standing
        )
        for name in rubric.dimensions
    )
    level, score, notes = _overall(
        rubric, verdicts, dimensions, sum(taken_back.values()), bool(answers)
    )
    return Assessment(
        level=level,
        score=score,
        dimensions=dimensions,
        misconceptions=misconceptions,
        flags=tuple(_flags(answers)),
        notes=notes,
    )


def overall_level(assessments: Sequence[Assessment]) -> int | None:
    """The mean of the items' levels, halves rounded down; None unless most items have a level."""
    levels = [each.level for each in assessments if each.level is not None]
    if not levels or len(levels) * 2 <= len(assessments):
        return None
    mean = fmean(levels)
    return int(mean) if mean - int(mean) <= 0.5 else int(mean) + 1


def credit(verdict: CriterionVerdict, scoring: Scoring) -> float | None:
    """What a verdict earns, 0 to 1; None if it is unscored."""
    earned = {"met": 1.0, "partial": scoring.partial_credit, "missed": 0.0}.get(verdict.verdict)
    if earned is None:
        return None
    return earned * (scoring.prompted_factor if verdict.prompted else 1.0)


def penalty(wrong: Misconception, scoring: Scoring) -> float:
    """The weight that a misconception takes back while it stands."""
    return scoring.tier_weights["must" if wrong.critical else "should"]


def level_of(score: float, scoring: Scoring) -> int:
    """The level, 1 to 5, that a mean credit of `score` reaches."""
    return bisect_right(scoring.cut_points, score) + 1


def weighted_score(
    rubric: Rubric, verdicts: Sequence[CriterionVerdict], taken_back: float = 0.0
) -> tuple[float | None, float]:
    """Mean credit over the scored criteria (None without any), and the unscored share of weight.

    `taken_back` is the weight that misconceptions cost; the credit never falls below zero.
    """
    earned = scored = total = 0.0
    for verdict in verdicts:
        weight = rubric.scoring.tier_weights[rubric.criterion(verdict.criterion_id).tier]
        total += weight
        value = credit(verdict, rubric.scoring)
        if value is not None:
            scored += weight
            earned += weight * value
    unscored_share = 1.0 - scored / total if total else 0.0
    kept = max(0.0, earned - taken_back)
    return (kept / scored if scored else None), max(0.0, unscored_share)


def _merge_verdicts(
    criterion: Criterion, scoring: Scoring, answers: Sequence[GradedAnswer]
) -> CriterionVerdict:
    best: CriterionVerdict | None = None
    for answer in answers:
        asked_for = criterion.dimension in (answer.probed_dimension, *answer.hinted_dimensions)
        for verdict in answer.grading.verdicts:
            if verdict.criterion_id != criterion.id:
                continue
            placed = verdict.model_copy(update={"turn_id": answer.turn_id, "prompted": asked_for})
            if best is None or _standing(placed, scoring) > _standing(best, scoring):
                best = placed
    if best is None:
        return CriterionVerdict(
            criterion_id=criterion.id, verdict="unscored", rationale="No answer was graded on it."
        )
    earned = best.verdict in ("met", "partial")
    return best if earned else best.model_copy(update={"prompted": False})


def _standing(verdict: CriterionVerdict, scoring: Scoring) -> float:
    """Order of preference over several answers: an undecided answer may have held the point."""
    value = credit(verdict, scoring)
    return 0.01 if value is None else value


def _assess_dimension(
    rubric: Rubric,
    dimension: str,
    verdicts: Sequence[CriterionVerdict],
    taken_back: float,
    *,
    capped: bool,
) -> DimensionAssessment:
    own = [each for each in verdicts if rubric.criterion(each.criterion_id).dimension == dimension]
    score, unscored_share = weighted_score(rubric, own, taken_back)
    notes: list[str] = []
    if taken_back:
        notes.append(f"What is wrong and stands took back {taken_back:g} points.")
    level = None if score is None else level_of(score, rubric.scoring)
    if unscored_share > rubric.scoring.max_unscored_share:
        level, score = None, None
        notes.append(_no_level(unscored_share))
    cap = rubric.scoring.misconception_cap
    if capped and level is not None and level > cap:
        level = cap
        notes.append(f"A critical misconception stood after the probe: at most level {cap}.")
    return DimensionAssessment(
        dimension=dimension,
        level=level,
        score=score,
        verdicts=tuple(own),
        unscored_share=unscored_share,
        notes=tuple(notes),
    )


def _overall(
    rubric: Rubric,
    verdicts: Sequence[CriterionVerdict],
    dimensions: Sequence[DimensionAssessment],
    taken_back: float,
    answered: bool,
) -> tuple[int | None, float | None, tuple[str, ...]]:
    if not answered:
        return None, None, ("No answer has been graded yet.",)
    score, unscored_share = weighted_score(rubric, verdicts, taken_back)
    if score is None or unscored_share > rubric.scoring.max_unscored_share:
        return None, None, (_no_level(unscored_share),)
    level = level_of(score, rubric.scoring)
    notes: list[str] = []
    for part in dimensions:
        cap = rubric.scoring.level_caps.get(part.dimension)
        nothing_met = all(each.verdict == "missed" for each in part.verdicts)
        if cap is not None and nothing_met and level > cap:
            level = cap
            title = next(each.title for each in rubric.dimensions if each.id == part.dimension)
            notes.append(f"Nothing on {title.lower()}: at most level {cap}.")
    return level, score, tuple(notes)


def _no_level(unscored_share: float) -> str:
    return f"{unscored_share:.0%} of the weight could not be graded, so there is no level."


def _merge_misconceptions(
    answers: Sequence[GradedAnswer], left_standing: set[str]
) -> tuple[MisconceptionFinding, ...]:
    found: dict[str, MisconceptionFinding] = {}
    for answer in answers:
        for finding in answer.grading.misconceptions:
            found.setdefault(
                finding.misconception_id, finding.model_copy(update={"turn_id": answer.turn_id})
            )
    challenged = {answer.challenged for answer in answers if answer.challenged}
    corrected = challenged - left_standing
    return tuple(
        each.model_copy(update={"corrected": each.misconception_id in corrected})
        for each in found.values()
    )


def _left_standing(answers: Sequence[GradedAnswer]) -> set[str]:
    """Misconceptions voiced in the answer to their own challenge or later.

    So are those whose challenge met an answer that a gate stopped. Any other answer that does not
    repeat the claim counts as giving it up, even if it evades the question.
    """
    return {
        answer.challenged
        for position, answer in enumerate(answers)
        if answer.challenged
        and (
            answer.grading.stopped_by_gate
            or any(
                each.misconception_id == answer.challenged
                for later in answers[position:]
                for each in later.grading.misconceptions
            )
        )
    }


def _flags(answers: Sequence[GradedAnswer]) -> list[Flag]:
    return [
        flag.model_copy(update={"turn_id": answer.turn_id})
        for answer in answers
        for flag in answer.grading.flags
    ]
