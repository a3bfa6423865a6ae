"""What a candidate is told at the end: pure functions from a session to a report."""

from __future__ import annotations

from datetime import datetime

from app.domain.assessment import (
    LEVEL_NAMES,
    TARGET_LEVELS,
    Assessment,
    CriterionVerdict,
    MisconceptionFinding,
)
from app.domain.content import Citation, Criterion, Rubric, SeniorityLevel, Value
from app.domain.session import Clarification, Hint, ModelUse, Note, Session
from app.grading.score import overall_level
from app.interview.assessing import assess_gradings, assess_item

NEXT_STEPS = 3
_TIER_ORDER = {"must": 0, "should": 1, "stretch": 2}


class CriterionReport(Value):
    """A verdict with what a reader needs to understand it."""

    criterion: Criterion
    verdict: CriterionVerdict


class MisconceptionReport(Value):
    """A wrong claim that was made, why it is wrong, and where to read about it."""

    finding: MisconceptionFinding
    claim: str
    why_wrong: str
    source: Citation


class ItemReport(Value):
    """How one item went."""

    item_id: str
    title: str
    kind: str
    assessment: Assessment
    criteria: tuple[CriterionReport, ...]
    misconceptions: tuple[MisconceptionReport, ...]
    answers: tuple[str, ...]
    hints: tuple[Hint, ...]
    clarifications: tuple[Clarification, ...]
    model_answer: str
    references: tuple[Citation, ...]
    ungraded_turns: tuple[str, ...]


class NextStep(Value):
    """One thing to do next, and the passage to read for it."""

    criterion_id: str
    statement: str
    why: str
    source: Citation
    asked_in: str


class Report(Value):
    """The whole feedback; every number in it is arithmetic over quoted verdicts."""

    session_id: str
    title: str
    level: int | None
    level_name: str
    target: SeniorityLevel
    target_level: int
    status: str
    grader: str
    interviewer: str
    started_at: datetime
    active_minutes: float
    items: tuple[ItemReport, ...]
    next_steps: tuple[NextStep, ...]
    notes: tuple[Note, ...]
    notices: tuple[str, ...]
    model_uses: tuple[ModelUse, ...] = ()
    regraded: bool = False


def make_report(session: Session, regrading: int | None = None) -> Report:
    """The report on a session as it stands, or on its n-th regrading (0 is the first)."""
    items = tuple(
        _item_report(session, index, regrading)
        for index in range(len(session.plan.items))
        if session.item_turns(index)
    )
    level = overall_level([item.assessment for item in items])
    grader = session.grader if regrading is None else session.regradings[regrading].grader
    return Report(
        session_id=session.id,
        title=session.plan.title,
        level=level,
        level_name=LEVEL_NAMES[level] if level else "no level",
        target=session.plan.level,
        target_level=TARGET_LEVELS[session.plan.level],
        status=session.status,
        grader=grader,
        interviewer=session.interviewer,
        started_at=session.started_at,
        active_minutes=round(session.active_seconds / 60, 1),
        items=items,
        next_steps=_next_steps(items),
        notes=session.notes,
        notices=session.notices,
        model_uses=session.model_uses,
        regraded=regrading is not None,
    )


def _item_report(session: Session, index: int, regrading: int | None) -> ItemReport:
    planned = session.plan.items[index]
    turns = session.item_turns(index)
    rubric: Rubric = planned.rubric
    if regrading is None:
        assessment = assess_item(session, index, use_readings=False)
        graded = {turn.id for turn in turns if turn.grading is not None}
    else:
        again = session.regradings[regrading]
        rubric = again.rubrics[index]
        assessment = assess_gradings(session, index, again.gradings, rubric)
        graded = set(again.gradings)
    wrong = {each.id: each for each in rubric.misconceptions}
    return ItemReport(
        item_id=planned.item.id,
        title=planned.item.title,
        kind=planned.item.kind,
        assessment=assessment,
        criteria=tuple(
            CriterionReport(criterion=rubric.criterion(each.criterion_id), verdict=each)
            for each in assessment.verdicts
        ),
        misconceptions=tuple(
            MisconceptionReport(
                finding=finding,
                claim=wrong[finding.misconception_id].claim,
                why_wrong=wrong[finding.misconception_id].why_wrong,
                source=wrong[finding.misconception_id].source,
            )
            for finding in assessment.misconceptions
            if finding.misconception_id in wrong
        ),
        answers=tuple(turn.answer for turn in turns if turn.answer is not None),
        hints=tuple(hint for turn in turns for hint in turn.hints),
        clarifications=tuple(each for turn in turns for each in turn.clarifications),
        model_answer=planned.item.exemplars.get("principal", ""),
        references=planned.item.references,
        ungraded_turns=tuple(
            turn.id for turn in turns if turn.answer is not None and turn.id not in graded
        ),
    )


def _next_steps(items: tuple[ItemReport, ...]) -> tuple[NextStep, ...]:
    """The most important points that earned least, at most one from a dimension first."""
    open_points = [
        (item, each)
        for item in items
        for each in item.criteria
        if each.verdict.verdict in ("missed", "partial")
    ]
    open_points.sort(
        key=lambda pair: (
            _TIER_ORDER[pair[1].criterion.tier],
            pair[1].verdict.verdict == "partial",
        )
    )
    chosen: list[tuple[ItemReport, CriterionReport]] = []
    for distinct in (True, False):
        for item, each in open_points:
            dimensions = {other.criterion.dimension for _, other in chosen}
            repeated = each.criterion.dimension in dimensions
            if (item, each) not in chosen and not (distinct and repeated):
                chosen.append((item, each))
            if len(chosen) == NEXT_STEPS:
                break
        if len(chosen) == NEXT_STEPS:
            break
    return tuple(
        NextStep(
            criterion_id=each.criterion.id,
            statement=each.criterion.statement,
            why=each.criterion.why,
            source=each.criterion.source,
            asked_in=item.title,
        )
        for item, each in chosen
    )
