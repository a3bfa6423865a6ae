"""A list of names and passwords in one file: only scrypt hashes are kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import time
from collections import deque
from pathlib import Path

from app.errors import BadInput, StoreReadOnly, UnknownName

SHORTEST = 10
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_COST, _BLOCK, _LANES = 2**14, 8, 1  # 16 MiB and about 50 ms a try
_TRIES, _WINDOW = 10, 60.0
_NOBODY = "scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Tries:
    """Wrong passwords by name: after ten in a minute, the name has to wait."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def allows(self, name: str) -> bool:
        """Whether the name may try now."""
        failures = self._failures.get(name)
        if failures is None or len(failures) < _TRIES:
            return True
        return time.monotonic() - failures[0] >= _WINDOW

    def count(self, name: str, right: bool) -> bool:
        """Keep how a try ended, and give it back."""
        failures = self._failures.setdefault(name, deque(maxlen=_TRIES))
        failures.clear() if right else failures.append(time.monotonic())
        return right


class PasswordFile:
    """The file, one `name:hash` a line. A missing one holds nobody. Read anew at each sign-in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tries = Tries()

    def names(self) -> list[str]:
        """Who may sign in. BadInput if the file cannot be read."""
        return list(self._entries())

    def add(self, name: str, password: str) -> None:
        """Add a user, or give one a new password. BadInput for a name or password of no use."""
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} cannot be a name: use 1 to 64 letters, digits, . _ @ or -.")
        if len(password) < SHORTEST:
            raise BadInput(f"A password needs at least {SHORTEST} characters.")
        self._write({**self._entries(), name: _hashed(password)})

    def remove(self, name: str) -> None:
        """Take a user off the list; the sessions stay. UnknownName if there is none."""
        entries = self._entries()
        if name not in entries:
            raise UnknownName(
                f"There is no user {name!r}: {', '.join(entries) or 'the list is empty'}."
            )
        del entries[name]
        self._write(entries)

    def check(self, name: str, password: str) -> bool:
        """Whether that is the password. After ten wrong tries in a minute, the name has to wait."""
        entry = self._entries().get(name)
        if entry is None:
            # An unknown name takes as long as a known one, so that time does not tell which exist.
            _matches(password, _NOBODY)
            return False
        return self._tries.allows(name) and self._tries.count(name, _matches(password, entry))

    def _entries(self) -> dict[str, str]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"The password list {self._path} cannot be read ({error}).") from error
        pairs = (line.strip().split(":", 1) for line in lines if line.strip()[:1] not in ("", "#"))
        entries = {pair[0]: pair[-1] for pair in pairs}
        if not all(entry.startswith("scrypt$") for entry in entries.values()):
            raise BadInput(
                f"The password list {self._path} holds a line that is not name:hash. Write it with "
                "`interview users add NAME`."
            )
        return entries

    def _write(self, entries: dict[str, str]) -> None:
        """All at once: whoever signs in meanwhile reads the old list or the new one."""
        part = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        text = "".join(f"{name}:{entry}\n" for name, entry in entries.items())
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StoreReadOnly(
                f"The password list {self._path} cannot be written ({error.strerror}): allow it, "
                "or choose another place with INTERVIEW_PASSWORD_FILE."
            ) from error


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _COST, _BLOCK, _LANES)
    parts = ("scrypt", str(_COST), str(_BLOCK), str(_LANES), _text(salt), _text(digest))
    return "$".join(parts)


def _matches(password: str, entry: str) -> bool:
    try:
        _, cost, block, lanes, salt, digest = entry.split("$")
        expected = base64.b64decode(digest)
        found = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(lanes))
    except ValueError:
        return False
    return hmac.compare_digest(found, expected)


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    typed = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=salt, n=cost, r=block, p=lanes, maxmem=2**26, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
