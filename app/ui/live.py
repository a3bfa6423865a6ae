"""Steps of the engine that run on their own, so that a reload or a second tab can join them.

A step (grading an answer, streaming a question) belongs to its session, not to the tab that began
it: the tab may go away. Few steps run at once, because the embedded grader is bound by the
processor, and the others wait in the order they came.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from app.errors import StoreConflict
from app.interview.loop import Progress

MOST_AT_ONCE = 64
"""Steps that run or wait, over all sessions; more would wait longer than anyone does."""


@dataclass
class _Running:
    """One step: the newest progress, and how it ended."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    progress: Progress | None = None
    version: int = 0
    done: bool = False
    error: BaseException | None = None

    def publish(self, progress: Progress) -> None:
        with self.changed:
            self.progress = progress
            self.version += 1
            self.changed.notify_all()

    def wait(self, seen: int) -> tuple[Progress | None, int, bool]:
        """The newest progress once it is newer than `seen` or the step has ended."""
        with self.changed:
            self.changed.wait_for(lambda: self.done or self.version > seen)
            return self.progress, self.version, self.done

    def finish(self, error: BaseException | None = None) -> None:
        with self.changed:
            self.error = error
            self.done = True
            self.changed.notify_all()


class LiveSteps:
    """The steps under way, one at most for each session.

    That makes the queue fair: whoever sends much waits behind everyone who has sent once.
    """

    def __init__(self, workers: int) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="interview")
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()

    def begin(self, session_id: str, steps: Callable[[], Iterator[Progress]]) -> None:
        """Run a step in the background. StoreConflict while another one of the session runs.

        The same if too many wait already.
        """
        running = _Running()
        with self._lock:
            if session_id in self._running:
                raise StoreConflict(
                    "The interviewer is still busy with your last message. Your text is still in "
                    "the box: send it when the reply is there."
                )
            if len(self._running) >= MOST_AT_ONCE:
                raise StoreConflict(
                    "Too many candidates are waiting for a reply just now. Your text is still in "
                    "the box: send it again in a minute."
                )
            self._running[session_id] = running
        self._executor.submit(self._run, session_id, running, steps)

    def follow(self, session_id: str) -> Iterator[Progress]:
        """The progress of the session's step until it ends; nothing if none runs.

        Slow readers skip to the newest progress. An error of the step is raised here.
        """
        with self._lock:
            running = self._running.get(session_id)
        if running is None:
            return
        seen = 0
        while True:
            progress, version, done = running.wait(seen)
            if progress is not None and version > seen:
                yield progress
            seen = version
            if done:
                if running.error is not None:
                    raise running.error
                return

    def busy(self, session_id: str) -> bool:
        """Whether a step of the session is under way."""
        with self._lock:
            return session_id in self._running

    def close(self) -> None:
        """Wait for nothing: what is under way is resumed from the store another time."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _run(
        self, session_id: str, running: _Running, make: Callable[[], Iterator[Progress]]
    ) -> None:
        error: BaseException | None = None
        try:
            for progress in make():
                running.publish(progress)
        except BaseException as raised:
            error = raised
        with self._lock:
            self._running.pop(session_id, None)
        running.finish(error)
