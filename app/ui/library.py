"""The documents behind the Library tab: read, search, add and remove one's own."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from app.catalog import Catalog
from app.domain.content import Document
from app.errors import InterviewError, UnknownName
from app.retrieval.documents import load_own
from app.retrieval.index import Index, IndexStats
from app.retrieval.own import LOCAL_USER
from app.retrieval.search import Passage, Searcher
from app.settings import Settings


class Library:
    """The shipped documents and each user's own. The index opens at the first search."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings = settings
        self._catalog = catalog
        self._opening = threading.Lock()
        self._index: Index | None = None
        self._searcher: Searcher | None = None
        self.indexed = (0, 0)

    @property
    def is_open(self) -> bool:
        """Whether the index is up to date, so that a search answers at once."""
        return self._searcher is not None

    def documents(self, user: str | None) -> dict[str, Document]:
        """The shipped documents and the user's own by id; the user is None where none signs in."""
        return {**self._catalog.documents, **self._connected().own_documents(_owner(user))}

    def document(self, document_id: str, user: str | None) -> Document:
        """One document. UnknownName if there is none of that id, or it is another user's."""
        found = self._catalog.documents.get(document_id)
        found = found or self._connected().own_documents(_owner(user)).get(document_id)
        if found is None:
            raise UnknownName(f"There is no document {document_id!r} any more.")
        return found

    def search(self, query: str, user: str | None, count: int = 8) -> list[Passage]:
        """The passages nearest to a query; brings the index up to date the first time."""
        self._opened()
        assert self._searcher is not None, "an open index has its searcher"
        return self._searcher.search(query, count, owner=_owner(user))

    def add(self, path: Path, user: str | None) -> Document:
        """Index a Markdown, text or PDF file of the user's. BadInput if it cannot be read."""
        document = load_own(path)
        self._opened().add_own(document, owner=_owner(user))
        return document

    def remove(self, document_id: str, user: str | None) -> None:
        """Forget one of the user's own documents."""
        self._opened().remove_own(document_id, owner=_owner(user))

    def stats(self, user: str | None) -> IndexStats:
        """What is indexed for the user."""
        return self._opened().stats(_owner(user))

    def warm(self) -> None:
        """Load the index in the background, so that the first visit does not wait for it."""
        threading.Thread(target=self._try_connecting, daemon=True).start()

    def _try_connecting(self) -> None:
        # What is wrong with the index is told to whoever opens the library, not at the start.
        with suppress(InterviewError):
            self._connected()

    def close(self) -> None:
        """Release the index."""
        if self._index is not None:
            self._index.close()

    def _opened(self) -> Index:
        index = self._connected()
        with self._opening:
            if self._searcher is None:
                index.sync(self._catalog.documents.values(), self._count)
                self._searcher = Searcher(index)
        return index

    def _connected(self) -> Index:
        with self._opening:
            if self._index is None:
                self._index = Index.open(self._settings)
            return self._index

    def _count(self, done: int, total: int) -> None:
        self.indexed = (done, total)


def _owner(user: str | None) -> str:
    return user or LOCAL_USER
