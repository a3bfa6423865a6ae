"""Makes SQLAlchemy engines for the two databases that sessions are kept in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from app.errors import BadInput
from app.sessions.damage import reading_address

_BUSY_SECONDS = 5


def checked_url(url: str) -> URL:
    """The URL with the driver we use. `BadInput`, without the password, for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadInput(
            "DATABASE_URL cannot be read: write postgresql://user@host/name or sqlite:///file."
        ) from None
    backend = parsed.get_backend_name()
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed
    raise BadInput(
        f"DATABASE_URL names {backend!r}: sessions are kept in postgresql://... or in a file, "
        "sqlite:///file."
    )


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database, None for Postgres."""
    return Path(str(url.database)).absolute() if url.get_backend_name() == "sqlite" else None


def postgres_engine(url: URL) -> Engine:
    """An engine that gives up after 5 s, connecting or waiting for a lock."""
    options: dict[str, Any] = {"connect_timeout": _BUSY_SECONDS}
    if "options" not in url.query:
        options["options"] = f"-c lock_timeout={_BUSY_SECONDS}s"
    return create_engine(url, connect_args=options, pool_pre_ping=True, hide_parameters=True)


def sqlite_engine(file: Path, *, read_only: bool) -> Engine:
    """An engine whose transactions are immediate where the execution option of that name is set."""
    address = reading_address(file) if read_only else f"file:{quote(str(file))}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address,
            uri=True,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
            isolation_level=None,  # the begin event below says how transactions open
        )
        # FULL: what was acknowledged survives a power cut too; it costs about 4 ms a commit.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        max_overflow=-1,  # a connection is a file handle: threads need not queue for one
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: one that reads first could find it taken half-way,
        # which SQLite refuses without waiting.
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def use_write_ahead_log(engine: Engine) -> None:
    """Readers and the writer do not wait for each other; kept in the file, so asked for once."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode=WAL")
