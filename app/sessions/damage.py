"""Tells whether a SQLite file is damaged, and moves a damaged one aside without deleting it."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

_CHECK_SECONDS = 0.3
_CORRUPT_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
COMPANIONS = ("-wal", "-shm")
"""SQLite keeps newest commits and their index in files of these endings beside the database."""


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code, such as `sqlite3.SQLITE_FULL`; None if it is no such error."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def readable(path: Path) -> bool:
    """Whether this process may read there."""
    return _may(path, os.R_OK)


def writable(path: Path) -> bool:
    """Whether this process may write there."""
    return _may(path, os.W_OK)


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def reading_address(file: Path) -> str:
    """The SQLite URI to read a file by, also where its folder takes no new file."""
    address = f"file:{quote(str(file))}?mode=ro"
    if writable(file.parent):
        return address
    # Reading in WAL mode needs an index file. Where none can be made, SQLite must be told that
    # nobody writes; that would hide commits still in the WAL, so it is not said if there are any.
    wal = Path(f"{file}-wal")
    quiet = not wal.exists() or wal.stat().st_size == 0
    return f"{address}&immutable=1" if quiet else address


def find_damage(file: Path, *, seconds: float = _CHECK_SECONDS) -> str | None:
    """What is wrong with the file, in words; None if nothing was found within `seconds`.

    The limit keeps the start quick with a large store; damage that it leaves undiscovered is
    reported by SQLite itself when the page is read.
    """
    if not file.exists() or file.stat().st_size == 0:
        return None
    # Only SQLite may open the file: closing a handle of our own would drop, unseen, the locks
    # that other connections of this process hold on it.
    deadline = time.monotonic() + seconds
    with closing(sqlite3.connect(reading_address(file), uri=True)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
        try:
            (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            # Locked, out of time, no permission: not damage; the next step will tell.
            return str(error) if primary_code(error) in _CORRUPT_CODES else None
    return None if finding == "ok" else str(finding).splitlines()[-1]


def set_aside(file: Path) -> Path:
    """Rename the file and its companions to `<name>.damaged-<UTC time>`; the new path."""
    aside = unused_path(file, "damaged")
    for ending in (*COMPANIONS, ""):
        part = Path(f"{file}{ending}")
        if part.exists():
            part.rename(f"{aside}{ending}")
    return aside


def unused_path(file: Path, word: str) -> Path:
    """A path beside the file, such as `sessions.db.damaged-20261123T015710Z`, not yet in use."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    first = file.with_name(f"{file.name}.{word}-{stamp}")
    path, count = first, 1
    while path.exists():
        count += 1
        path = first.with_name(f"{first.name}-{count}")
    return path
