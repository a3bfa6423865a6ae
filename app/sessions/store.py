"""Keeps sessions as lists of events in SQLite or Postgres; what it acknowledged is never lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, update

from app.domain.content import SeniorityLevel
from app.domain.session import Session, SessionStatus
from app.errors import StoreConflict, UnknownName
from app.sessions import portable
from app.sessions.database import Database, Upgrade
from app.sessions.events import (
    SessionEvent,
    SessionStarted,
    TurnReopened,
    apply_event,
    fold,
    start_session,
)
from app.sessions.failures import CONFLICT
from app.sessions.ids import checked_session_id
from app.sessions.listing import Filter, Page, page, page_select
from app.sessions.portable import Restored
from app.sessions.records import (
    ids_of,
    insert_export,
    insert_session,
    read_events,
    read_exports,
)
from app.sessions.tables import (
    event_row,
    events,
    session_row,
    sessions,
    storable,
    summary_from_row,
)

_Ids = list[str]  # within the class below, `list` is the method
_NEAR_AMONG = 500
"""An unknown id is compared with this many of the newest, so that the error comes at once."""


class SessionStore:
    """All sessions of a database. Thread-safe; several processes may use one database.

    Every read takes a `user`: another user's session is then as unknown as one that does not
    exist. None reads all, for the owner of the machine.

    Any method may raise a `StoreError`: `StoreReadOnly` (disk full, no permission; reading still
    works), `StoreCorrupt` (a damaged file was moved aside; raised once, the next call or start
    begins with an empty store), `StoreTooNew` (nothing was changed), or a plain one (locked by
    another program, server away). A method that raised has written nothing.
    """

    def __init__(self, url: str, data_dir: Path | None = None) -> None:
        """Open the store, creating or upgrading its tables.

        `url` is `sqlite:///file` or `postgresql://...`. The copy of a SQLite file that is made
        before an upgrade goes to `data_dir`, or beside the file.
        """
        self._database = Database(url, data_dir)

    @property
    def where(self) -> str:
        """The place of the store, without a password."""
        return self._database.where

    @property
    def read_only(self) -> bool:
        """Whether permissions forbid writing; sessions can then be read and exported only."""
        return self._database.read_only

    @property
    def upgrade(self) -> Upgrade:
        """What opening did to the tables."""
        return self._database.upgrade

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # --- one session ---------------------------------------------------------------------------

    def create(self, session_id: str, event: SessionStarted) -> Session:
        """Begin a session. `StoreConflict` if the id is taken, `BadInput` if it is no id."""
        session = start_session(checked_session_id(session_id), event)
        with self._database.write() as connection:
            insert_session(connection, session, [event])
        return session

    def append(
        self, session: Session, new_events: Sequence[SessionEvent], *, overall: int | None = None
    ) -> Session:
        """Write events that follow `session`, and return the state after them.

        All or none are written, and only if nobody has written since `session` was read:
        otherwise `StoreConflict`. `overall`, a level from 1 to 5, is shown in the list; undoing
        a turn clears it. KeyError or ValueError, before anything is written, for an event that
        does not fit the session.
        """
        after = session
        for event in new_events:
            after = apply_event(after, event)
        row: dict[str, Any] = session_row(after)
        if overall is not None or any(isinstance(event, TurnReopened) for event in new_events):
            row["overall"] = overall
        with self._database.write() as connection:
            swapped = connection.execute(
                update(sessions)
                .where(sessions.c.id == session.id, sessions.c.revision == session.revision)
                .values(row)
            )
            if swapped.rowcount != 1:
                raise StoreConflict(CONFLICT)
            if new_events:
                connection.execute(
                    insert(events),
                    [
                        event_row(session.id, seq, event)
                        for seq, event in enumerate(new_events, start=session.revision)
                    ],
                )
        return after

    def load(self, session_id: str, user: str | None = None) -> Session:
        """The state of a session, folded from its events. `UnknownName` if there is none."""
        return fold(session_id, self.events(session_id, user))

    def events(self, session_id: str, user: str | None = None) -> tuple[SessionEvent, ...]:
        """The events of a session, in the order they were written. `UnknownName` if none."""
        with self._database.read() as connection:
            found = read_events(connection, session_id, user)
            if not found:
                raise self._unknown(connection, session_id, user)
        return found

    def resolve(self, prefix: str, user: str | None = None) -> str:
        """The id that begins with `prefix`. `UnknownName` if none or several do."""
        beginning = storable(prefix)
        query = ids_of(user).where(sessions.c.id.startswith(beginning, autoescape=True))
        with self._database.read() as connection:
            # In order, the exact one comes first: an id may itself be the beginning of others.
            some = query.order_by(sessions.c.id).limit(6)
            found = connection.scalars(some).all() if beginning else []
            if not found:
                raise self._unknown(connection, prefix, user)
        if len(found) > 1 and prefix not in found:
            names = ", ".join(found[:5])
            raise UnknownName(
                f"Several sessions begin with {prefix!r}: {names}. Type more of the id."
            )
        return prefix if prefix in found else found[0]

    # --- many sessions -------------------------------------------------------------------------

    def list(
        self,
        user: str | None = None,
        query: str = "",
        kind: str | None = None,
        item_id: str | None = None,
        level: SeniorityLevel | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        status: SessionStatus | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of sessions, newest first; `after` is the `next` of the page before.

        `query` words must all occur in id, title or items; `since` is included, `until` not.
        """
        limit = max(1, limit)
        wanted = Filter(
            user=user,
            query=query,
            kind=kind,
            item_id=item_id,
            level=level,
            since=since,
            until=until,
            status=status,
        )
        with self._database.read() as connection:
            rows = connection.execute(page_select(wanted, after, limit)).mappings()
            return page([summary_from_row(row) for row in rows], limit)

    # --- outside the store ---------------------------------------------------------------------

    def export_events(self, session_id: str, user: str | None = None) -> dict[str, Any]:
        """The JSON document of a session, which `import_session` takes back."""
        return portable.export_document(session_id, self.events(session_id, user))

    def import_session(self, document: Any, user: str | None = None) -> Session:
        """Add an exported session, as `user`'s if one is given.

        Importing the same again changes nothing. `BadInput` for a document that is no session,
        `StoreConflict` if the id is taken by a session that went another way.
        """
        export = portable.read_export(document)
        if user is not None:
            export = portable.owned_by(export, user)
        with self._database.write() as connection:
            present = read_events(connection, export.session_id, None)
            if not present:
                insert_export(connection, export)
            elif present != export.events:
                raise StoreConflict(
                    f"There is a session {export.session_id} with other events already; it was "
                    "left as it is, and nothing was imported."
                )
        return fold(export.session_id, export.events)

    def backup(self, path: Path) -> int:
        """Write all sessions to a new file, while others go on; the number of sessions.

        The file is read back before it gets its name. It can be restored into SQLite and
        Postgres alike.
        """
        with self._database.read() as connection:
            return portable.write_backup(path, read_exports(connection))

    def restore(self, path: Path) -> Restored:
        """Add the sessions of a backup; all or, if the file is damaged (`BadInput`), none.

        A session that is there already is never overwritten: the result names it.
        """
        added: _Ids = []
        unchanged: _Ids = []
        kept: _Ids = []
        with self._database.write() as connection:
            for export in portable.read_backup(path):
                present = read_events(connection, export.session_id, None)
                if not present:
                    insert_export(connection, export)
                    added.append(export.session_id)
                else:
                    same = present == export.events
                    (unchanged if same else kept).append(export.session_id)
        return Restored(added=tuple(added), unchanged=tuple(unchanged), kept=tuple(kept))

    def _unknown(self, connection: Connection, name: str, user: str | None) -> UnknownName:
        newest = ids_of(user).order_by(sessions.c.started_at.desc()).limit(_NEAR_AMONG)
        near = get_close_matches(name, connection.scalars(newest).all(), n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "List them to see their ids."
        return UnknownName(f"There is no session {name!r}. {hint}")


def migrate(url: str, data_dir: Path | None = None) -> Upgrade:
    """Bring the database to the newest schema, as opening it does; what was done."""
    store = SessionStore(url, data_dir)
    store.close()
    return store.upgrade
