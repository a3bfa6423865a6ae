"""Opens Chroma, in a folder or on a server: damage, locking, and errors in plain words."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.errors import SearchIndexError
from app.settings import Settings

if TYPE_CHECKING:
    from chromadb.api.client import Client

REBUILD = "run `interview index --rebuild`"
LOCK_SECONDS = 600.0

# SQLite's primary result codes that speak of the machine, not of the file: busy, locked, out of
# memory, read-only, I/O error, disk full, cannot open.
_NOT_DAMAGE = {5, 6, 7, 8, 10, 13, 14}

logger = logging.getLogger(__name__)


def connect(settings: Settings) -> Client:
    """A client for the Chroma server of the settings."""
    import chromadb

    headers = {}
    if settings.chroma_token is not None:
        token = settings.chroma_token.get_secret_value()
        plain = settings.chroma_token_header.lower() != "authorization"
        headers[settings.chroma_token_header] = token if plain else f"Bearer {token}"
    client = chromadb.HttpClient(
        host=settings.chroma_host or "",
        port=settings.chroma_port,
        ssl=settings.chroma_ssl,
        headers=headers,
        settings=_chroma_settings(),
    )
    return cast("Client", client)


def open_folder(folder: Path) -> Client:
    """A client for a folder that works; a damaged one is moved aside first, never deleted."""
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.errors import ChromaError

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _tried_client(folder)
    except ChromaError as error:
        code = re.search(r"\(code: (\d+)\)", str(error))
        if code and int(code.group(1)) & 0xFF in _NOT_DAMAGE:
            raise
        aside = folder.with_name(f"{folder.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
        folder.rename(aside)
        logger.warning("The search index was damaged; it is now %s (%s)", aside, error)
        # Chroma keeps what failed to start and would hand it out again for the same path.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)
    return _tried_client(folder)


def _tried_client(folder: Path) -> Client:
    """A client that has read from each collection: damage often shows at the first query only."""
    import chromadb

    client = cast("Client", chromadb.PersistentClient(folder, settings=_chroma_settings()))
    try:
        for listed in client.list_collections():
            collection = client.get_collection(listed.name, embedding_function=None)
            dimension = (collection.metadata or {}).get("dimension")
            if isinstance(dimension, int) and collection.count():
                collection.query(query_embeddings=np.ones((1, dimension), np.float32), n_results=1)
    except BaseException:
        client.close()
        raise
    return client


def _chroma_settings() -> Any:
    from chromadb.config import Settings as ChromaSettings

    # Our own settings are the only reader of .env.
    return ChromaSettings(_env_file=None, anonymized_telemetry=False)


@contextmanager
def told(location: str, token: str = "") -> Iterator[None]:
    """Errors of Chroma, of its connection and of the disk, in words a user can act on.

    A server or a proxy may repeat the token in its error: it is left out.
    """
    import httpx
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError:
        raise SearchIndexError(f"The search index at {location} is gone: {REBUILD}.") from None
    except (ChromaError, httpx.HTTPError, OSError, ValueError) as error:
        problem = str(error).replace(token, "***") if token else str(error)
        raise SearchIndexError(
            f"The search index at {location} cannot be used ({problem}). Check that it is "
            f"reachable, that you may write there and that the disk has room; if so, {REBUILD}."
        ) from error


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """One process at a time opens or writes: two first openers of a folder crash each other."""
    from filelock import FileLock, Timeout

    data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_dir / "index.lock", timeout=LOCK_SECONDS)
    try:
        with lock:
            yield
    except Timeout:
        raise SearchIndexError(
            "Another process has been building the search index for ten minutes: "
            "wait for it, or end it and try again."
        ) from None
