"""Turns what a database driver raises into the errors that a user may see."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import StoreConflict, StoreCorrupt, StoreError, StoreReadOnly
from app.sessions.damage import primary_code

CONFLICT = (
    "Another tab or process has gone on with this session; nothing was written and what you "
    "typed is still on your page. Reload the session, then send it again."
)
_FULL = (
    "The disk of the session store is full ({where}). Sessions can still be read and exported. "
    "Free some space, then send again: what you typed is still on your page."
)
_READ_ONLY = (
    "The session store may not be written ({where}). Sessions can still be read and exported. "
    "Allow writing to the file and its folder, or choose another with INTERVIEW_DATA_DIR."
)
_BUSY = (
    "Another program holds the session store ({where}) and did not let go within 5 s. Close it "
    "or wait, then send again: what you typed is still on your page."
)
_DAMAGED = "The session store {where} is damaged ({problem}). Start the program again."
_UNREACHABLE = (
    "The database {where} did not answer ({problem}). Start it, or mend DATABASE_URL, then try "
    "again."
)
_OTHER = "The session store {where} failed ({problem}). Nothing was written; try again."

_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreReadOnly, _FULL),
    # A disk without space for the index of the log says "I/O error"; reading needs none.
    sqlite3.SQLITE_IOERR: (StoreReadOnly, _FULL.replace("is full", "is full or failing")),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: (StoreReadOnly, _READ_ONLY),
    sqlite3.SQLITE_PERM: (StoreReadOnly, _READ_ONLY),
    sqlite3.SQLITE_BUSY: (StoreError, _BUSY),
    sqlite3.SQLITE_LOCKED: (StoreError, _BUSY),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, _DAMAGED),
}
_POSTGRES: dict[str, tuple[type[StoreError], str]] = {
    "53100": (StoreReadOnly, _FULL),
    "25006": (StoreReadOnly, _READ_ONLY),
    "42501": (StoreReadOnly, _READ_ONLY),
    "55P03": (StoreError, _BUSY),
    "40001": (StoreConflict, CONFLICT),
    "40P01": (StoreConflict, CONFLICT),
}


def told(error: DBAPIError | PoolTimeout | sqlite3.Error, where: str) -> StoreError:
    """The error to raise for what a driver raised at the database `where`."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    problem = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    if isinstance(error, PoolTimeout):  # all connections are waiting
        return StoreError(_BUSY.format(where=where))
    if isinstance(error, IntegrityError):
        # The only rule a write can break is that of one event for each (session, seq).
        return StoreConflict(CONFLICT)
    if cause is not None and (code := primary_code(cause)) is not None:
        kind, words = _SQLITE.get(code, (StoreError, _OTHER))
    elif (state := getattr(cause, "sqlstate", None)) is not None:
        kind, words = _POSTGRES.get(state, (StoreError, _OTHER))
    elif type(cause).__module__.startswith("psycopg"):
        kind, words = StoreError, _UNREACHABLE
    else:
        kind, words = StoreError, _OTHER
    return kind(words.format(where=where, problem=problem))
