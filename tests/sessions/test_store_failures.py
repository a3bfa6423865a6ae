"""Disks that are full, read-only or damaged, files that are locked, foreign or too new."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from app.errors import BadInput, StoreCorrupt, StoreError, StoreReadOnly, StoreTooNew
from app.sessions import engines
from app.sessions.store import SessionStore
from tests.conftest import require
from tests.factories import answered, asked, moment, started

NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


def open_(file: Path) -> SessionStore:
    return SessionStore(f"sqlite:///{quote(str(file))}")


def fill(file: Path, sessions: int = 1) -> None:
    """A closed store of some sessions, each with one answer."""
    store = open_(file)
    for number in range(sessions):
        session = store.create(f"s{number}", started(at=moment(number)))
        store.append(session, [asked(), answered("text " * 200)])
    store.close()


def set_aside_from(file: Path) -> list[Path]:
    found = file.parent.glob("sessions.db.damaged-*")
    return sorted(each for each in found if not each.name.endswith(("-wal", "-shm")))


# --- full ----------------------------------------------------------------------------------------


def test_on_a_full_database_reading_still_works(file: Path) -> None:
    fill(file)
    store = open_(file)
    with store._database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    before = store.load("s0")
    with pytest.raises(StoreReadOnly, match=r"is full.*Free some space"):
        store.append(before, [answered("x" * 100_000, seconds=9)])
    assert store.load("s0") == before
    assert len(store.list().rows) == 1
    with store._database.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert store.append(before, [answered("now it fits", seconds=9)]).revision == 4
    store.close()


def _mount(folder: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=1m") == 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    require(os.geteuid() == 0 and _mount(folder), "a small disk cannot be mounted here")
    yield folder
    ctypes.CDLL(None).umount2(str(folder).encode(), 2)


def test_on_a_full_disk_acknowledged_answers_stay_and_reading_works(small_disk: Path) -> None:
    store = open_(small_disk / "sessions.db")
    session = store.append(store.create("s0", started()), [asked()])
    with pytest.raises(StoreReadOnly, match="is full"):  # noqa: PT012 - which write, is not known
        for _ in range(100):
            session = store.append(session, [answered("x" * 50_000)])
    assert session.revision > 3
    assert store.load("s0") == session
    store.close()
    (small_disk / "ballast").write_bytes(b"x" * _free_bytes(small_disk))
    again = open_(small_disk / "sessions.db")
    assert again.load("s0") == session
    again.close()


def _free_bytes(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_bsize


# --- read-only -----------------------------------------------------------------------------------


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of a user whom permissions bind, as which the test runs (root may do anything)."""
    folder = Path(tempfile.mkdtemp(prefix="ro-"))
    as_root = os.geteuid() == 0
    if as_root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield folder
    if as_root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_read_only_folder_can_be_read_from(unprivileged: Path) -> None:
    file = unprivileged / "sessions.db"
    fill(file)
    file.chmod(0o400)
    unprivileged.chmod(0o500)
    store = open_(file)
    assert store.read_only
    session = store.load("s0")
    with pytest.raises(StoreReadOnly, match="may not be written"):
        store.append(session, [answered("more")])
    with pytest.raises(StoreReadOnly):
        store.create("s9", started())
    assert store.load("s0") == session
    assert store.backup(Path(tempfile.mkdtemp()) / "b.gz") == 1
    store.close()


def test_a_read_only_file_can_be_read(unprivileged: Path) -> None:
    file = unprivileged / "sessions.db"
    fill(file)
    file.chmod(0o400)
    store = open_(file)
    assert store.read_only
    session = store.load("s0")
    with pytest.raises(StoreReadOnly, match="may not be written"):
        store.append(session, [answered("more")])
    store.close()


def test_a_read_only_folder_without_a_store_is_told(unprivileged: Path) -> None:
    unprivileged.chmod(0o500)
    with pytest.raises(StoreReadOnly, match="INTERVIEW_DATA_DIR"):
        open_(unprivileged / "sessions.db")
    with pytest.raises(StoreReadOnly, match="INTERVIEW_DATA_DIR"):
        open_(unprivileged / "deeper" / "sessions.db")


def test_a_file_that_may_not_be_read_is_told(unprivileged: Path) -> None:
    file = unprivileged / "sessions.db"
    fill(file)
    file.chmod(0)
    with pytest.raises(StoreError, match="cannot be read"):
        open_(file)
    file.chmod(0o600)
    assert set_aside_from(file) == []


# --- damaged -------------------------------------------------------------------------------------


def _page_destroyed(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[2 * 4096 : 4 * 4096] = os.urandom(2 * 4096)
    file.write_bytes(raw)


def _foreign_bytes(file: Path) -> None:
    file.write_bytes(b"Dear diary, this is no database. " * 1000)


def _cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _header_kept_only(file: Path) -> None:
    os.truncate(file, 100)


@pytest.mark.parametrize("harm", [_page_destroyed, _foreign_bytes, _cut_in_half, _header_kept_only])
def test_a_damaged_file_is_moved_aside_and_a_fresh_store_opens_next_time(
    file: Path, harm: object
) -> None:
    fill(file, sessions=30)
    assert callable(harm)
    harm(file)
    damaged = file.read_bytes()
    with pytest.raises(StoreCorrupt) as caught:
        open_(file)
    (aside,) = set_aside_from(file)
    assert aside.read_bytes() == damaged
    assert "Nothing was deleted" in str(caught.value)
    assert str(aside) in str(caught.value)
    fresh = open_(file)
    assert fresh.list().rows == ()
    fresh.create("s0", started())
    fresh.close()


def test_the_log_goes_aside_with_its_file(file: Path) -> None:
    fill(file)
    Path(f"{file}-wal").write_bytes(b"newest commits")
    _foreign_bytes(file)
    with pytest.raises(StoreCorrupt):
        open_(file)
    (aside,) = set_aside_from(file)
    assert Path(f"{aside}-wal").read_bytes() == b"newest commits"
    assert not Path(f"{file}-wal").exists()


def test_damage_found_in_mid_work_is_told_once_and_the_store_goes_on(file: Path) -> None:
    fill(file, sessions=30)
    store = open_(file)
    raw = file.read_bytes()
    file.write_bytes(raw[:4096] + os.urandom(len(raw) - 4096))
    with pytest.raises(StoreCorrupt, match="Nothing was deleted"):  # noqa: PT012 - nor which read
        for number in range(30):
            store.load(f"s{number}")
    assert len(set_aside_from(file)) == 1
    session = store.create("s0", started())
    assert store.load("s0") == session
    store.close()


def test_two_damaged_files_in_one_second_are_both_kept(file: Path) -> None:
    for content in (b"first", b"second"):
        file.write_bytes(content * 100)
        with pytest.raises(StoreCorrupt):
            open_(file)
    assert len(set_aside_from(file)) == 2


def test_an_empty_file_is_a_new_store(file: Path) -> None:
    file.touch()
    store = open_(file)
    assert store.list().rows == ()
    store.close()


# --- foreign, too new, locked --------------------------------------------------------------------


def test_a_newer_store_is_left_untouched(file: Path) -> None:
    fill(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE interview_schema SET version_num = '0999'")
    before = file.read_bytes()
    with pytest.raises(StoreTooNew, match=r"schema 0999.*update the program"):
        open_(file)
    assert file.read_bytes() == before
    assert set_aside_from(file) == []


def test_another_programs_database_is_left_untouched(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"another program.*bookmarks"):
        open_(file)
    assert file.read_bytes() == before
    assert set_aside_from(file) == []


def test_a_locked_database_is_told_after_the_wait(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_BUSY_SECONDS", 0.2)
    fill(file)
    store = open_(file)
    session = store.load("s0")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="Another program holds the session store"):
            store.append(session, [answered("more")])
        assert store.load("s0") == session
        other.execute("ROLLBACK")
    assert store.append(session, [answered("more")]).revision == 4
    store.close()


def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StoreError, match=r"did not answer.*DATABASE_URL") as caught:
        SessionStore("postgresql://ann:s3cret@127.0.0.1:1/none")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u:s3cret@h/db", "sqlite://", "redis://x"])
def test_a_url_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="DATABASE_URL") as caught:
        SessionStore(url)
    assert "s3cret" not in str(caught.value)


def test_a_file_name_with_odd_characters_works(tmp_path: Path) -> None:
    file = tmp_path / "a b%20#c?d" / "séance.db"
    fill(file)
    assert file.exists()
    store = open_(file)
    assert len(store.list().rows) == 1
    store.close()
