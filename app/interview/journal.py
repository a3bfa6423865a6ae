"""How the interview writes to the store while a judge writes beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import reduce

from app.domain.session import Session
from app.errors import StoreConflict
from app.interview.judging import is_beside
from app.sessions.events import AnswerGraded, SessionEvent, apply_event
from app.sessions.store import SessionStore


class Journal:
    """The store, and the clock that stamps what is written to it."""

    def __init__(self, store: SessionStore, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.now = clock

    def append(
        self, session: Session, events: Sequence[SessionEvent], *, overall: int | None = None
    ) -> Session:
        """Append to a session; a grade that arrived from beside in the meantime is no conflict.

        StoreConflict for anything else that was written to it since it was loaded.
        """
        while True:
            try:
                return self.store.append(session, events, overall=overall)
            except StoreConflict:
                since = self.store.events(session.id)[session.revision :]
                if not since or not all(is_beside(event) for event in since):
                    raise
                # Another process graded the same answer: one grade is enough.
                if _graded(events) & _graded(since):
                    raise
                session = reduce(apply_event, since, session)


def _graded(events: Iterable[SessionEvent]) -> set[str]:
    return {event.turn_id for event in events if isinstance(event, AnswerGraded)}
