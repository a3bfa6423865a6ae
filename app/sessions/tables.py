"""The two tables of the store, and what a row of each is made of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    TypeDecorator,
)

from app.domain.session import Session, SessionSummary
from app.errors import StoreError, StoreTooNew
from app.sessions.events import SCHEMA_VERSION, SessionEvent, SessionStarted, event_adapter

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def time_text(moment: datetime) -> str:
    """The moment in UTC at a fixed width, so that the order of texts is the order of time."""
    in_utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # strftime leaves years before 1000 unpadded on some systems.
    return f"{in_utc.year:04d}{in_utc.strftime(_TIME_FORMAT.removeprefix('%Y'))}"


class UtcTime(TypeDecorator[datetime]):
    """A moment kept as text: SQLite has no type that keeps the time zone."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The text that the database keeps."""
        return None if value is None else time_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The moment, in UTC."""
        return None if value is None else self.parse(value)

    @staticmethod
    def parse(text: str) -> datetime:
        """The moment of a text that `time_text` made; ValueError for another."""
        return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)


# Postgres would sort and match text by the server's language; ids and times need plain byte order.
_Plain = String().with_variant(String(collation="C"), "postgresql")

metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    Column("id", _Plain, primary_key=True),
    Column("user", _Plain, nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", _Plain, nullable=False),
    Column("item_ids", Text, nullable=False),
    Column("level", _Plain, nullable=False),
    Column("status", _Plain, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("overall", Integer),
    Column("search_text", Text, nullable=False),
    Index("sessions_by_start", "started_at", "id"),
    Index("sessions_by_user_and_start", "user", "started_at", "id"),
)

events = Table(
    "events",
    metadata,
    Column("session_id", _Plain, ForeignKey("sessions.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", _Plain, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("payload", Text, nullable=False),
)


def storable(text: str) -> str:
    """Text for a derived column: Postgres takes no NUL, and neither database a lone surrogate.

    The events themselves keep such characters, as escapes within their JSON.
    """
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def event_row(session_id: str, seq: int, event: SessionEvent) -> dict[str, Any]:
    """The row of one event. The JSON is pure ASCII, so that any text survives in any database."""
    return {
        "session_id": session_id,
        "seq": seq,
        "kind": event.kind,
        "at": event.at,
        "schema_version": (
            event.schema_version if isinstance(event, SessionStarted) else SCHEMA_VERSION
        ),
        "payload": json.dumps(event.model_dump(mode="json"), separators=(",", ":")),
    }


def event_from_row(row: RowMapping) -> SessionEvent:
    """The event of a row. StoreTooNew or StoreError where this program cannot read it."""
    where = f"Event {row['seq']} of session {row['session_id']}"
    if row["schema_version"] > SCHEMA_VERSION:
        raise StoreTooNew(f"{where} was written by a newer version of this program: update it.")
    try:
        # Not validate_json: it refuses the escapes of lone surrogates, which an answer may hold.
        return event_adapter.validate_python(json.loads(row["payload"]))
    except (ValueError, ValidationError) as error:
        raise StoreError(
            f"{where} is damaged and cannot be read. Other sessions are not touched by this; "
            f"a backup, if there is one, still holds the session."
        ) from error


def session_row(session: Session) -> dict[str, Any]:
    """The row that a session is listed by, without `overall`, which grading sets."""
    items = [planned.item for planned in session.plan.items]
    words = [session.id, session.plan.title, *(f"{item.id} {item.title}" for item in items)]
    return {
        "id": session.id,
        "user": storable(session.user),
        "title": storable(session.plan.title),
        "kind": session.plan.kind,
        "item_ids": json.dumps([item.id for item in items]),
        "level": session.plan.level,
        "status": session.status,
        "revision": session.revision,
        "started_at": session.started_at,
        "updated_at": session.updated_at,
        "answers": sum(turn.answer is not None for turn in session.turns),
        "search_text": storable(" ".join(words).casefold()),
    }


def summary_from_row(row: RowMapping) -> SessionSummary:
    """What a list shows of a session."""
    return SessionSummary(
        id=row["id"],
        title=row["title"],
        kind=row["kind"],
        item_ids=tuple(json.loads(row["item_ids"])),
        level=row["level"],
        status=row["status"],
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        answers=row["answers"],
        overall=row["overall"],
    )
