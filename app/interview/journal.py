"""How the interview writes to the store while a judge writes beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import reduce

from app.domain.session import Session
from app.errors import StoreConflict
from app.grading.score import overall_level
from app.interview.assessing import assess_item
from app.sessions.events import AnswerGraded, ModelCalled, SessionEvent, apply_event
from app.sessions.store import SessionStore


class Journal:
    """The store, and the clock that stamps what is written to it."""

    def __init__(self, store: SessionStore, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.now = clock

    def append(self, session: Session, events: Sequence[SessionEvent]) -> Session:
        """Append to a session; a grade that arrived from beside in the meantime is no conflict.

        StoreConflict for anything else that was written to it since it was loaded.
        """
        while True:
            try:
                return write(self.store, session, events)
            except StoreConflict:
                since = self.store.events(session.id)[session.revision :]
                if not since or not all(is_beside(event) for event in since):
                    raise
                # Another process graded the same answer: one grade is enough.
                if _graded(events) & _graded(since):
                    raise
                session = reduce(apply_event, since, session)


def write(store: SessionStore, session: Session, events: Sequence[SessionEvent]) -> Session:
    """Append to a session; one that is finished is listed with the level of its grades so far."""
    after = reduce(apply_event, events, session)
    return store.append(session, events, overall=_level(after))


def is_beside(event: SessionEvent) -> bool:
    """Whether an event comes from the judge, and so may stand before or after any other."""
    if isinstance(event, AnswerGraded):
        return not event.provisional
    return isinstance(event, ModelCalled) and event.use.purpose == "judge"


def _level(session: Session) -> int | None:
    if session.status != "finished":
        return None
    items = [i for i in range(len(session.plan.items)) if session.item_turns(i)]
    return overall_level([assess_item(session, i, use_readings=False) for i in items])


def _graded(events: Iterable[SessionEvent]) -> set[str]:
    return {event.turn_id for event in events if isinstance(event, AnswerGraded)}
