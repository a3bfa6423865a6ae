"""What to ask next: a pure function of what was said, asked and allowed, with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.assessment import TARGET_LEVELS, Assessment
from app.domain.content import ConstraintFlip, FollowUp, Item, Rubric, SeniorityLevel, Value
from app.domain.session import FollowUpDecision, Turn

PROBES_A_STAGE = 2


class Limits(Value):
    """What the plan and the clock still allow."""

    level: SeniorityLevel
    answers_left: int
    seconds_left: float
    last_item: bool


def decide_follow_up(
    item: Item, rubric: Rubric, assessment: Assessment, turns: Sequence[Turn], limits: Limits
) -> FollowUpDecision:
    """The next move within one item, given its turns so far and what they were found to hold.

    In this order: time and answers left; a wrong claim not yet challenged; the first stage, in the
    rubric's order, that is still open and has a question left; depth for strong answers; a changed
    constraint; the next question.
    """
    if limits.seconds_left <= 0:
        return FollowUpDecision(action="finish", reason="The time is used up.")
    if limits.answers_left <= 0:
        return _leave(limits, "All answers planned for this question were given.")
    return (
        _challenge(rubric, assessment, turns)
        or _probe_open_stage(item, rubric, assessment, turns, limits)
        or _deepen(item, rubric, assessment, turns, limits)
        or _flip(item, rubric, turns, limits)
        or _leave(limits, "Nothing is left to ask on this question.")
    )


def _challenge(
    rubric: Rubric, assessment: Assessment, turns: Sequence[Turn]
) -> FollowUpDecision | None:
    """What is critical comes first, then what was heard most clearly."""
    challenged = {turn.question.misconception_id for turn in turns}
    listed = {each.id: each for each in rubric.misconceptions if each.id not in challenged}
    found = [
        (listed[each.misconception_id], each.confidence)
        for each in assessment.misconceptions
        if each.misconception_id in listed
    ]
    if found:
        wrong, _ = max(found, key=lambda each: (each[0].critical, each[1]))
        return FollowUpDecision(
            action="challenge",
            kind="challenge",
            reason=f"The answer seems to claim: {wrong.claim}",
            dimension=wrong.dimension,
            misconception_id=wrong.id,
            text=wrong.probe,
        )
    return None


def _probe_open_stage(
    item: Item,
    rubric: Rubric,
    assessment: Assessment,
    turns: Sequence[Turn],
    limits: Limits,
) -> FollowUpDecision | None:
    open_criteria = {verdict.criterion_id for verdict in assessment.verdicts if verdict.is_open}
    candidates: list[tuple[str, FollowUp, list[str]]] = []
    for dimension in rubric.dimensions:
        asked_here = sum(
            turn.question.dimension == dimension.id and turn.question.kind == "probe"
            for turn in turns
        )
        if asked_here >= PROBES_A_STAGE:
            continue
        choices = [
            (follow_up, wanted)
            for follow_up in _unasked(item, turns)
            if follow_up.dimension == dimension.id
            and follow_up.when != "met"
            and (wanted := _wanted(follow_up, rubric, open_criteria, limits.level))
        ]
        if choices:
            # The plainest question first; among equals the one that reaches the most weight.
            best = min(choices, key=lambda c: (c[0].depth, -_weight(rubric, c[1])))
            candidates.append((dimension.title, *best))
    if not candidates:
        return None
    visited = {turn.question.dimension for turn in turns if turn.question.kind == "probe"}
    fresh = [each for each in candidates if each[1].dimension not in visited]
    # Every open stage gets its question before any stage gets a second one, unless answers abound.
    first_seen = fresh if fresh and len(fresh) >= limits.answers_left else None
    title, follow_up, wanted = (first_seen or candidates)[0]
    return FollowUpDecision(
        action="probe",
        reason=f"{title} is open: nothing yet on {_statements(rubric, wanted)}",
        dimension=follow_up.dimension,
        follow_up_id=follow_up.id,
        text=follow_up.text,
    )


def _deepen(
    item: Item,
    rubric: Rubric,
    assessment: Assessment,
    turns: Sequence[Turn],
    limits: Limits,
) -> FollowUpDecision | None:
    if limits.level == "senior":
        return None
    met = {verdict.criterion_id for verdict in assessment.verdicts if verdict.verdict == "met"}
    for follow_up in sorted(_unasked(item, turns), key=lambda each: each.depth):
        covered = set(follow_up.probes) <= met
        ready = follow_up.when == "always" or covered
        if ready and follow_up.when != "open":
            title = next(each.title for each in rubric.dimensions if each.id == follow_up.dimension)
            well = covered and follow_up.probes
            why = "is well covered" if well else "has a question that is asked in any case"
            return FollowUpDecision(
                action="probe",
                reason=f"{title} {why}: going deeper, as for a {limits.level} role.",
                dimension=follow_up.dimension,
                follow_up_id=follow_up.id,
                text=follow_up.text,
            )
    return None


def _flip(
    item: Item, rubric: Rubric, turns: Sequence[Turn], limits: Limits
) -> FollowUpDecision | None:
    asked = {turn.question.follow_up_id for turn in turns}
    left: list[ConstraintFlip] = [flip for flip in item.flips if flip.id not in asked]
    flipped_already = len(item.flips) - len(left)
    if not left or flipped_already >= (0 if limits.level == "senior" else 1):
        return None
    flip = left[0]
    return FollowUpDecision(
        action="probe",
        kind="flip",
        reason="A requirement changes: does the design move with it?",
        dimension=flip.dimension,
        follow_up_id=flip.id,
        text=flip.text,
    )


def _leave(limits: Limits, reason: str) -> FollowUpDecision:
    return FollowUpDecision(action="finish" if limits.last_item else "next_question", reason=reason)


def _unasked(item: Item, turns: Sequence[Turn]) -> list[FollowUp]:
    asked = {turn.question.follow_up_id for turn in turns}
    return [follow_up for follow_up in item.follow_ups if follow_up.id not in asked]


def _wanted(
    follow_up: FollowUp, rubric: Rubric, open_criteria: set[str], level: SeniorityLevel
) -> list[str]:
    """The open criteria a question reaches; stretch ones only where the role asks for them."""
    stretch_too = TARGET_LEVELS[level] >= TARGET_LEVELS["principal"]
    return [
        name
        for name in follow_up.probes
        if name in open_criteria and (stretch_too or rubric.criterion(name).tier != "stretch")
    ]


def _weight(rubric: Rubric, names: Sequence[str]) -> float:
    return sum(rubric.scoring.tier_weights[rubric.criterion(name).tier] for name in names)


def _statements(rubric: Rubric, names: Sequence[str]) -> str:
    return "; ".join(rubric.criterion(name).statement.rstrip(".") for name in names) + "."
