"""Which hint comes next: three a stage, from vague to plain."""

from __future__ import annotations

from app.domain.session import Hint, Session, Turn
from app.errors import UsageError


def hints_ahead(session: Session, turn: Turn) -> list[Hint]:
    """The hints to a question that were not given yet, in order.

    An opening question asks for all stages, and so has the hints of all.
    """
    planned = session.plan.items[turn.item_index]
    asked = turn.question.dimension
    stages = [asked] if asked else [each.id for each in planned.rubric.dimensions]
    given = {
        (hint.dimension, hint.step)
        for each in session.item_turns(turn.item_index)
        for hint in each.hints
    }
    return [
        Hint(dimension=stage, step=step, text=text)
        for stage in stages
        for step, text in enumerate(planned.item.hints.get(stage, ()), 1)
        if (stage, step) not in given
    ]


def next_hint(session: Session, turn: Turn) -> Hint:
    """The first hint ahead. UsageError if there is none."""
    ahead = hints_ahead(session, turn)
    if not ahead:
        raise UsageError("There are no more hints for this question.")
    return ahead[0]
