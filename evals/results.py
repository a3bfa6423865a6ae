"""Everything that is published, measured in one run and written to evals/RESULTS.md."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.interview.wiring import make_grader
from app.settings import settings
from evals import attacks, exemplars, grading, interviewer, labels, retrieval

RESULTS = Path(__file__).parent / "RESULTS.md"


def write_results(show: Any, path: Path = RESULTS) -> dict[str, Any]:
    """Measure all that is published and write it with date and versions.

    Labels, grading, attacks, exemplars, search and simulated candidates.
    """
    grader = make_grader("embedded")
    measured: dict[str, Mapping[str, Any]] = {
        "Agreement of the labellers": labels.agreement(),
        "The embedded grader on the test split": grading.report(grader),
        "Attacks on the embedded grader": attacks.report(grader),
        "Exemplars": exemplars.report(grader),
        "Search": retrieval.report(),
        "Simulated candidates and the embedded interviewer": {
            "interviews": interviewer.report(settings().model_copy(update={"embedded": True}))
        },
    }
    lines = [
        "# Results",
        "",
        f"Made by `make eval` on {datetime.now(UTC):%Y-%m-%d}, program "
        f"{version('aiops-interview')}, chromadb {version('chromadb')}, onnxruntime "
        f"{version('onnxruntime')}. Intervals are 95 % bootstrap intervals over answers or "
        "questions. What the tables mean and what was tried stands in LOG.md.",
        "",
    ]
    for title, values in measured.items():
        lines += [f"## {title}", "", "```", _as_text(show, values), "```", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return dict(measured)


def _as_text(show: Any, values: Mapping[str, Any]) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        show(values, False)
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())
