"""The table of promises counts what the proofs counted, and claims nothing without one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from app.errors import InterviewError
from evals.reliability import Outcome, Promise, as_markdown, report, row

PROMISE = Promise(text="Nothing is lost", tests=("tests/a.py", "tests/b.py::test_kill"))


def outcome(name: str, passed: bool = True, skipped: bool = False, **counts: float) -> Outcome:
    return Outcome(name=name, passed=passed, skipped=skipped, counts=counts)


def test_counts_of_all_proofs_are_added_and_the_worst_recovery_stands() -> None:
    made = row(
        PROMISE,
        [
            outcome("tests/a.py::test_one", runs=50, lost=0, doubled=1, recovery=0.2),
            outcome("tests/b.py::test_kill_9", recovery=0.456),
            outcome("tests/b.py::test_other", runs=7, lost=7),
        ],
    )
    assert list(made.values()) == ["Nothing is lost", 2, 51, 0, 1, 0.46, "proved"]


def test_a_promise_is_proved_by_passing_tests_only() -> None:
    failed, skipped = outcome("tests/a.py::x", passed=False), outcome("tests/a.py::x", skipped=True)
    assert row(PROMISE, [])["result"] == "NOT PROVED"
    assert row(PROMISE, [failed])["result"] == "NOT PROVED"
    assert row(PROMISE, [skipped])["result"] == "NOT PROVED, 1 skipped"


def test_a_promise_is_not_proved_when_one_of_its_proofs_has_another_name_now() -> None:
    others = [outcome("tests/a.py::x"), outcome("tests/b.py::test_murder")]
    assert row(PROMISE, others)["result"] == "NOT PROVED"


def test_a_test_run_that_cannot_start_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(InterviewError, match="pytest ended with 1 and left no results"):
        report(tmp_path / "table.md")


def test_the_published_table_has_a_row_a_promise() -> None:
    text = as_markdown([row(PROMISE, [outcome("tests/a.py::x"), outcome("tests/b.py::test_kill")])])
    assert text.endswith("| Nothing is lost | 2 | 2 | 0 | 0 | - | proved |\n")
