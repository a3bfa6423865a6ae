"""The table of promises counts what the proofs counted, and claims nothing without one."""

from __future__ import annotations

from evals.reliability import Outcome, Promise, as_markdown, row

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


def test_the_published_table_has_a_row_a_promise() -> None:
    text = as_markdown([row(PROMISE, [outcome("tests/a.py::x")])])
    assert text.endswith("| Nothing is lost | 1 | 1 | 0 | 0 | - | proved |\n")
