"""Runs the proof of every promise and counts: runs, lost, duplicated, worst recovery time."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from app.domain.content import Value
from app.errors import InterviewError

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "RELIABILITY.md"
STORE, SEARCH, WHOLE = "tests/sessions/", "tests/retrieval/", "tests/reliability/"


class Promise(Value):
    """What is promised, and the tests that prove it: files, or `file::beginning of a name`."""

    text: str
    tests: tuple[str, ...]


PROMISES = (
    Promise(
        text="A sent answer survives a kill at any stage of a turn",
        tests=(f"{WHOLE}test_kill_loop.py", f"{STORE}test_store_crash.py::test_kill_9"),
    ),
    Promise(
        text="Resume never doubles a turn or a grade",
        tests=(
            f"{WHOLE}test_together.py::test_sending_and_resuming",
            f"{WHOLE}test_together.py::test_of_two_that_grade",
        ),
    ),
    Promise(
        text="A cut stream keeps its text",
        tests=(
            "tests/interview/test_agent.py::test_stop_ends",
            "tests/interview/test_agent.py::test_a_page_that_is_closed",
            "tests/interview/test_agent.py::test_a_stream_that_breaks",
        ),
    ),
    Promise(
        text="Two tabs on one session: one answer, one grade",
        tests=(
            f"{WHOLE}test_together.py::test_two_tabs",
            f"{STORE}test_store_contract.py::test_of_two_writers",
            f"{STORE}test_store_contract.py::test_of_many_threads",
        ),
    ),
    Promise(
        text="Two processes on one data folder",
        tests=(
            f"{WHOLE}test_together.py::test_two_processes",
            f"{STORE}test_store_crash.py::test_processes",
            f"{SEARCH}test_index.py::test_two_processes",
        ),
    ),
    Promise(
        text="Two replicas on one Postgres: on in 2 s",
        tests=(f"{WHOLE}test_replicas.py", "tests/ui/test_replicas_http.py"),
    ),
    Promise(
        text="Users see their own sessions and documents only",
        tests=(
            "tests/ui/test_users_http.py",
            f"{SEARCH}test_index.py::test_own_documents_belong",
            f"{SEARCH}test_search.py::test_a_search_finds_the_searchers_own",
        ),
    ),
    Promise(
        text="The clock jumps backwards",
        tests=(
            f"{WHOLE}test_together.py::test_a_clock",
            f"{STORE}test_store_contract.py::test_order_is_that",
        ),
    ),
    Promise(
        text="Any order of actions and crashes",
        tests=(f"{WHOLE}test_state_machine.py",),
    ),
    Promise(
        text="Hostile text and uploads",
        tests=(f"{WHOLE}test_hostile_text.py", f"{WHOLE}test_hostile_uploads.py"),
    ),
    Promise(
        text="Disk full, or read-only",
        tests=(
            f"{STORE}test_store_failures.py::test_on_a_full",
            f"{STORE}test_store_failures.py::test_a_read_only",
        ),
    ),
    Promise(
        text="Corrupt or foreign file is moved aside",
        tests=(
            f"{STORE}test_store_failures.py::test_a_damaged",
            f"{STORE}test_store_failures.py::test_the_log",
            f"{STORE}test_store_failures.py::test_damage",
            f"{STORE}test_store_failures.py::test_two_damaged",
            f"{STORE}test_store_failures.py::test_another_programs",
        ),
    ),
    Promise(text="Upgrade of the store", tests=(f"{STORE}test_store_upgrade.py",)),
    Promise(text="10,000 sessions: a page within 50 ms", tests=(f"{STORE}test_store_list.py",)),
    Promise(
        text="Index lost or damaged is rebuilt",
        tests=(
            f"{SEARCH}test_index.py::test_a_deleted",
            f"{SEARCH}test_index.py::test_a_damaged_folder",
            f"{SEARCH}test_index.py::test_a_rebuild",
        ),
    ),
    Promise(text="Keys are in no artefact", tests=(f"{WHOLE}test_secrets.py",)),
    Promise(text="Backup, restore, import", tests=(f"{STORE}test_portable.py",)),
)


class Outcome(Value):
    """What one test has counted; a test that counts nothing is one run."""

    name: str
    passed: bool
    skipped: bool
    counts: dict[str, float]


def report(path: Path = RESULTS) -> dict[str, Any]:
    """One row a promise, also written to a file; the last column says what is not proved."""
    outcomes = _run(sorted({test.partition("::")[0] for each in PROMISES for test in each.tests}))
    rows = [row(promise, outcomes) for promise in PROMISES]
    path.write_text(as_markdown(rows), encoding="utf-8")
    return {"promises": rows}


def as_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table as it is published, with the date and the machine."""
    titles = list(rows[0])
    lines = [titles, ["---"] * len(titles), *(list(map(str, each.values())) for each in rows)]
    return "\n".join(
        [
            "# Reliability",
            "",
            f"Made by `make reliability` on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
            f"Python {platform.python_version()}. A test that counts nothing is one run.",
            "",
            *(f"| {' | '.join(each)} |" for each in lines),
            "",
        ]
    )


def row(promise: Promise, outcomes: list[Outcome]) -> dict[str, Any]:
    """The counts of all tests of a promise, taken together; proved if each of its proofs ran."""
    own = [each for each in outcomes if any(each.name.startswith(test) for test in promise.tests)]
    run = [each for each in own if not each.skipped]
    recoveries = [each.counts["recovery"] for each in run if "recovery" in each.counts]
    # A proof under a new name would otherwise be missed by nobody.
    complete = all(any(each.name.startswith(test) for each in run) for test in promise.tests)
    proved = complete and all(each.passed for each in run)
    skipped = len(own) - len(run)
    return {
        "promise": promise.text,
        "tests": len(run),
        "runs": int(sum(each.counts.get("runs", 1) for each in run)),
        "lost": int(sum(each.counts.get("lost", 0) for each in run)),
        "duplicated": int(sum(each.counts.get("doubled", 0) for each in run)),
        "worst recovery, s": round(max(recoveries), 2) if recoveries else "-",
        "result": ("proved" if proved else "NOT PROVED")
        + (f", {skipped} skipped" if skipped else ""),
    }


def _run(files: list[str]) -> list[Outcome]:
    missing = [file for file in files if not (ROOT / file).exists()]
    if missing:
        raise InterviewError(
            f"The proofs are the tests of the source tree, and {missing[0]} is not there: run "
            "`make reliability` in a checkout."
        )
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.xml"
        options = ["-q", "-o", "junit_family=xunit1", f"--junitxml={result}"]
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *files], cwd=ROOT, stdout=sys.stderr
        )
        if not result.exists():
            raise InterviewError(
                f"pytest ended with {ended.returncode} and left no results: see above what it said."
            )
        return [_outcome(case) for case in ElementTree.parse(result).iter("testcase")]


def _outcome(case: ElementTree.Element) -> Outcome:
    counts = {
        str(each.get("name")): float(str(each.get("value"))) for each in case.iter("property")
    }
    failed = case.find("failure") is not None or case.find("error") is not None
    return Outcome(
        name=f"{case.get('file')}::{case.get('name')}",
        passed=not failed,
        skipped=case.find("skipped") is not None,
        counts=counts,
    )
