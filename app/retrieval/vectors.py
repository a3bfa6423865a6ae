"""Writes the vectors shipped with the program, so that a new machine embeds only what is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from app.catalog import Catalog, default_catalog
from app.embedding import (
    SHIPPED_VECTORS,
    Embedding,
    default_embedding,
    read_vectors,
    vector_key,
)
from app.retrieval.documents import split


def shipped_texts(catalog: Catalog) -> Iterator[str]:
    """Every authored text that is compared with something: passages, examples and facts."""
    for document in catalog.documents.values():
        for chunk in split(document):
            yield chunk.embedded_text
            yield from chunk.questions
    for rubric in catalog.rubrics.values():
        for criterion in rubric.criteria:
            yield from (criterion.statement, *criterion.meets, *criterion.near_misses)
        for wrong in rubric.misconceptions:
            yield from (wrong.claim, *wrong.examples, *wrong.not_examples)
    for item in catalog.items.values():
        for fact in item.facts:
            yield from (fact.question, *fact.also_asked, fact.answer, fact.why)


def write_shipped_vectors(
    catalog: Catalog, path: Path = SHIPPED_VECTORS, embedding: Embedding | None = None
) -> int:
    """Write the vectors of all shipped texts as float16; the number of them.

    What the file already holds is taken over, so only new text is embedded; a second run writes
    the same bytes.
    """
    model = embedding or default_embedding()
    text_of = {vector_key(model.name, text): text for text in shipped_texts(catalog)}
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
