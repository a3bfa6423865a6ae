"""The search index: chunks and their vectors in Chroma.

The index holds nothing of its own: shipped documents come from the catalog, the users' own are
kept as files beside it, so a lost or damaged index is built again from them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from app.domain.content import Document, Value
from app.embedding import Embedding, default_embedding
from app.errors import SearchIndexError, UnknownName
from app.retrieval.chroma import REBUILD, connect, locked, open_folder, told
from app.retrieval.documents import Chunk, split
from app.retrieval.own import LOCAL_USER, OwnDocuments
from app.retrieval.rows import chunk_of, to_chunk, to_rows
from app.settings import Settings

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

CollectionName = Literal["documents", "own"]
COLLECTIONS: tuple[CollectionName, ...] = ("documents", "own")
SCHEMA = 2
BATCH = 32
ROWS_A_CHUNK = 8
"""About how many vectors lead to one chunk: its text and the questions it answers."""

Progress = Callable[[int, int], None]


class SyncResult(Value):
    """What a sync did, in chunks."""

    kept: int = 0
    added: int = 0
    deleted: int = 0

    def __add__(self, other: SyncResult) -> SyncResult:
        return SyncResult(
            kept=self.kept + other.kept,
            added=self.added + other.added,
            deleted=self.deleted + other.deleted,
        )


class IndexStats(Value):
    """What the index holds, and where."""

    location: str
    embedding: str
    dimension: int
    chunks: dict[CollectionName, int]
    documents: dict[CollectionName, int]
    own_ids: tuple[str, ...]


class Index:
    """Chunks by vector, in two collections: shipped documents, and the users' own.

    Own documents belong to whoever added them. The collection is shared, on a team's Chroma server
    even with other data folders: so every read is limited to the documents whose files lie with
    their `owner`.
    """

    def __init__(
        self,
        client: Client,
        embedding: Embedding,
        location: str,
        data_dir: Path,
        token: str = "",
    ) -> None:
        self._client = client
        self._embedding = embedding
        self._location = location
        self._data_dir = data_dir
        self._own = OwnDocuments(data_dir)
        self._token = token

    @classmethod
    def open(
        cls,
        settings: Settings,
        embedding: Embedding | None = None,
    ) -> Self:
        """The index in the data folder, or on the Chroma server if one is set.

        A damaged folder is moved aside and begun anew; `sync` then fills it. SearchIndexError if
        the folder or the server cannot be used.
        """
        folder = settings.index_dir
        location = f"{settings.chroma_host}:{settings.chroma_port}" if settings.chroma_host else ""
        token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
        with told(location or str(folder), token), locked(settings.data_dir):
            client = connect(settings) if location else open_folder(folder)
            index = cls(
                client,
                embedding or default_embedding(),
                location or str(folder),
                settings.data_dir,
                token,
            )
            index._create_collections()
        return index

    def _telling(self) -> AbstractContextManager[None]:
        return told(self._location, self._token)

    def close(self) -> None:
        """Release the folder or the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing -------------------------------------------------------------------------------

    def sync(
        self, documents: Iterable[Document], on_progress: Progress | None = None
    ) -> SyncResult:
        """Make the index hold exactly these shipped documents, and the own ones of all users.

        Unchanged chunks stay, new ones are embedded, vanished ones go. `on_progress(done, total)`
        counts the chunks to add, over both collections one after the other.
        """
        with self._telling(), locked(self._data_dir):
            own = self._own.all()
            return self._update("documents", documents, None, on_progress) + self._update(
                "own", own.values(), _of(list(own)), on_progress
            )

    def rebuild(
        self, documents: Iterable[Document], on_progress: Progress | None = None
    ) -> SyncResult:
        """Drop everything, also another model's index, and build it from the documents."""
        from chromadb.errors import NotFoundError

        with self._telling(), locked(self._data_dir):
            for name in COLLECTIONS:
                try:
                    self._client.delete_collection(name)
                except NotFoundError:
                    continue
            self._create_collections()
        return self.sync(documents, on_progress)

    def add_own(
        self, document: Document, on_progress: Progress | None = None, *, owner: str = LOCAL_USER
    ) -> int:
        """Keep a document of a user's own and index it; the number of its chunks."""
        if document.origin != "own":
            raise ValueError(f"{document.id} is a shipped document")
        with self._telling(), locked(self._data_dir):
            kept = self._own.keep(document, owner)
            result = self._update("own", [kept], _of([kept.id]), on_progress)
        return result.kept + result.added

    def remove_own(self, document_id: str, *, owner: str = LOCAL_USER) -> None:
        """Forget a document of a user's own. UnknownName if that user has none of that id."""
        known = self._own.ids(owner)
        if document_id not in known:
            names = ", ".join(known) or "none yet"
            raise UnknownName(f"There is no own document {document_id!r}. Yours: {names}.")
        with self._telling(), locked(self._data_dir):
            self._update("own", [], _of([document_id]), None)
            self._own.forget(document_id, owner)

    # --- reading -------------------------------------------------------------------------------

    def own_documents(self, owner: str = LOCAL_USER) -> dict[str, Document]:
        """A user's own documents by id."""
        return self._own.of(owner)

    def own_ids(self, owner: str = LOCAL_USER) -> tuple[str, ...]:
        """The ids of a user's own documents."""
        return tuple(self._own.ids(owner))

    def revision(self, collections: Iterable[CollectionName] = COLLECTIONS) -> str:
        """Changes whenever a chunk of these collections does, in whichever process."""
        with self._telling():
            return " ".join(
                str(self._collection(name).metadata.get("revision", "")) for name in collections
            )

    def chunks(
        self, collections: Iterable[CollectionName] = COLLECTIONS, owner: str = LOCAL_USER
    ) -> list[Chunk]:
        """All chunks that a user may see, by document and position."""
        with self._telling():
            found = [
                to_chunk(chunk_id, text, metadata)
                for name in collections
                for chunk_id, text, metadata in self._rows(name, owner)
            ]
        return sorted(found, key=lambda chunk: (chunk.document_id, chunk.position))

    def nearest(
        self,
        query: str,
        k: int,
        collections: Iterable[CollectionName] = COLLECTIONS,
        owner: str = LOCAL_USER,
    ) -> list[tuple[str, float]]:
        """Ids and cosine similarities of the k nearest chunks that a user may see, nearest first.

        A chunk is as near as the nearest of its text and the questions it answers.
        """
        vector = self._embedding.encode([query])
        hits: dict[str, float] = {}
        with self._telling():
            for name in collections:
                result = self._collection(name).query(
                    query_embeddings=vector,
                    n_results=k * ROWS_A_CHUNK,
                    where=self._scope(name, owner),
                    include=["distances"],
                )
                distances = (result["distances"] or [[]])[0]
                for row_id, distance in zip(result["ids"][0], distances, strict=True):
                    chunk_id = chunk_of(row_id)
                    hits[chunk_id] = max(hits.get(chunk_id, -1.0), 1.0 - distance)
        return sorted(hits.items(), key=lambda hit: (-hit[1], hit[0]))[:k]

    def stats(self, owner: str = LOCAL_USER) -> IndexStats:
        """What the index holds for a user."""
        held: dict[CollectionName, list[Chunk]] = {
            name: self.chunks([name], owner) for name in COLLECTIONS
        }
        return IndexStats(
            location=self._location,
            embedding=self._embedding.name,
            dimension=self._embedding.dimension,
            chunks={name: len(chunks) for name, chunks in held.items()},
            documents={
                name: len({chunk.document_id for chunk in chunks}) for name, chunks in held.items()
            },
            own_ids=self.own_ids(owner),
        )

    # --- inside --------------------------------------------------------------------------------

    def _scope(self, name: CollectionName, owner: str) -> Any:
        """Chroma's filter for what a user may see of a collection."""
        return _of(self._own.ids(owner)) if name == "own" else None

    @property
    def _made_with(self) -> dict[str, str | int]:
        """Kept with each collection: vectors of another model or layout are of no use here."""
        return {
            "embedding": self._embedding.name,
            "dimension": self._embedding.dimension,
            "schema": SCHEMA,
        }

    def _create_collections(self) -> None:
        for name in COLLECTIONS:
            self._client.get_or_create_collection(
                name,
                embedding_function=None,
                metadata=self._made_with,
                configuration={"hnsw": {"space": "cosine"}},
            )

    def _collection(self, name: CollectionName) -> Collection:
        """The collection as it is now; another process may have rebuilt it since the last call."""
        # Without `embedding_function=None` Chroma rebuilds a function of its own at each query.
        collection = self._client.get_collection(name, embedding_function=None)
        found = collection.metadata or {}
        differs = [
            f"{key} {found.get(key)!r} instead of {value!r}"
            for key, value in self._made_with.items()
            if found.get(key) != value
        ]
        if differs:
            raise SearchIndexError(
                f"The search index at {self._location} was made with {', '.join(differs)}: "
                f"{REBUILD}."
            )
        return collection

    def _rows(
        self, name: CollectionName, owner: str
    ) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        rows = self._collection(name).get(
            where=_texts(self._scope(name, owner)), include=["documents", "metadatas"]
        )
        return zip(rows["ids"], rows["documents"] or [], rows["metadatas"] or [], strict=True)

    def _update(
        self,
        name: CollectionName,
        documents: Iterable[Document],
        scope: Any,
        on_progress: Progress | None,
    ) -> SyncResult:
        """Make the part of a collection that `scope` selects hold exactly these documents."""
        wanted = {chunk.id: chunk for document in documents for chunk in split(document)}
        collection = self._collection(name)
        rows = collection.get(where=_texts(scope), include=["metadatas"])
        hashes = {
            chunk_id: metadata["content_hash"]
            for chunk_id, metadata in zip(rows["ids"], rows["metadatas"] or [], strict=True)
        }
        gone = [chunk_id for chunk_id in hashes if chunk_id not in wanted]
        new = [chunk for chunk in wanted.values() if hashes.get(chunk.id) != chunk.content_hash]
        stale = [*gone, *(chunk.id for chunk in new if chunk.id in hashes)]
        if stale:
            collection.delete(where=_where_in("chunk_id", stale))
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            rows_of = [row for chunk in batch for row in to_rows(chunk)]
            ids, embedded, shown, metadatas = map(list, zip(*rows_of, strict=True))
            collection.upsert(
                ids=ids,
                embeddings=self._embedding.encode(embedded),
                documents=shown,
                metadatas=metadatas,
            )
            if on_progress is not None:
                on_progress(start + len(batch), len(new))
        if gone or new:
            collection.modify(metadata={**collection.metadata, "revision": uuid.uuid4().hex})
        return SyncResult(kept=len(wanted) - len(new), added=len(new), deleted=len(gone))


def _of(document_ids: list[str]) -> Any:
    """Chroma's filter for these documents; its $in takes no empty list, and no id is empty."""
    return _where_in("document_id", document_ids or [""])


def _where_in(name: str, values: list[str]) -> Any:
    return {name: {"$in": values}}


def _texts(scope: Any) -> Any:
    """Chroma's filter for the rows that hold passages, not the questions that lead to them."""
    texts = {"row": "text"}
    return {"$and": [scope, texts]} if scope else texts
