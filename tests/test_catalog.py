"""Shipped content is whole, and wrong content is told by file, field and mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.catalog import Catalog, content_root
from app.content_checks import check
from app.errors import ContentError, UnknownName
from app.interview.plans import FULL_LOOPS, make_plan

SHIPPED = Catalog()
ITEM = "knowledge/tradeoffs/real-time-vs-batch.yaml"
RUBRIC = "rubrics/tradeoffs/real-time-vs-batch.yaml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("knowledge", "rubrics"):
        shutil.copytree(content_root() / folder, tmp_path / folder)
    return tmp_path


def problems(root: Path) -> str:
    with pytest.raises(ContentError) as caught:
        check(Catalog(root))
    return str(caught.value)


def edit(root: Path, name: str, old: str, new: str) -> None:
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_all_shipped_content_is_valid_and_nothing_dangles() -> None:
    counts = check(SHIPPED)
    assert counts["scenarios"] == 5
    assert counts["tradeoffs"] == 3
    assert counts["drills"] == 4
    assert counts["topics"] == 8
    assert counts["behavioural"] >= 8
    assert counts["documents"] >= 25
    assert counts["dangling"] == 0


def test_malformed_yaml_is_told_by_file_and_line(copy: Path) -> None:
    edit(copy, ITEM, "id: real-time-vs-batch\n", "id: real-time-vs-batch\n  bad: [\n")
    assert f"{ITEM}: line 2" in problems(copy)


def test_an_unknown_field_is_told_by_file_and_field(copy: Path) -> None:
    edit(copy, ITEM, "title:", "tittle:")
    told = problems(copy)
    assert f"{ITEM}: title: Field required" in told
    assert f"{ITEM}: tittle: Extra inputs" in told


def test_a_citation_of_nothing_is_told_with_what_there_is(copy: Path) -> None:
    path = copy / RUBRIC
    path.write_text(
        path.read_text().replace("source: real-time-vs-batch#", "source: real-time-vs-batch#No ", 1)
    )
    assert "has no heading 'No " in problems(copy)


def test_a_probe_of_no_criterion_is_told(copy: Path) -> None:
    edit(copy, ITEM, "probes: [", "probes: [XX-9, ")
    assert "probes 'XX-9'" in problems(copy)


def test_dimensions_of_a_tradeoff_are_the_five_stages(copy: Path) -> None:
    edit(copy, RUBRIC, "id: context", "id: setting")
    assert "dimensions must be context, problem, solution, tradeoffs, production" in problems(copy)


def test_a_file_that_is_no_text_is_told(copy: Path) -> None:
    (copy / ITEM).write_bytes(b"\xff\xfe\x00binary")
    assert f"{ITEM}: not UTF-8 text" in problems(copy)


def test_an_unknown_id_is_answered_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="Did you mean root-cause-analysis"):
        SHIPPED.item("root-cause-analyses")


def test_a_drill_takes_the_case_it_is_put_on() -> None:
    drill = SHIPPED.item("problem-framing@concept-drift")
    case = SHIPPED.item("concept-drift")
    assert case.context.strip() in drill.opening
    assert drill.facts == case.facts
    with pytest.raises(UnknownName):
        SHIPPED.item("root-cause-analysis@concept-drift")


@pytest.mark.parametrize("minutes", sorted(FULL_LOOPS))
def test_every_length_of_a_full_loop_has_its_own_plan(minutes: int) -> None:
    plan = make_plan(SHIPPED, "full-loop", minutes=minutes, seed=7)
    assert [planned.item.kind for planned in plan.items] == [
        kind for kind, _ in FULL_LOOPS[minutes]
    ]
    assert len({planned.item.id for planned in plan.items}) == len(plan.items)
    assert make_plan(SHIPPED, "full-loop", minutes=minutes, seed=7) == plan
