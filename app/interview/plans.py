"""From what a candidate chose to the plan of a session."""

from __future__ import annotations

import random
from collections.abc import Sequence

from app.catalog import Catalog
from app.domain.content import Item, Kind, SeniorityLevel
from app.domain.session import Plan, PlannedItem
from app.errors import UnknownName, UsageError

FULL_LOOP = "full-loop"
MAX_ANSWERS: dict[Kind, int] = {
    "scenario": 8,
    "tradeoff": 5,
    "drill": 3,
    "topic": 2,
    "behavioural": 3,
    "summary": 1,
}
LEVEL_ALLOWANCE: dict[SeniorityLevel, int] = {"senior": 2, "staff": 1, "principal": 0}
FULL_LOOPS: dict[int, tuple[tuple[Kind, int], ...]] = {
    15: (("scenario", 3), ("summary", 1)),
    30: (("scenario", 5), ("tradeoff", 3), ("topic", 1), ("summary", 1)),
    45: (
        ("scenario", 6),
        ("tradeoff", 4),
        ("topic", 1),
        ("topic", 1),
        ("behavioural", 2),
        ("summary", 1),
    ),
    60: (
        ("scenario", 8),
        ("tradeoff", 5),
        ("topic", 2),
        ("topic", 2),
        ("behavioural", 3),
        ("summary", 1),
    ),
}


def make_plan(
    catalog: Catalog,
    choice: str,
    level: SeniorityLevel = "principal",
    minutes: int | None = None,
    seed: int | None = None,
) -> Plan:
    """The plan for an item's id, a question set's id, or `full-loop`.

    `seed` fixes the draw of a full loop. UnknownName if nothing has that id; UsageError for a full
    loop of a length that has no plan.
    """
    if choice == FULL_LOOP:
        return _full_loop(catalog, level, minutes or 45, random.Random(seed))
    if choice in catalog.sets:
        chosen = catalog.sets[choice]
        items: Sequence[Item] = chosen.items
        title, kind = chosen.title, chosen.kind
    else:
        try:
            item = catalog.item(choice)
        except UnknownName as unknown:
            raise UnknownName(f"{unknown} `{FULL_LOOP}` and a topic's id work too.") from None
        items, title, kind = (item,), item.title, item.kind
    planned = [_planned(catalog, item, _answers(item.kind, level)) for item in items]
    length = minutes or sum(item.minutes for item in items)
    return Plan(
        id=choice, title=title, kind=kind, level=level, minutes=length, items=tuple(planned)
    )


def _full_loop(catalog: Catalog, level: SeniorityLevel, minutes: int, draw: random.Random) -> Plan:
    if minutes not in FULL_LOOPS:
        lengths = ", ".join(str(length) for length in FULL_LOOPS)
        raise UsageError(f"A full loop takes {lengths} minutes, not {minutes}: choose one of them.")
    planned: list[PlannedItem] = []
    taken: set[str] = set()
    for kind, answers in FULL_LOOPS[minutes]:
        choices = [
            item for item in catalog.items.values() if item.kind == kind and item.id not in taken
        ]
        if not choices:
            raise UsageError(f"A full loop of {minutes} minutes needs an item of kind {kind}.")
        item = draw.choice(choices)
        taken.add(item.id)
        planned.append(_planned(catalog, item, answers))
    return Plan(
        id=FULL_LOOP,
        title=f"Full loop, {minutes} minutes",
        kind="full_loop",
        level=level,
        minutes=minutes,
        items=tuple(planned),
    )


def _answers(kind: Kind, level: SeniorityLevel) -> int:
    return max(1, MAX_ANSWERS[kind] - LEVEL_ALLOWANCE[level])


def _planned(catalog: Catalog, item: Item, max_answers: int) -> PlannedItem:
    rubric = catalog.rubric(item.rubric)
    return PlannedItem(
        item=catalog.item(item.id) if item.kind == "drill" else item,
        rubric=rubric,
        rubric_hash=rubric.content_hash,
        max_answers=max_answers,
    )
