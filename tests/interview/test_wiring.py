"""What the parts are given when they are put together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import BadInput
from app.interview import wiring
from app.retrieval.documents import load_own
from app.retrieval.index import Index
from app.settings import settings


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("INTERVIEW_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    wiring._searcher.cache_clear()
    yield tmp_path
    settings.cache_clear()
    wiring._searcher.cache_clear()


def test_the_interviewer_looks_nothing_up_in_what_candidates_have_added(data_dir: Path) -> None:
    notes = data_dir / "notes.md"
    notes.write_text("# Notes\n## Drift\nZebra zebra: page-level precision needs no labels.\n")
    with Index.open(settings()) as index:
        for owner in ("", "ann"):
            index.add_own(load_own(notes), owner=owner)
    passages = wiring._passages("zebra page-level precision")
    assert passages
    assert not any("ebra" in each for each in passages)


def test_a_grader_that_does_not_exist_is_named(data_dir: Path) -> None:
    with pytest.raises(BadInput, match="no grader 'typo'"):
        wiring.make_grader("typo")
