"""The next hint for an open question: three steps a stage, from vague to plain."""

from __future__ import annotations

from app.domain.session import Hint, Session, Turn
from app.errors import UsageError


def next_hint(session: Session, turn: Turn) -> Hint:
    """The hint after those already given for the stage in question.

    An opening question asks for all stages: then it is the first that has hints left. UsageError
    if there is no hint, or none left.
    """
    planned = session.plan.items[turn.item_index]
    asked = turn.question.dimension
    stages = [asked] if asked else [each.id for each in planned.rubric.dimensions]
    ladders = {stage: planned.item.hints.get(stage, ()) for stage in stages}
    if not any(ladders.values()):
        raise UsageError("This question has no hints.")
    turns = session.item_turns(turn.item_index)
    for stage, ladder in ladders.items():
        given = sum(hint.dimension == stage for each in turns for hint in each.hints)
        if given < len(ladder):
            return Hint(dimension=stage, step=given + 1, text=ladder[given])
    raise UsageError("There are no more hints for this question.")
