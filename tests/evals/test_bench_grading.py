"""The measure on labelled files whose statements have no author's examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.bench_grading import report

STATEMENT = "The retry storm began when the cache was flushed."
SAID = "At noon somebody flushed the cache, and then the retry storm began."
UNSAID = "Our canteen serves lunch from eleven on weekdays."
LONG = (
    f"{STATEMENT} "
    + "The database had been sized for hits only, so every miss cost a full scan. " * 2
)


@pytest.mark.parametrize(
    ("question", "criterion"),
    [("", STATEMENT), ("When did the retry storm begin?", STATEMENT), ("What happened?", LONG)],
    ids=["statement", "short reference", "long reference"],
)
def test_what_is_said_ranks_above_what_is_not(
    question: str, criterion: str, tmp_path: Path
) -> None:
    rows = [
        {"question": question, "criterion": criterion, "answer": answer, "label": label}
        for answer, label in (
            (f"{SAID} {criterion.removeprefix(STATEMENT)}", "met"),
            (UNSAID, "not_met"),
        )
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    measured = report(file, "embedded", None)
    assert (measured["n"], measured["auc"]) == (2, 1.0)
