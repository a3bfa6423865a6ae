"""Plans over shipped scenarios for tests that hold whole interviews."""

from __future__ import annotations

from app.domain.session import Plan, PlannedItem
from tests.llm.models import scenario


def one_item_plan(*names: str, max_answers: int = 8, minutes: int = 240) -> Plan:
    """A plan over the named scenarios, or over the first of all."""
    planned = []
    for name in names or ("anomaly-detection-system",):
        item, rubric = scenario(name)
        planned.append(
            PlannedItem(
                item=item,
                rubric=rubric,
                rubric_hash=rubric.content_hash,
                max_answers=max_answers,
            )
        )
    return Plan(
        id="plan",
        title="Plan",
        kind="scenario",
        level="principal",
        minutes=minutes,
        items=tuple(planned),
    )
