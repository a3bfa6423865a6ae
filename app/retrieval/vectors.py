"""The vectors shipped with the program, so that a new machine embeds only what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from app.catalog import Catalog, default_catalog
from app.embedding import Vectors, default_embedding
from app.retrieval.documents import split

SHIPPED_VECTORS = Path(__file__).parents[1] / "assets" / "vectors.npz"


class Embedding(Protocol):
    """What turns texts into vectors; its name tells one model's vectors from another's."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 for each text: shape (n, dimension)."""
        ...


def vector_key(model_name: str, text: str) -> str:
    """First 32 hex digits of the SHA-256 over the model's name and the embedded text."""
    return hashlib.sha256(f"{model_name}\n{text}".encode()).hexdigest()[:32]


def read_vectors(path: Path) -> dict[str, Vectors]:
    """Vectors by key, none if the file is absent: they save time and change no result."""
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        keys = file["keys"].tolist()
        vectors = file["vectors"].astype(np.float32)
    return dict(zip(keys, vectors, strict=True))


def write_shipped_vectors(
    catalog: Catalog, path: Path = SHIPPED_VECTORS, embedding: Embedding | None = None
) -> int:
    """Write the vectors of all shipped chunks as float16; the number of them.

    What the file already holds is taken over, so only new text is embedded; a second run writes
    the same bytes.
    """
    model = embedding or default_embedding()
    texts = (
        chunk.embedded_text for document in catalog.documents.values() for chunk in split(document)
    )
    text_of = {vector_key(model.name, text): text for text in texts}
    known = read_vectors(path)
    for key, text in text_of.items():
        if key not in known:
            known[key] = model.encode([text])[0]
    keys = sorted(text_of)
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = np.array([known[key] for key in keys], np.float16).reshape(-1, model.dimension)
    np.savez_compressed(path, keys=np.array(keys, "U32"), vectors=vectors)
    return len(keys)


if __name__ == "__main__":
    print(f"{write_shipped_vectors(default_catalog())} vectors in {SHIPPED_VECTORS}")
