"""Many candidates at once on the embedded mode, with and without pauses for thought."""

from __future__ import annotations

import itertools
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.catalog import default_catalog
from app.grading.embedded import EmbeddedGrader
from app.interview.budget import Budget
from app.interview.engine import Engine
from app.interview.scripted import ScriptedInterviewer
from app.sessions.store import SessionStore
from app.ui.page import Page

ITEM = "anomaly-detection-system"
MOST_TIMES_LONGER = 3.0
"""What the 95th percentile of a turn may be among many who think, in times that of one alone."""
GAIN = 1.15
"""More candidates that bring less than this many times the turns a second: there it bends."""
UNBOUNDED = Budget(sessions_an_hour=10**9, messages_a_minute=10**9, session_tokens=10**12)


@dataclass
class _Measured:
    """What all candidates of one step have seen."""

    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0
    """Seconds of processor time, all turns together: what else runs does not count here."""
    errors: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)


def report(most: int = 16, seconds: float = 8.0) -> dict[str, Any]:
    """A row for 1, 2, 4 … `most` candidates, each answering for `seconds`; then where it bends."""
    rows: list[dict[str, Any]] = []
    with _opened() as page:
        count = 1
        while count <= most:
            rows.append(_row(count, *_run(page, count, seconds)))
            count *= 2
    best = max(float(row["turns a second"]) for row in rows)
    return {
        "load": rows,
        "cores": os.cpu_count(),
        "bends at": _bend(rows),
        "enough for": f"{best * 60:.0f} people who think a minute before each answer (computed)",
    }


def thinking_report(candidates: int, seconds: float, thinking: float) -> dict[str, Any]:
    """One candidate, then many who each think `thinking` seconds before every answer.

    The one answers without a pause: nobody waits for it, so pauses would only make its turns few.
    """
    with _opened() as page:
        alone = _row(1, *_run(page, 1, seconds / 4))
        among = _row(candidates, *_run(page, candidates, seconds, thinking))
        again = _row(1, *_run(page, 1, seconds / 4))
    # Before and after: what else the machine does must not pass for the doing of the candidates.
    one = (float(alone["p95, s"]) + float(again["p95, s"])) / 2
    times = float(among["p95, s"]) / one
    return {
        "load": [alone, among, again],
        "cores": os.cpu_count(),
        "load average": " ".join(f"{each:.1f}" for each in os.getloadavg()),
        "p95 among many": f"{times:.2f} times that of one (below {MOST_TIMES_LONGER:g} is the aim)",
        "kept": times < MOST_TIMES_LONGER,
    }


@contextmanager
def _opened() -> Iterator[Page]:
    """The page's own queue, the store and the grader are the real ones; the browser is left out."""
    with tempfile.TemporaryDirectory() as folder:
        store = SessionStore(f"sqlite:///{Path(folder) / 'sessions.db'}")
        engine = Engine(store, ScriptedInterviewer(), EmbeddedGrader())
        page = Page(engine, default_catalog(), UNBOUNDED)
        _run(page, 1, 1.0)  # loads the model and reads the rubric
        yield page
        page.close()
        store.close()


def _run(
    page: Page, candidates: int, seconds: float, thinking: float = 0.0
) -> tuple[_Measured, float]:
    measured = _Measured()
    began, processor = time.monotonic(), time.process_time()
    threads = [
        threading.Thread(
            target=_practise,
            args=(page, f"{candidates}-{number}", began + seconds, thinking, measured),
        )
        for number in range(candidates)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured.processor = time.process_time() - processor
    return measured, time.monotonic() - began


def _practise(page: Page, name: str, end: float, thinking: float, measured: _Measured) -> None:
    """Answer question after question, after so many seconds of thought, until the time is up."""
    exemplar = page.catalog.item(ITEM).exemplars["senior"]
    numbers = itertools.count()
    time.sleep(random.Random(name).uniform(0, thinking))  # people do not begin at a signal
    try:
        session = None
        while time.monotonic() < end:
            if session is None or session.status == "finished":
                *_, screen = page.start(ITEM, "principal", 240, name)
                session = screen.session
            turn = session.current_turn
            assert turn is not None, "an open interview has a question"
            time.sleep(thinking)
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
        "processor a turn, s": round(measured.processor / max(1, len(times)), 2),
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
