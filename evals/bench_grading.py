"""A grader on any labelled file of statements and answers, without author's examples.

`not_met` is missed, partial counts as not met; accuracy, F1 and AUC use P(met) on every row,
undecided ones included.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ValidationError

from app.domain.content import Citation, Criterion, Dimension, Item, Rubric, Text
from app.errors import BadInput
from app.grading.grader import GradingRequest
from evals.grading import p_met_of
from evals.measures import accuracy, auc, macro_f1


class Row(BaseModel):
    """One line of a file; what else it holds is not read."""

    question: str | None = None
    criterion: Text
    answer: str
    label: Literal["met", "partial", "not_met", "missed"]


def report(path: Path, grader_name: str, limit: int | None) -> dict[str, Any]:
    """The measures over the first `limit` rows of a file. BadInput names a line that is wrong."""
    from app.interview.wiring import make_grader

    try:
        rows = list(islice(read_rows(path), limit))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text.") from None
    if not rows:
        raise BadInput(f"{path} holds no rows.")
    grader = make_grader(grader_name)
    start = time.perf_counter()
    verdicts = [grader.grade(request_of(row.model_dump())).verdicts[0] for row in rows]
    seconds = time.perf_counter() - start
    met = np.array([row.label == "met" for row in rows])
    probability = np.array([p_met_of(verdict) for verdict in verdicts])
    decided = np.array([verdict.verdict != "unscored" for verdict in verdicts])
    said_met = np.array([verdict.verdict == "met" for verdict in verdicts])
    return {
        "grader": grader.name,
        "accuracy": round(accuracy(met, probability >= 0.5), 4),
        "macro_f1": round(macro_f1(met, probability >= 0.5), 4),
        "auc": round(auc(met, probability), 4),
        "coverage": round(float(decided.mean()), 4),
        "accuracy_when_decided": round(accuracy(met[decided], said_met[decided]), 4),
        "ms_per_judgement": round(1000 * seconds / len(rows), 2),
        "n": len(rows),
    }


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, blank lines left out. BadInput names a line that is wrong."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield Row.model_validate_json(line)
                except ValidationError as error:
                    raise BadInput(f"{path}, line {number}: {_told(error)}.") from None


def _told(error: ValidationError) -> str:
    """The first thing wrong with a row, by the name of its field."""
    first = error.errors(include_url=False, include_context=False)[0]
    if not first["loc"]:
        return "not a JSON object"
    if first["type"] == "missing":
        return f"{first['loc'][0]} is missing"
    return f"{first['loc'][0]}: {first['msg']}, not {first['input']!r:.40}"


def request_of(row: dict[str, object]) -> GradingRequest:
    """One statement as a rubric of one criterion, for which no author wrote an example."""
    criterion = Criterion(
        id="statement",
        dimension="content",
        tier="must",
        statement=str(row["criterion"]),
        counts="The answer says this.",
        does_not_count="The answer does not say this.",
        why="It is what the label is about.",
        source=Citation(document="none", heading="none"),
    )
    dimension = Dimension(id="content", title="Content", anchors={1: "no", 3: "partly", 5: "yes"})
    rubric = Rubric(
        id="statement",
        title="One statement",
        kind="topic",
        dimensions=(dimension,),
        criteria=(criterion,),
    )
    question = str(row.get("question") or "") or "Tell me."
    item = Item(
        id="statement",
        kind="topic",
        title="One statement",
        topics=("benchmark",),
        opening=question,
        rubric="statement",
    )
    return GradingRequest(
        item=item,
        rubric=rubric,
        criteria=(criterion,),
        question=str(row.get("question") or ""),
        answer=str(row["answer"]),
    )
