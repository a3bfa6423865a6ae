"""migrate, backup, restore and import, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.sessions.store import SessionStore
from tests.factories import answered, asked, moment, started

HOSTILE = "NUL \0, surrogate \ud800, right to left \u202e, escape \x1b[2J, z\u0301\u0301\u0301"
Run = Callable[..., subprocess.CompletedProcess[str]]


def interview(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `interview` on the data folder."""
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)],
        env={"INTERVIEW_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def told(folder: Path, *arguments: object) -> Any:
    result = interview(folder, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with two sessions, one of them hard to keep."""
    folder = tmp_path / "data"
    store = SessionStore(f"sqlite:///{folder / 'sessions.db'}")
    for number, text in enumerate(("We deduplicate by fingerprint.", HOSTILE)):
        session = store.create(f"s{number}", started(at=moment(number)))
        store.append(session, [asked(seconds=5), answered(text, seconds=6)])
    store.close()
    return folder


def test_a_backup_made_on_one_machine_is_restored_on_another(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    assert told(folder, "backup", file) == {"file": str(file), "sessions": 2}
    assert told(tmp_path / "other", "restore", file)["added"] == ["s0", "s1"]
    assert told(tmp_path / "other", "restore", file)["unchanged"] == ["s0", "s1"]
    again = interview(folder, "backup", file)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_an_exported_session_is_imported_as_it_was(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    for name in ("s0", "s1"):
        exported = interview(folder, "export", name, "--format", "json", "--output", file)
        assert exported.returncode == 0, exported.stderr
        assert told(tmp_path / "other", "import", file)["session"] == name
    mine = SessionStore(f"sqlite:///{folder / 'sessions.db'}")
    theirs = SessionStore(f"sqlite:///{tmp_path / 'other' / 'sessions.db'}")
    assert mine.events("s1") == theirs.events("s1")


def test_an_answer_cannot_steer_the_terminal(folder: Path) -> None:
    shown = interview(folder, "replay", "s1")
    assert shown.returncode == 0, shown.stderr
    assert r"escape \x1b[2J" in shown.stdout
    assert not set("\x1b\0\u202e") & set(shown.stdout)


@pytest.mark.parametrize(
    ("content", "mend"),
    [
        (b"", "is not JSON"),
        (b"[" * 200_000, "is not JSON"),
        (b'{"format": "other", "events": []}', "export the session again"),
        (b'{"format": "aiops-interview/1", "session": "../x", "events": []}', "cannot be the id"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_session_is_refused_with_the_mend(
    content: bytes, mend: str, tmp_path: Path
) -> None:
    file = tmp_path / "session.json"
    file.write_bytes(content)
    result = interview(tmp_path / "data", "import", file)
    assert result.returncode == 2
    assert mend in result.stderr
    assert "Traceback" not in result.stderr


def test_migrate_tells_what_it_did_once(tmp_path: Path) -> None:
    first = told(tmp_path / "data", "migrate")
    assert first["before"] is None
    second = told(tmp_path / "data", "migrate")
    assert second["before"] == second["after"] == first["after"]
