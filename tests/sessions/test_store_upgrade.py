"""Upgrades of the schema: a copy first, all or nothing, old stores keep their sessions."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import app.sessions.migrations
from app.errors import StoreError, StoreReadOnly, StoreTooNew
from app.sessions import schema
from app.sessions.store import SessionStore, migrate
from app.sessions.tables import metadata
from tests.factories import answered, asked, started

FIXTURES = Path(__file__).parent / "fixtures"
OpenStore = Callable[[], SessionStore]

NEXT_REVISION = """
import os, signal
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("sessions", sa.Column("mood", sa.Text))
    op.execute("UPDATE sessions SET mood = 'calm'")
    {then}
"""


@pytest.fixture
def next_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Pretends that this program knows a schema 0002, whose revision ends with a statement."""

    def pretend(then: str = "pass") -> None:
        scripts = tmp_path / "migrations"
        shutil.copytree(Path(app.sessions.migrations.__file__).parent, scripts, dirs_exist_ok=True)
        (scripts / "versions" / "v0002_next.py").write_text(NEXT_REVISION.format(then=then))
        monkeypatch.setattr(schema, "SCRIPTS", str(scripts))
        monkeypatch.setattr(schema, "HEAD", "0002")

    return pretend


def columns(store: SessionStore) -> set[str]:
    with store._database.read() as connection:
        found = connection.exec_driver_sql("SELECT * FROM sessions LIMIT 0")
        return set(found.keys())


def test_the_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", schema.SCRIPTS)
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_the_revisions_make_the_tables_that_the_code_uses(store: SessionStore) -> None:
    with store._database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(open_store: OpenStore) -> None:
    assert open_store().upgrade.before is None
    again = open_store().upgrade
    assert (again.before, again.after, again.copy_file) == (schema.HEAD, schema.HEAD, None)


def test_migrate_tells_what_it_did(url: str, next_schema: Callable[[str], None]) -> None:
    assert migrate(url).after == "0001"
    next_schema("pass")
    done = migrate(url)
    assert (done.before, done.after) == ("0001", "0002")


def test_an_upgrade_keeps_the_sessions_and_a_copy_of_the_file_before(
    url: str, open_store: OpenStore, next_schema: Callable[[str], None]
) -> None:
    store = open_store()
    session = store.append(store.create("s1", started()), [asked(), answered("kept")])
    next_schema("pass")
    upgraded = open_store()  # while the old program still has it open
    assert upgraded.load("s1") == session
    assert "mood" in columns(upgraded)
    copy_file = upgraded.upgrade.copy_file
    if url.startswith("sqlite"):
        assert copy_file is not None
        assert "schema-0001" in copy_file.name
        with closing(sqlite3.connect(copy_file)) as before:
            assert before.execute("SELECT count(*) FROM events").fetchone() == (3,)
            assert before.execute("SELECT version_num FROM interview_schema").fetchone() == (
                "0001",
            )
            assert before.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_upgrade_that_fails_leaves_the_old_store(
    open_store: OpenStore, next_schema: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_store().create("s1", started())
    with monkeypatch.context() as patch:
        next_schema("op.execute('SELECT * FROM nowhere')")
        with pytest.raises(StoreError, match="nowhere"):
            open_store()
        patch.undo()
    monkeypatch.undo()
    old = open_store()
    assert old.load("s1") == session
    assert "mood" not in columns(old)


def _open_only(url: str) -> None:
    SessionStore(url)


def test_kill_9_in_mid_upgrade_leaves_the_old_store(
    url: str,
    open_store: OpenStore,
    next_schema: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_store()
    session = store.create("s1", started())
    store.close()
    next_schema("os.kill(os.getpid(), signal.SIGKILL)")
    child = multiprocessing.get_context("fork").Process(target=_open_only, args=(url,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    monkeypatch.undo()
    old = open_store()
    assert old.load("s1") == session
    assert "mood" not in columns(old)
    old.close()
    next_schema("pass")
    assert open_store().load("s1") == session


def test_a_newer_schema_is_refused_and_untouched(
    open_store: OpenStore, next_schema: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    next_schema("pass")
    newer = open_store()
    newer.create("s1", started())
    monkeypatch.undo()
    with pytest.raises(StoreTooNew, match="schema 0002"):
        open_store()
    assert "mood" in columns(newer)


def test_without_room_for_the_copy_nothing_is_upgraded(
    tmp_path: Path, next_schema: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'sessions.db'}"
    migrate(url)
    (tmp_path / "blocked").write_text("a file where the folder would be")
    next_schema("pass")
    with pytest.raises(StoreReadOnly, match="no copy could be made"):
        SessionStore(url, data_dir=tmp_path / "blocked" / "copies")
    monkeypatch.undo()
    assert migrate(url).after == "0001"


@pytest.mark.parametrize("dump", sorted(FIXTURES.glob("store_v*.sql")), ids=lambda path: path.stem)
def test_a_store_of_every_schema_version_opens_with_its_sessions(
    dump: Path, tmp_path: Path
) -> None:
    file = tmp_path / "sessions.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    store = SessionStore(f"sqlite:///{file}")
    (row,) = store.list().rows
    session = store.load(row.id)
    assert (row.id, row.status, row.answers, row.overall) == ("golden-1", "finished", 2, 3)
    assert session.status == "finished"
    assert store.append(session, [asked("new", seconds=9_999)]).revision == session.revision + 1
    store.close()


def test_there_is_a_fixture_for_the_present_schema() -> None:
    assert (FIXTURES / f"store_v{int(schema.HEAD)}.sql").exists()
    assert os.listdir(FIXTURES)
