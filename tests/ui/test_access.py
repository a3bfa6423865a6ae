"""Who the user of a request is, and where the page refuses to open."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import UsageError
from app.passwords import PasswordFile
from app.settings import Settings
from app.ui.access import open_access

HEADER = "X-Forwarded-User"


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(data_dir=tmp_path, **values)  # type: ignore[arg-type]


def behind_proxy(tmp_path: Path, trusted: str) -> Settings:
    return settings(tmp_path, user_header=HEADER, trusted_proxy=trusted)


def test_on_this_machine_the_page_belongs_to_its_owner(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.53"):
        assert open_access(settings(tmp_path), host).is_open


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.7", "example.org", "", "127.0.0.1.x.org"]
)
def test_a_public_address_without_sign_in_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match="interview users add"):
        open_access(settings(tmp_path), host)


def test_a_password_list_opens_a_public_address(tmp_path: Path) -> None:
    PasswordFile(tmp_path / "passwords").add("ann", "correct horse battery")
    access = open_access(settings(tmp_path), "0.0.0.0")
    assert access.check_password is not None
    assert access.check_password("ann", "correct horse battery")
    assert not access.check_password("ann", "wrong horse battery")
    assert not access.is_open


def test_a_user_taken_off_the_list_cannot_sign_in_from_then_on(tmp_path: Path) -> None:
    file = PasswordFile(tmp_path / "passwords")
    file.add("ann", "correct horse battery")
    access = open_access(settings(tmp_path), "0.0.0.0")
    file.remove("ann")
    assert access.check_password is not None
    assert not access.check_password("ann", "correct horse battery")


def test_names_and_passwords_may_come_from_the_environment(tmp_path: Path) -> None:
    access = open_access(settings(tmp_path, sign_in_text="ann:one, bob:two"), "0.0.0.0")
    assert access.check_password is not None
    assert access.check_password("bob", "two")
    assert not access.check_password("bob", "one")
    assert not access.check_password("", "")


def test_a_password_from_the_environment_cannot_be_guessed_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("app.passwords.time.monotonic", lambda: now)
    access = open_access(settings(tmp_path, sign_in_text="ann:one, bob:two"), "0.0.0.0")
    assert access.check_password is not None
    for guess in range(10):
        assert not access.check_password("ann", str(guess))
    assert not access.check_password("ann", "one"), "guessing goes on"
    assert access.check_password("bob", "two"), "another name need not wait"
    now = 61.0
    assert access.check_password("ann", "one")


def test_the_proxy_names_the_user(tmp_path: Path) -> None:
    access = open_access(behind_proxy(tmp_path, "10.0.0.5, 172.18.0.0/16, fd00::/8"), "0.0.0.0")
    for address in ("10.0.0.5", "172.18.3.4", "::ffff:10.0.0.5", "fd00::1"):
        assert access.proxy_user(address, {HEADER: " ann "}) == "ann"


@pytest.mark.parametrize("address", ["10.0.0.6", "127.0.0.1", "::1", None, "", "testclient", "x"])
def test_nobody_but_the_proxy_can_name_a_user(tmp_path: Path, address: str | None) -> None:
    access = open_access(behind_proxy(tmp_path, "10.0.0.5"), "0.0.0.0")
    assert access.proxy_user(address, {HEADER: "ann"}) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\r\nSet-Cookie: x", "\x1b[31m", "x" * 201])
def test_a_header_that_names_nobody_lets_nobody_in(tmp_path: Path, name: str) -> None:
    access = open_access(behind_proxy(tmp_path, "10.0.0.5"), "0.0.0.0")
    assert access.proxy_user("10.0.0.5", {HEADER: name}) is None
    assert access.proxy_user("10.0.0.5", {}) is None


@pytest.mark.parametrize("trusted", [None, "", " , ", "0.0.0.0/0", "::/0", "proxy.example.org"])
def test_a_user_header_without_a_proxy_to_trust_is_refused(
    tmp_path: Path, trusted: str | None
) -> None:
    with pytest.raises(UsageError, match="INTERVIEW_TRUSTED_PROXY"):
        open_access(settings(tmp_path, user_header=HEADER, trusted_proxy=trusted), "127.0.0.1")
