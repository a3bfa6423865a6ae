"""The next hint for an open question: three steps a stage, from vague to plain."""

from __future__ import annotations

from app.domain.session import Hint, Session, Turn
from app.errors import UsageError
from app.interview.assessing import assess_item


def next_hint(session: Session, turn: Turn) -> Hint:
    """The hint after those already given for the stage in question.

    An opening question asks for all stages: then it is the first that is still open. UsageError if
    there is no hint, or none left.
    """
    dimension = turn.question.dimension or _first_open_dimension(session, turn)
    ladder = session.plan.items[turn.item_index].item.hints.get(dimension, ())
    given = sum(
        hint.dimension == dimension
        for each in session.item_turns(turn.item_index)
        for hint in each.hints
    )
    if not ladder:
        raise UsageError("This question has no hints.")
    if given >= len(ladder):
        raise UsageError("There are no more hints for this question.")
    return Hint(dimension=dimension, step=given + 1, text=ladder[given])


def _first_open_dimension(session: Session, turn: Turn) -> str:
    parts = assess_item(session, turn.item_index).dimensions
    for part in parts:
        if any(verdict.is_open for verdict in part.verdicts):
            return part.dimension
    return parts[0].dimension
