"""From a session to requests for a grader, and from its gradings to assessments."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.assessment import Assessment, Grading
from app.domain.content import Rubric
from app.domain.session import Session, Turn
from app.grading.grader import GradingRequest
from app.grading.score import GradedAnswer, assess


def grading_request(
    session: Session, turn: Turn, *, rubric: Rubric | None = None, all_criteria: bool = False
) -> GradingRequest:
    """What to ask a grader about one answer: by default only what earlier answers left open."""
    planned = session.plan.items[turn.item_index]
    rubric = rubric or planned.rubric
    criteria = rubric.criteria
    if not all_criteria:
        # A reading closes nothing: what it credits still has to be graded.
        earlier = assess_item(session, turn.item_index, before=turn.id, use_readings=False)
        closed = {each.criterion_id for each in earlier.verdicts if not each.is_open}
        criteria = tuple(each for each in criteria if each.id not in closed)
    assert turn.answer is not None, "only an answer can be graded"
    probes = next(
        (each.probes for each in planned.item.follow_ups if each.id == turn.question.follow_up_id),
        (),
    )
    return GradingRequest(
        item=planned.item,
        rubric=rubric,
        criteria=criteria,
        question=turn.question.text,
        answer=turn.answer,
        dimension=None if turn.question.kind == "opening" else turn.question.dimension,
        probes=probes,
    )


def assess_item(
    session: Session,
    item_index: int,
    *,
    before: str | None = None,
    use_readings: bool = True,
) -> Assessment:
    """The assessment of one item so far.

    `use_readings` lets a provisional reading stand in where the grade has not arrived: right for
    the next question, wrong for a report.
    """
    gradings: dict[str, Grading] = {}
    for turn in session.item_turns(item_index):
        if turn.id == before:
            break
        grading = turn.grading or (turn.reading if use_readings else None)
        if grading is not None:
            gradings[turn.id] = grading
    return assess_gradings(session, item_index, gradings, session.plan.items[item_index].rubric)


def assess_gradings(
    session: Session, item_index: int, gradings: Mapping[str, Grading], rubric: Rubric
) -> Assessment:
    """The assessment of one item from given gradings by turn id, on a given rubric."""
    answers = [
        GradedAnswer(
            turn_id=turn.id,
            grading=gradings[turn.id],
            probed_dimension=None if turn.question.kind == "opening" else turn.question.dimension,
            hinted_dimensions=tuple(hint.dimension for hint in turn.hints),
            challenged=turn.question.misconception_id,
        )
        for turn in session.item_turns(item_index)
        if turn.id in gradings
    ]
    skipped = {
        turn.question.misconception_id
        for turn in session.item_turns(item_index)
        if turn.skipped and turn.question.misconception_id
    }
    return assess(rubric, answers, skipped)
