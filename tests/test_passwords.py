"""The password list: hashes only, one way in, slow to guess."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.errors import BadInput, UnknownName
from app.passwords import PasswordFile

PASSWORD = "correct horse battery"


@pytest.fixture
def file(tmp_path: Path) -> PasswordFile:
    return PasswordFile(tmp_path / "data" / "passwords")


def test_a_user_signs_in_with_the_right_password_only(file: PasswordFile) -> None:
    file.add("ann", PASSWORD)
    file.add("bob", PASSWORD + "2")
    assert file.check("ann", PASSWORD)
    assert not file.check("ann", PASSWORD + "2")
    assert not file.check("ann", "")
    assert not file.check("eve", PASSWORD)
    assert file.names() == ["ann", "bob"]


def test_the_file_holds_no_password_and_is_for_its_owner_only(
    file: PasswordFile, tmp_path: Path
) -> None:
    file.add("ann", PASSWORD)
    file.add("bob", PASSWORD)
    path = tmp_path / "data" / "passwords"
    text = path.read_text()
    assert PASSWORD not in text
    ann, bob = (line.partition(":")[2] for line in text.splitlines())
    assert ann != bob, "each has a salt of its own"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["passwords"]


def test_a_new_password_replaces_the_old_one_and_removal_ends_it(file: PasswordFile) -> None:
    file.add("ann", PASSWORD)
    file.add("ann", PASSWORD + "2")
    assert not file.check("ann", PASSWORD)
    file.remove("ann")
    assert not file.check("ann", PASSWORD + "2")
    with pytest.raises(UnknownName, match="the list is empty"):
        file.remove("ann")


@pytest.mark.parametrize("name", ["", "a:b", "a\nb", "../x", "-a", "a" * 65, "ä b", "a\0"])
def test_a_name_that_could_break_the_file_is_refused(file: PasswordFile, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be a name"):
        file.add(name, PASSWORD)


def test_a_short_password_is_refused(file: PasswordFile) -> None:
    with pytest.raises(BadInput, match="at least 10"):
        file.add("ann", "short")


def test_after_ten_wrong_tries_the_name_has_to_wait(
    file: PasswordFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.passwords._COST", 2)
    now = 0.0
    monkeypatch.setattr("app.passwords.time.monotonic", lambda: now)
    file.add("ann", PASSWORD)
    for _ in range(10):
        assert not file.check("ann", "a wrong password")
    assert not file.check("ann", PASSWORD), "guessing goes on"
    now = 61.0
    assert file.check("ann", PASSWORD)


@pytest.mark.parametrize("content", [b"ann:plain text password\n", b"\xff\xfe\x00", b"ann\n"])
def test_a_list_that_is_none_is_told_and_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "passwords"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"cannot be read|not name:hash"):
        PasswordFile(path).check("ann", "plain text password")
