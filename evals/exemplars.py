"""Whether the exemplars of every item are graded in their order: weak, senior, staff, principal."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from app.catalog import default_catalog
from app.domain.content import ExemplarLevel
from app.grading.grader import Grader
from evals.grading import grade_opening

LEVELS: tuple[ExemplarLevel, ...] = ("weak", "senior", "staff", "principal")


def report(grader: Grader) -> dict[str, Any]:
    """How many items are in order, and the exceptions with their scores."""
    catalog = default_catalog()
    rows: list[dict[str, Any]] = []
    for item_id in catalog.items:
        item = catalog.item(item_id)
        rubric = catalog.rubric(item.rubric)
        graded = {
            level: grade_opening(grader, item, rubric, item.exemplars[level]) for level in LEVELS
        }
        scores = [graded[level].score or 0.0 for level in LEVELS]
        rows.append(
            {
                "item": item.id,
                "kind": item.kind,
                **{level: _shown(graded[level].score) for level in LEVELS},
                "weak below all": scores[0] < min(scores[1:]),
                "in order": all(first <= second for first, second in pairwise(scores)),
            }
        )
    return {
        "grader": grader.name,
        "items": len(rows),
        "in order": sum(row["in order"] for row in rows),
        "weak below all others": sum(row["weak below all"] for row in rows),
        "exceptions": [row for row in rows if not row["in order"]],
    }


def _shown(score: float | None) -> float | str:
    """A dash where too much was left open for a score."""
    return "-" if score is None else round(score, 2)
