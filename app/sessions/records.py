"""The statements that read and write whole sessions within a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from app.domain.session import Session
from app.sessions.events import SessionEvent, fold
from app.sessions.portable import Export, export_document
from app.sessions.tables import event_from_row, event_row, events, session_row, sessions, storable


def ids_of(user: str | None) -> Select[str]:
    """Selects the ids of the sessions that `user` may see."""
    query = select(sessions.c.id)
    return query if user is None else query.where(sessions.c.user == storable(user))


def read_events(
    connection: Connection, session_id: str, user: str | None
) -> tuple[SessionEvent, ...]:
    """The events of a session in order; none if `user` has no such session."""
    query = select(events).where(events.c.session_id == storable(session_id))
    if user is not None:
        query = query.where(events.c.session_id.in_(ids_of(user)))
    rows = connection.execute(query.order_by(events.c.seq)).mappings()
    return tuple(event_from_row(row) for row in rows)


def insert_session(
    connection: Connection, session: Session, all_events: Sequence[SessionEvent]
) -> None:
    """Write a new session; IntegrityError if the id is taken."""
    connection.execute(insert(sessions).values(session_row(session)))
    connection.execute(
        insert(events), [event_row(session.id, seq, event) for seq, event in enumerate(all_events)]
    )


def insert_export(connection: Connection, export: Export) -> None:
    """Write a session that came from outside."""
    insert_session(connection, fold(export.session_id, export.events), export.events)
    if export.overall is not None:
        connection.execute(
            update(sessions)
            .where(sessions.c.id == export.session_id)
            .values(overall=export.overall)
        )


def read_exports(connection: Connection) -> Iterator[dict[str, Any]]:
    """The documents of all sessions, one at a time."""
    levels = {
        row.id: row.overall for row in connection.execute(select(sessions.c.id, sessions.c.overall))
    }
    query = select(events).order_by(events.c.session_id, events.c.seq)
    rows = connection.execute(query.execution_options(yield_per=200)).mappings()
    for session_id, own_rows in groupby(rows, key=lambda row: str(row["session_id"])):
        document = export_document(session_id, (event_from_row(row) for row in own_rows))
        yield {**document, "overall": levels[session_id]}
