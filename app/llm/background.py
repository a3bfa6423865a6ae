"""One event loop in a thread of its own: sync code starts, reads and stops asynchronous work there.

The client's limit between two chunks works in async code only, and a connection pool belongs to one
loop; so all calls share this one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
CLEAN_UP_SECONDS = 0.3


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="model-calls", daemon=True).start()
    return loop


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end and give back its result."""
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


class Stop:
    """Ends an iteration from another thread, at once."""

    def __init__(self) -> None:
        self._set = threading.Event()
        self._callbacks: list[Callable[[], None]] = []

    def __call__(self) -> None:
        self._set.set()
        for callback in list(self._callbacks):
            callback()

    @property
    def is_set(self) -> bool:
        """Whether it was called."""
        return self._set.is_set()

    def then(self, callback: Callable[[], None]) -> None:
        """Call it when stopped; now, if that is past."""
        self._callbacks.append(callback)
        if self.is_set:
            callback()


def iterate(items: Callable[[], AsyncIterator[T]], stop: Stop) -> Generator[T, None, None]:
    """The items of an asynchronous iterator as they come; ends early, and the work too, on `stop`.

    Closing this generator cancels the work as well. What the work raises is raised here.
    """
    arrived: queue.SimpleQueue[tuple[T] | BaseException | None] = queue.SimpleQueue()

    ended = threading.Event()

    async def pump() -> None:
        try:
            async for item in items():
                arrived.put((item,))
            arrived.put(None)
        except asyncio.CancelledError:
            arrived.put(None)
            raise
        except BaseException as error:
            arrived.put(error)
        finally:
            ended.set()

    future = asyncio.run_coroutine_threadsafe(pump(), _loop())
    # The reader is woken by us, not by the work: cancelling may take a while to reach a socket.
    stop.then(lambda: arrived.put(None))
    try:
        while (entry := arrived.get()) is not None and not stop.is_set:
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        future.cancel()
        ended.wait(CLEAN_UP_SECONDS)  # so that what the work records at its end can be read
