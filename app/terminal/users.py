"""The commands on the password list: add, remove and list users."""

from __future__ import annotations

import sys
from getpass import getpass

from app.errors import BadInput
from app.passwords import PasswordFile
from app.settings import settings
from app.terminal.output import print_json, remark


def add_user(name: str) -> None:
    """Add a user, or give one a new password."""
    file = _file()
    if sys.stdin.isatty():
        password = getpass(f"Password for {name}: ")
        if getpass("Again: ") != password:
            raise BadInput("The two passwords differ; nothing was changed.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    file.add(name, password)
    remark(f"{name} may sign in. The page asks for a sign-in from its next start on.")


def remove_user(name: str) -> None:
    """Take a user off the list."""
    _file().remove(name)
    remark(f"{name} cannot sign in from now on. A page that is open stays so until the next start.")


def show_users(as_json: bool) -> None:
    """Who may sign in."""
    names = _file().names()
    if as_json:
        print_json(names)
    else:
        print("\n".join(names) or "Nobody: the page asks for no sign-in.")


def _file() -> PasswordFile:
    return PasswordFile(settings().password_path)
