"""The users' own documents, each kept as a file: from them the index can always be built again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from app.domain.content import Document
from app.errors import SearchIndexError

LOCAL_USER = ""
"""Whom the documents belong to where nobody signs in, and on the command line."""


class OwnDocuments:
    """A folder of documents for each user; the local user's lie in the topmost."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "documents"

    def ids(self, owner: str) -> list[str]:
        """What a user has; nobody else's ids are among them."""
        return sorted(path.stem for path in self._folder_of(owner).glob("*.json"))

    def of(self, owner: str) -> dict[str, Document]:
        """A user's documents by id. SearchIndexError names a file that is damaged."""
        folder = self._folder_of(owner)
        return {name: _read(folder / f"{name}.json") for name in self.ids(owner)}

    def all(self) -> dict[str, Document]:
        """The documents of all users by id."""
        return {path.stem: _read(path) for path in sorted(self._folder.rglob("*.json"))}

    def keep(self, document: Document, owner: str) -> Document:
        """Keep a document; as given back it has an id that no other user's document has."""
        if owner != LOCAL_USER:
            document = document.model_copy(update={"id": f"{document.id}-{_key(owner)}"})
        folder = self._folder_of(owner)
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{document.id}.partial"
        partial.write_text(document.model_dump_json(), encoding="utf-8")
        partial.replace(folder / f"{document.id}.json")
        return document

    def forget(self, document_id: str, owner: str) -> None:
        """Delete a document's file, if it is there."""
        (self._folder_of(owner) / f"{document_id}.json").unlink(missing_ok=True)

    def _folder_of(self, owner: str) -> Path:
        return self._folder if owner == LOCAL_USER else self._folder / _key(owner)


def _key(owner: str) -> str:
    """A user's name as part of a path and of ids: it may hold any character, and any case."""
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read(path: Path) -> Document:
    try:
        return Document.model_validate_json(path.read_bytes())
    except ValidationError:
        raise SearchIndexError(
            f"{path} is damaged: delete it, then add the document again."
        ) from None
