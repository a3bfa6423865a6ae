"""What one run of calls to a language model may cost, and the record of what it did cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from app.domain.session import ModelUse

Purpose = Literal["interviewer", "judge", "probe"]

SECONDS = 90.0
"""One deadline over everything that a run does: calls, retries, waits and repair."""
ATTEMPTS = 3
"""HTTP requests of a run. Interviewer and judge have a run each, so a turn sends at most six."""


@dataclass(frozen=True)
class ModelCall:
    """One call of a model, whole; retries of the same request are one call."""

    use: ModelUse
    prompt: str
    reply: str


@dataclass
class Run:
    """The limits of one piece of work, shared by all calls within it."""

    purpose: Purpose
    turn_id: str | None = None
    seconds: float = SECONDS
    attempts_left: int = ATTEMPTS
    calls: list[ModelCall] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False

    @property
    def seconds_left(self) -> float:
        """Until the deadline; never negative."""
        return max(0.0, self.began + self.seconds - time.monotonic())

    def stop(self) -> None:
        """Nothing more is wanted of it."""
        self.stopped = True


_current: ContextVar[Run] = ContextVar("run")


def current_run() -> Run:
    """The run that the calling task belongs to; one of its own outside any."""
    return _current.get(None) or Run("probe")


@contextmanager
def within(run: Run) -> Iterator[Run]:
    """Everything called inside counts against `run`."""
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)
