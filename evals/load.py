"""Many candidates at once on the embedded mode: turns a second, waiting time, memory, the bend."""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.catalog import Catalog, default_catalog
from app.grading.embedded import EmbeddedGrader
from app.interview.budget import Budget
from app.interview.engine import Engine
from app.interview.scripted import ScriptedInterviewer
from app.sessions.store import SessionStore
from app.ui.page import Page

ITEM = "anomaly-detection-system"
GAIN = 1.15
"""More candidates that bring less than this many times the turns a second: there it bends."""
UNBOUNDED = Budget(sessions_an_hour=10**9, messages_a_minute=10**9, session_tokens=10**12)


@dataclass
class _Measured:
    """What all candidates of one step have seen."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)


def report(most: int = 16, seconds: float = 8.0) -> dict[str, Any]:
    """A row for 1, 2, 4 … `most` candidates, each answering for `seconds`; then where it bends.

    The page's own queue, the store and the grader are the real ones; only the browser is left out.
    """
    catalog = default_catalog()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = SessionStore(f"sqlite:///{Path(folder) / 'sessions.db'}")
        page = Page(Engine(store, ScriptedInterviewer(), EmbeddedGrader()), catalog, UNBOUNDED)
        _run(page, catalog, 1, 1.0)  # loads the model and reads the rubric
        count = 1
        while count <= most:
            rows.append(_row(count, *_run(page, catalog, count, seconds)))
            count *= 2
        page.close()
        store.close()
    best = max(float(row["turns a second"]) for row in rows)
    return {
        "load": rows,
        "cores": os.cpu_count(),
        "bends at": _bend(rows),
        "enough for": f"{best * 60:.0f} people who think a minute before each answer (computed)",
    }


def _run(page: Page, catalog: Catalog, candidates: int, seconds: float) -> tuple[_Measured, float]:
    measured = _Measured()
    began = time.monotonic()
    threads = [
        threading.Thread(
            target=_practise,
            args=(page, catalog, f"{candidates}-{number}", began + seconds, measured),
        )
        for number in range(candidates)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured, time.monotonic() - began


def _practise(page: Page, catalog: Catalog, name: str, end: float, measured: _Measured) -> None:
    """Answer question after question, without a pause for thought, until the time is up."""
    exemplar = catalog.item(ITEM).exemplars["senior"]
    numbers = itertools.count()
    try:
        session = None
        while time.monotonic() < end:
            if session is None or session.status == "finished":
                *_, screen = page.start(ITEM, "principal", 240, name)
                session = screen.session
            turn = session.current_turn
            assert turn is not None, "an open interview has a question"
            # New words each time, as people write them: nothing comes from a cache.
            answer = exemplar.replace(".", f" in case {name}-{next(numbers)}.")
            began = time.monotonic()
            *_, screen = page.send(session.id, turn.id, answer, name)
            session = screen.session
            with measured.guard:
                measured.seconds.append(time.monotonic() - began)
    except Exception as error:
        with measured.guard:
            measured.errors.append(f"{type(error).__name__}: {error}")


def _row(candidates: int, measured: _Measured, took: float) -> dict[str, Any]:
    times = sorted(measured.seconds)

    def quantile(share: float) -> float:
        return round(times[min(len(times) - 1, int(share * len(times)))], 2) if times else 0.0

    return {
        "candidates": candidates,
        "turns": len(times),
        "turns a second": round(len(times) / took, 2),
        "p50, s": quantile(0.5),
        "p95, s": quantile(0.95),
        "memory, MiB": _memory(),
        "errors": " ".join(sorted(set(measured.errors))) or 0,
    }


def _bend(rows: list[dict[str, Any]]) -> str:
    for before, after in itertools.pairwise(rows):
        if after["turns a second"] < GAIN * before["turns a second"]:
            return (
                f"{before['candidates']} candidates who answer without a pause: more of them wait "
                "longer, and no more turns are done"
            )
    return "nowhere yet"


def _memory() -> int:
    """Resident memory of this process now, MiB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
