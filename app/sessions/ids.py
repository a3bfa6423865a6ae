"""Ids of sessions: short, sortable by time, unique, safe in file names and addresses."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from app.errors import BadInput

# Without i, l, o and u: nothing to mistake for a digit when an id is read aloud.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_LENGTH = 6
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def new_session_id(now: datetime | None = None) -> str:
    """An id such as `261123-015710-k3f9xq`: the second in UTC, then 30 random bits."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{moment:%y%m%d-%H%M%S}-{random}"


def checked_session_id(session_id: str) -> str:
    """The id itself; `BadInput` if it could not be a file name (imports bring their own ids)."""
    if not _SESSION_ID.fullmatch(session_id):
        raise BadInput(
            f"{session_id!r} cannot be the id of a session: use 1 to 64 letters, digits, - or _."
        )
    return session_id
