"""`interview users`, as an administrator types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from app.passwords import PasswordFile

PASSWORD = "correct horse battery"


def users(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "users", *arguments],
        env={"INTERVIEW_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_users_are_added_listed_and_removed(tmp_path: Path) -> None:
    added = users(tmp_path, "add", "ann", typed=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    assert PasswordFile(tmp_path / "passwords").check("ann", PASSWORD)
    assert json.loads(users(tmp_path, "list", "--json").stdout) == ["ann"]
    removed = users(tmp_path, "remove", "ann")
    assert (removed.returncode, "cannot sign in from now on" in removed.stderr) == (0, True)
    assert "Nobody" in users(tmp_path, "list").stdout


def test_a_short_password_and_an_unknown_user_are_told(tmp_path: Path) -> None:
    short = users(tmp_path, "add", "ann", typed="short\n")
    assert (short.returncode, "at least 10" in short.stderr) == (2, True)
    unknown = users(tmp_path, "remove", "eve")
    assert (unknown.returncode, "no user 'eve'" in unknown.stderr) == (2, True)
