"""Opens the database, SQLite or Postgres, and tells its failures in words a user can act on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.content import Value
from app.errors import StoreCorrupt, StoreError, StoreReadOnly
from app.sessions import damage, schema
from app.sessions.engines import (
    checked_url,
    postgres_engine,
    sqlite_engine,
    sqlite_file,
    use_write_ahead_log,
)
from app.sessions.failures import told

_OPENING_SECONDS = 60


class Upgrade(Value):
    """What opening did to the tables. `copy_file` is the SQLite file as it was before."""

    before: str | None
    after: str
    copy_file: Path | None = None


class Database:
    """One SQLite file or one Postgres database, with its tables at the version needed.

    A damaged SQLite file is moved aside, never deleted, and `StoreCorrupt` is raised once; the
    next use, of this object or of a new one, begins with an empty store.
    """

    def __init__(self, url: str, data_dir: Path | None = None) -> None:
        self._url = checked_url(url)
        self._file = sqlite_file(self._url)
        self._copies = data_dir
        self._guard = threading.RLock()
        self._engine: Engine | None = None
        self.upgrade = Upgrade(before=None, after=schema.HEAD)
        self._opened()

    @property
    def where(self) -> str:
        """The place in words; never holds a password."""
        return str(self._file) if self._file else self._url.render_as_string(hide_password=True)

    @property
    def read_only(self) -> bool:
        """Whether the file or its folder refuses writing (permissions, not a full disk)."""
        file = self._file
        return file is not None and not (damage.writable(file.parent) and damage.writable(file))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database throughout."""
        options: dict[str, Any] = {}
        if self._file is None:
            options = {"isolation_level": "REPEATABLE READ"}
        with self._transaction(options) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end of the block, or leaves no trace."""
        with self._transaction({"immediate": True}) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections. The database opens again when it is next used."""
        with self._guard:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        engine = self._opened()
        with (
            self._telling(),
            engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            problem = told(error, self.where)
            if isinstance(problem, StoreCorrupt) and self._file is not None:
                self.close()
                with self._opening_alone(self._file):
                    self._refuse_damage(self._file, seconds=float("inf"))
            raise problem from error

    # --- opening -------------------------------------------------------------------------------

    def _opened(self) -> Engine:
        with self._guard:
            if self._engine is None:
                self._engine = self._open_file(self._file) if self._file else self._open_server()
            return self._engine

    def _open_server(self) -> Engine:
        engine = postgres_engine(self._url)
        with self._telling():
            self._upgrade(engine)
        return engine

    def _open_file(self, file: Path) -> Engine:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreReadOnly(
                f"The folder {file.parent} cannot be made ({error.strerror}): choose another with "
                "INTERVIEW_DATA_DIR, or allow writing there."
            ) from error
        folder_writable = damage.writable(file.parent)
        if not folder_writable and not file.exists():
            raise StoreReadOnly(
                f"There is no session store at {file} and none can be made: allow writing to the "
                "folder, or choose another with INTERVIEW_DATA_DIR."
            )
        if file.exists() and not damage.readable(file):
            raise StoreError(f"The session store {file} cannot be read: allow reading it.")
        with self._opening_alone(file):
            self._refuse_damage(file)
            engine = sqlite_engine(file, read_only=not folder_writable)
            try:
                with self._telling():
                    self._upgrade(engine)
            except BaseException:
                engine.dispose()
                raise
            return engine

    def _opening_alone(self, file: Path) -> AbstractContextManager[Any]:
        """Two first-openers would both create the tables, or both move a damaged file aside."""
        if not damage.writable(file.parent):
            return nullcontext()
        try:
            return FileLock(f"{file}.lock").acquire(timeout=_OPENING_SECONDS)
        except Timeout:
            raise StoreError(
                f"Another process has been opening {file} for {_OPENING_SECONDS} s: end it, or "
                "try again later."
            ) from None
        except OSError as error:
            raise StoreReadOnly(f"{file}.lock cannot be written ({error.strerror}).") from error

    def _refuse_damage(self, file: Path, **limit: float) -> None:
        reason = damage.find_damage(file, **limit)
        if reason is None:
            return
        try:
            aside = damage.set_aside(file)
        except OSError as error:
            raise StoreCorrupt(
                f"The session store {file} is damaged ({reason}) and could not be moved aside "
                f"({error.strerror}): move it yourself, then start again."
            ) from error
        raise StoreCorrupt(
            f"The session store was damaged ({reason}). Nothing was deleted: it is now {aside}. "
            "The next start begins with an empty store; `interview restore FILE` brings back a "
            "backup."
        )

    def _upgrade(self, engine: Engine) -> None:
        with engine.connect() as connection:
            before = schema.version(connection)
        if self._file is not None and damage.writable(self._file.parent):
            use_write_ahead_log(engine)
        if before == schema.HEAD:
            self.upgrade = Upgrade(before=before, after=before)
            return
        with (
            engine.connect().execution_options(immediate=True) as connection,
            connection.begin(),
        ):
            schema.lock(connection)
            before = schema.version(connection)
            if before == schema.HEAD:  # another process was first
                self.upgrade = Upgrade(before=before, after=before)
                return
            copy_file = self._copy(before)
            schema.upgrade(connection)
        self.upgrade = Upgrade(before=before, after=schema.HEAD, copy_file=copy_file)

    def _copy(self, before: str | None) -> Path | None:
        """Copies the last committed state; the upgrade under way has not changed it."""
        if before is None or self._file is None:
            return None
        folder = self._copies or self._file.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            copy_file = damage.unused_path(folder / self._file.name, f"schema-{before}")
            with (
                closing(sqlite3.connect(self._file)) as source,
                closing(sqlite3.connect(copy_file)) as target,
            ):
                source.backup(target)
        except (OSError, sqlite3.Error) as error:
            raise StoreReadOnly(
                f"The store must be upgraded from schema {before} to {schema.HEAD}, but no copy "
                f"could be made in {folder} ({error}); nothing was changed. Free space or allow "
                "writing there, then start again."
            ) from error
        return copy_file
