"""What the commands on the whole session store do and print: migrate, backup, restore, import."""

from __future__ import annotations

import json
from pathlib import Path

from app.errors import BadInput
from app.interview.wiring import open_store
from app.settings import settings
from app.terminal.chat import read_text_file
from app.terminal.output import print_json, remark


def migrate_store(as_json: bool) -> None:
    """Bring the store to the newest schema. Opening it does so too: this is for deployments."""
    store = open_store(settings())
    upgrade = store.upgrade
    store.close()
    if as_json:
        print_json({"store": store.where, **upgrade.model_dump(mode="json")})
    elif upgrade.before == upgrade.after:
        print(f"{store.where}: schema {upgrade.after}, nothing to do.")
    else:
        print(f"{store.where}: schema {upgrade.before or 'none'} -> {upgrade.after}.")
        if upgrade.copy_file is not None:
            remark(f"The file as it was before: {upgrade.copy_file}")


def backup_store(path: Path, as_json: bool) -> None:
    """Write all sessions to one new file, which is read back before it gets its name."""
    count = open_store(settings()).backup(path)
    if as_json:
        print_json({"file": str(path), "sessions": count})
    else:
        print(f"{count} sessions are in {path}, read back and whole.")


def restore_store(path: Path, as_json: bool) -> None:
    """Add the sessions of a backup; what is there already stays as it is."""
    restored = open_store(settings()).restore(path)
    if as_json:
        print_json(restored.model_dump(mode="json"))
        return
    print(f"{len(restored.added)} sessions added, {len(restored.unchanged)} were there already.")
    if restored.kept:
        remark(f"Differ from the backup and were left as they are: {', '.join(restored.kept)}")


def import_session(path: Path, as_json: bool) -> None:
    """Add one session that `interview export --format json` wrote."""
    session = open_store(settings()).import_session(read_json_file(path))
    if as_json:
        print_json({"session": session.id, "events": session.revision, "status": session.status})
    else:
        print(f"Session {session.id} ({session.plan.title}) is here, {session.revision} events.")


def read_json_file(path: Path) -> object:
    """The value of a JSON file, `-` for standard input. BadInput if it holds none."""
    try:
        return json.loads(read_text_file(path))
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{path} is not JSON ({error}): give a file of `interview export --format json`."
        ) from None
