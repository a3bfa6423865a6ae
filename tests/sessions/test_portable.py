"""Backup, restore, export and import: nothing is lost, damaged files are refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput, StoreConflict, StoreReadOnly, StoreTooNew, UnknownName
from app.sessions.store import SessionStore
from tests.factories import answered, asked, moment, started


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SessionStore]:
    """Another store, on SQLite."""
    store = SessionStore(f"sqlite:///{tmp_path / 'other' / 'sessions.db'}")
    yield store
    store.close()


@pytest.fixture
def filled(store: SessionStore) -> SessionStore:
    """Three sessions, with text that is hard to keep."""
    for number, text in enumerate(["plain", "NUL \0 and \ud800 and 😀", "x" * 10_000]):
        session = store.create(f"s{number}", started(user="ann", at=moment(number)))
        store.append(session, [asked(seconds=5), answered(text, seconds=6)], overall=number + 1)
    return store


def all_events(store: SessionStore) -> dict[str, object]:
    return {row.id: store.events(row.id) for row in store.list().rows}


def rewritten(path: Path, change: Any) -> None:
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


def test_a_backup_restores_into_an_empty_store(
    filled: SessionStore, other: SessionStore, tmp_path: Path
) -> None:
    path = tmp_path / "backups" / "b.jsonl.gz"
    assert filled.backup(path) == 3
    restored = other.restore(path)
    assert sorted(restored.added) == ["s0", "s1", "s2"]
    assert all_events(other) == all_events(filled)
    assert other.list() == filled.list()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_backup_of_an_empty_store_can_be_restored(
    store: SessionStore, other: SessionStore, tmp_path: Path
) -> None:
    assert store.backup(tmp_path / "b.gz") == 0
    assert other.restore(tmp_path / "b.gz").added == ()


def test_restore_keeps_what_is_there_and_names_it(filled: SessionStore, tmp_path: Path) -> None:
    path = tmp_path / "b.gz"
    filled.backup(path)
    went_on = filled.append(filled.load("s0"), [answered("changed", seconds=9)])
    restored = filled.restore(path)
    assert restored.model_dump() == {"added": (), "unchanged": ("s1", "s2"), "kept": ("s0",)}
    assert filled.load("s0") == went_on


def test_a_backup_never_replaces_a_file(filled: SessionStore, tmp_path: Path) -> None:
    path = tmp_path / "b.gz"
    path.write_text("mine")
    with pytest.raises(BadInput, match="exists already"):
        filled.backup(path)
    assert path.read_text() == "mine"


def test_a_backup_that_cannot_be_written_leaves_nothing(
    filled: SessionStore, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreReadOnly, match="could not be written"):
        filled.backup(tmp_path / "file" / "b.gz")


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-9],
        lambda raw: raw[:60] + b"\xff" + raw[61:],
        lambda raw: b"not gzip at all",
        lambda raw: b"",
    ],
    ids=["half", "end cut", "a byte", "foreign", "empty"],
)
def test_a_damaged_backup_restores_nothing(
    filled: SessionStore, other: SessionStore, tmp_path: Path, damage: Any
) -> None:
    path = tmp_path / "b.gz"
    filled.backup(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match="damaged or no backup"):
        other.restore(path)
    assert other.list().rows == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"plain", b"altered"),
        lambda text: b"".join(text.splitlines(True)[:-1]),
        lambda text: b"".join(text.splitlines(True)[:2] + text.splitlines(True)[3:]),
        lambda text: text.replace(b"aiops-interview-backup/1", b"aiops-interview-backup/2"),
        lambda text: b"[]\n" + text,
        lambda text: b"{}\n",
    ],
    ids=["text", "no checksum", "line gone", "other format", "line more", "one line"],
)
def test_a_changed_backup_restores_nothing(
    filled: SessionStore, other: SessionStore, tmp_path: Path, change: Any
) -> None:
    path = tmp_path / "b.gz"
    filled.backup(path)
    rewritten(path, change)
    with pytest.raises(BadInput, match="nothing was restored"):
        other.restore(path)
    assert other.list().rows == ()


def test_a_missing_backup_is_named(store: SessionStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no file"):
        store.restore(tmp_path / "none.gz")


def test_an_export_imports_elsewhere_as_the_same_session(
    filled: SessionStore, other: SessionStore
) -> None:
    document = filled.export_events("s1")
    assert set(document) == {"format", "session", "events"}
    through_json = json.loads(json.dumps(document))
    assert other.import_session(through_json) == filled.load("s1")
    assert other.import_session(through_json) == filled.load("s1")
    assert other.events("s1") == filled.events("s1")


def test_an_import_belongs_to_whoever_imports(filled: SessionStore, other: SessionStore) -> None:
    imported = other.import_session(filled.export_events("s0"), user="bob")
    assert imported.user == "bob"
    assert other.load("s0", user="bob") == imported
    with pytest.raises(UnknownName):
        other.load("s0", user="ann")


def test_an_import_never_replaces_a_session(filled: SessionStore) -> None:
    document = filled.export_events("s0")
    document["events"].pop()
    with pytest.raises(StoreConflict, match="nothing was imported"):
        filled.import_session(document)
    assert filled.load("s0").revision == 3


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "no exported session"),
        ([], "no exported session"),
        ({"format": "aiops-interview/1", "session": "s"}, "no exported session"),
        ({"format": "aiops-interview/2", "session": "s", "events": []}, "update the program"),
        ({"format": "aiops-interview/1", "session": "s", "events": []}, "do not fit together"),
        ({"format": "aiops-interview/1", "session": "../s", "events": []}, "cannot be the id"),
        ({"format": "aiops-interview/1", "session": "s", "events": [1]}, "Event 0"),
        ({"format": "aiops-interview/1", "session": "s", "events": [{"kind": "x"}]}, "Event 0"),
    ],
)
def test_a_document_that_is_no_session_is_told_what_is_wrong(
    store: SessionStore, document: Any, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        store.import_session(document)
    assert store.list().rows == ()


def test_events_that_do_not_fit_together_are_not_imported(filled: SessionStore) -> None:
    document = filled.export_events("s0") | {"session": "fresh"}
    document["events"] = [document["events"][0], document["events"][2]]
    with pytest.raises(BadInput, match="do not fit together"):
        filled.import_session(document)


def test_an_export_of_a_newer_program_is_not_guessed_at(filled: SessionStore) -> None:
    document = filled.export_events("s0") | {"session": "fresh"}
    document["events"][0]["schema_version"] = 99
    with pytest.raises(StoreTooNew, match="update the program"):
        filled.import_session(document)
