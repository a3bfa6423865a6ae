"""Speed, as ratios within one run: start-up, page, index, search, grading, memory."""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

RUNS = 5
PAGE_RUNS = 3
PAGE_TIMEOUT = 120.0
INTERVIEW = [sys.executable, "-m", "app"]


def bench() -> list[dict[str, Any]]:
    """Every measure as {what, value, unit, against}."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["INTERVIEW_DATA_DIR"] = folder
        return [*_start_up(), *_page(), *_index_and_search(Path(folder)), *_grading(), *_memory()]


def _start_up() -> list[dict[str, Any]]:
    base = _median(lambda: _run([sys.executable, "-c", "pass"]))
    helped = _median(lambda: _run([*INTERVIEW, "--help"]))
    return [_row("interview --help", helped / base, "x", f"python -c pass ({base * 1000:.0f} ms)")]


def _page() -> list[dict[str, Any]]:
    imports = [sys.executable, "-c", "import gradio, chromadb"]
    base = _median(lambda: _run(imports), PAGE_RUNS)
    ready = _median(_page_ready, PAGE_RUNS)
    return [
        _row("page ready", ready / base, "x", f"python -c 'import gradio, chromadb' ({base:.1f} s)")
    ]


def _page_ready() -> float:
    """Seconds from process start to the first answered request; the process is stopped."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    server = subprocess.Popen(
        [*INTERVIEW, "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while time.perf_counter() - start < PAGE_TIMEOUT:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                    return time.perf_counter() - start
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise TimeoutError(f"the page did not answer within {PAGE_TIMEOUT:.0f} s")
    finally:
        server.terminate()
        server.wait(20)


def _index_and_search(folder: Path) -> list[dict[str, Any]]:
    from app.catalog import default_catalog
    from app.retrieval.index import Index
    from app.retrieval.search import Searcher
    from app.settings import Settings

    documents = list(default_catalog().documents.values())
    with Index.open(Settings(data_dir=folder / "bench")) as index:
        start = time.perf_counter()
        chunks = index.sync(documents).added
        built = time.perf_counter() - start
        start = time.perf_counter()
        index.sync(documents)
        again = time.perf_counter() - start
        searcher = Searcher(index)
        searcher.search("warm up")
        search = _median(lambda: _timed(lambda: searcher.search("how many pages can on-call take")))
    return [
        _row("index build", chunks / built, "chunks/s", f"{chunks} chunks, shipped vectors"),
        _row("index up to date", again / built, "x", "the build"),
        _row("search", search * 1000, "ms", "warm, fused"),
    ]


def _grading() -> list[dict[str, Any]]:
    from app.catalog import default_catalog
    from app.grading.embedded import EmbeddedGrader
    from app.grading.grader import GradingRequest

    catalog = default_catalog()
    item = catalog.item("anomaly-detection-system")
    rubric = catalog.rubric(item.rubric)
    request = GradingRequest(
        item=item,
        rubric=rubric,
        criteria=rubric.criteria,
        question=item.opening,
        answer=item.exemplars["staff"],
    )
    grader = EmbeddedGrader()
    first = _timed(lambda: grader.grade(request))
    # New words each time: the answer's own sentences must not come from a cache.
    runs = iter(range(100))

    def again() -> float:
        changed = request.model_copy(
            update={"answer": request.answer.replace(".", f" in case {next(runs)}.")}
        )
        return _timed(lambda: grader.grade(changed))

    each = _median(again) / len(rubric.criteria)
    return [
        _row("grade, first answer", first * 1000, "ms", "model load and rubric included"),
        _row("grade, a criterion", each * 1000, "ms", f"{len(rubric.criteria)} criteria, one core"),
    ]


def _memory() -> list[dict[str, Any]]:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        _row("peak memory, index and grading", own, "MiB", "this process"),
        _row("peak memory, page", children, "MiB", "largest child"),
    ]


def _row(what: str, value: float, unit: str, against: str) -> dict[str, Any]:
    return {"what": what, "value": round(value, 2), "unit": unit, "against": against}


def _median(measure: Callable[[], float], runs: int = RUNS) -> float:
    return statistics.median(measure() for _ in range(runs))


def _timed(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def _run(command: list[str]) -> float:
    return _timed(
        lambda: subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    )
