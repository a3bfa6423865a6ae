"""Grades a stored session again and tells, criterion by criterion, what came out differently."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.assessment import Assessment, Grading, Verdict
from app.domain.content import Rubric, Value
from app.domain.session import Session
from app.grading.grader import Grader, GradingRequest
from app.interview.assessing import assess_gradings, assess_item
from app.sessions.events import SessionRegraded


class CriterionChange(Value):
    """One criterion before and after."""

    criterion_id: str
    before: Verdict | None
    after: Verdict | None
    quote: str


class ItemChange(Value):
    """One item before and after."""

    item_id: str
    level_before: int | None
    level_after: int | None
    rubric_changed: bool
    changes: tuple[CriterionChange, ...]


class RegradingDifference(Value):
    """What a new grading changed. No changes: the gradings agree."""

    session_id: str
    grader_before: str
    grader_after: str
    items: tuple[ItemChange, ...]


def regrade(
    session: Session, grader: Grader, rubrics: Sequence[Rubric], at: datetime
) -> tuple[SessionRegraded, RegradingDifference]:
    """A new grading of every answer on the given rubrics, one for each planned item."""
    gradings: dict[str, Grading] = {}
    items: list[ItemChange] = []
    for index, (planned, rubric) in enumerate(zip(session.plan.items, rubrics, strict=True)):
        for turn in session.item_turns(index):
            if turn.answer is None:
                continue
            so_far = assess_gradings(session, index, gradings, rubric)
            closed = {each.criterion_id for each in so_far.verdicts if not each.is_open}
            gradings[turn.id] = grader.grade(
                GradingRequest(
                    item=planned.item,
                    rubric=rubric,
                    criteria=tuple(each for each in rubric.criteria if each.id not in closed),
                    question=turn.question.text,
                    answer=turn.answer,
                )
            )
        before = assess_item(session, index, use_readings=False)
        after = assess_gradings(session, index, gradings, rubric)
        items.append(
            ItemChange(
                item_id=planned.item.id,
                level_before=before.level,
                level_after=after.level,
                rubric_changed=rubric.content_hash != planned.rubric_hash,
                changes=tuple(_changes(before, after)),
            )
        )
    event = SessionRegraded(at=at, grader=grader.name, rubrics=tuple(rubrics), gradings=gradings)
    difference = RegradingDifference(
        session_id=session.id,
        grader_before=session.grader,
        grader_after=grader.name,
        items=tuple(items),
    )
    return event, difference


def _changes(before: Assessment, after: Assessment) -> list[CriterionChange]:
    old = {each.criterion_id: each for each in before.verdicts}
    new = {each.criterion_id: each for each in after.verdicts}
    changes: list[CriterionChange] = []
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if (was and was.verdict) != (now and now.verdict):
            quote = now.quote if now and now.quote else (was.quote if was else "")
            changes.append(
                CriterionChange(
                    criterion_id=name,
                    before=was.verdict if was else None,
                    after=now.verdict if now else None,
                    quote=quote,
                )
            )
    return changes
