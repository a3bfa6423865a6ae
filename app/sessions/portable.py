"""Sessions outside the store: the JSON of one session, and a backup file of all of them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.domain.content import Value
from app.errors import BadInput, StoreReadOnly, StoreTooNew
from app.sessions.events import (
    SCHEMA_VERSION,
    SessionEvent,
    event_adapter,
    fold,
)
from app.sessions.ids import checked_session_id

EXPORT_FORMAT = "aiops-interview/1"
BACKUP_FORMAT = "aiops-interview-backup/1"


class Export(Value):
    """A session that came from outside, proven to replay."""

    session_id: str
    events: tuple[SessionEvent, ...]
    overall: int | None = None


class Restored(Value):
    """What `restore` did, by session id. `kept` differ from the backup and stayed as they are."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]


def export_document(session_id: str, events: Iterable[SessionEvent]) -> dict[str, Any]:
    """The JSON document of one session."""
    return {
        "format": EXPORT_FORMAT,
        "session": session_id,
        "events": [event.model_dump(mode="json") for event in events],
    }


def read_export(document: Any) -> Export:
    """The session of a JSON document. `BadInput` names what is wrong; `StoreTooNew` if newer."""
    if not isinstance(document, dict) or not isinstance(document.get("events"), list):
        raise BadInput('This is no exported session: expected {"format": ..., "events": [...]}.')
    if document.get("format") != EXPORT_FORMAT:
        raise BadInput(
            f"The format of this export is {document.get('format')!r}; this version of the "
            f"program reads {EXPORT_FORMAT!r}: update the program or export the session again."
        )
    session_id = checked_session_id(str(document.get("session")))
    events: list[SessionEvent] = []
    for number, raw in enumerate(document["events"]):
        _refuse_newer(session_id, raw)
        try:
            events.append(event_adapter.validate_python(raw))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise BadInput(
                f"Event {number} of session {session_id} is wrong at {field}: {first['msg']}. "
                "Export the session again."
            ) from error
    try:
        fold(session_id, events)
    except (ValueError, KeyError, TypeError) as error:  # times without a zone among others
        raise BadInput(
            f"The events of session {session_id} do not fit together ({error}): export it again."
        ) from error
    overall = document.get("overall")
    if not (isinstance(overall, int) and 1 <= overall <= 5):
        overall = None
    return Export.model_construct(session_id=session_id, events=tuple(events), overall=overall)


def owned_by(export: Export, user: str) -> Export:
    """The same session as one of `user`'s."""
    first = export.events[0].model_copy(update={"user": user})
    return export.model_copy(update={"events": (first, *export.events[1:])})


def _refuse_newer(session_id: str, raw: Any) -> None:
    version = raw.get("schema_version", 0) if isinstance(raw, dict) else 0
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise StoreTooNew(
            f"Session {session_id} was written by a newer version of this program "
            f"(schema {version}; known are up to {SCHEMA_VERSION}): update the program."
        )


# --- the backup file: gzipped JSON lines; a header, one export a line, the checksum ------------


def write_backup(path: Path, documents: Iterable[dict[str, Any]]) -> int:
    """Write the documents to a new file; the number of sessions.

    The file appears under its name only when it is whole, on the disk and was read back.
    """
    if path.exists():
        raise BadInput(f"{path} exists already: choose another name for the backup.")
    part = path.with_name(f"{path.name}.part")
    header = {"format": BACKUP_FORMAT, "made_at": datetime.now(UTC).isoformat()}
    digest = hashlib.sha256()
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            with gzip.open(file, "wb", compresslevel=6) as stream:
                stream.write(_line(header, digest))
                for document in documents:
                    stream.write(_line(document, digest))
                    count += 1
                stream.write(_line({"sessions": count, "sha256": digest.hexdigest()}))
            file.flush()
            os.fsync(file.fileno())
        for _ in read_backup(part):
            pass
        part.rename(path)
    except OSError as error:
        raise StoreReadOnly(
            f"The backup {path} could not be written ({error.strerror or error}): choose another "
            "place or free some space."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return count


def read_backup(path: Path) -> Iterator[Export]:
    """The sessions of a backup, one by one.

    Damage shows only at the checksum in the last line, so a caller must undo what it did with
    the sessions when this raises `BadInput`.
    """
    try:
        yield from _verified(path)
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except (OSError, EOFError, zlib.error, ValueError, BadInput) as error:
        raise BadInput(
            f"{path} is damaged or no backup of this program; nothing was restored: use another "
            f"backup. ({error})"
        ) from error


def _verified(path: Path) -> Iterator[Export]:
    digest = hashlib.sha256()
    count = 0
    with gzip.open(path, "rb") as stream:
        held = stream.readline()  # one line back, for the last is no session
        header = json.loads(held)
        if not isinstance(header, dict) or header.get("format") != BACKUP_FORMAT:
            raise ValueError(f"its first line does not say {BACKUP_FORMAT}")
        for line in stream:
            if count:
                yield read_export(json.loads(held))
            digest.update(held)
            held = line
            count += 1
    if json.loads(held) != {"sessions": count - 1, "sha256": digest.hexdigest()}:
        raise ValueError("its checksum does not fit its content")


def _line(value: dict[str, Any], digest: Any = None) -> bytes:
    line = (json.dumps(value, separators=(",", ":")) + "\n").encode("ascii")
    if digest is not None:
        digest.update(line)
    return line
