"""The queue of steps: one a session, in the order they came, and no longer than is bearable."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from app.errors import StoreConflict
from app.interview.loop import Progress
from app.ui.live import MOST_AT_ONCE, LiveSteps


class Work:
    """Steps that wait for leave to end, and the order in which they ran."""

    def __init__(self) -> None:
        self.leave = threading.Event()
        self.order: list[str] = []

    def step(self, name: str) -> Iterator[Progress]:
        self.leave.wait(30)
        self.order.append(name)
        return iter(())


@pytest.fixture
def work() -> Work:
    return Work()


def test_a_session_cannot_push_in_by_sending_again(work: Work) -> None:
    live = LiveSteps(workers=1)
    for name in ("ann", "bob", "carol"):
        live.begin(name, lambda name=name: work.step(name))  # type: ignore[misc]
        with pytest.raises(StoreConflict, match="still busy"):
            live.begin("ann", lambda: work.step("ann again"))
    work.leave.set()
    for name in ("ann", "bob", "carol"):
        assert list(live.follow(name)) == []
    assert work.order == ["ann", "bob", "carol"]
    live.close()


def test_a_queue_that_is_too_long_says_so_and_recovers(work: Work) -> None:
    live = LiveSteps(workers=2)
    names = [f"s{number}" for number in range(MOST_AT_ONCE)]
    for name in names:
        live.begin(name, lambda name=name: work.step(name))  # type: ignore[misc]
    with pytest.raises(StoreConflict, match="still in the box"):
        live.begin("one more", lambda: work.step("one more"))
    work.leave.set()
    for name in names:
        list(live.follow(name))
    live.begin("one more", lambda: work.step("one more"))
    list(live.follow("one more"))
    assert work.order[-1] == "one more"
    live.close()
