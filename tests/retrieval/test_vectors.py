"""Shipped vectors: written once, used instead of embedding."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.catalog import Catalog
from app.domain.content import Document
from app.embedding import MiniLM, Vectors, default_embedding, read_vectors
from app.retrieval.index import Index
from app.retrieval.vectors import write_shipped_vectors
from app.settings import Settings

DOCUMENT = """---
id: drift
title: Drift
topics: [test]
---
# Drift
## Detecting
Compare two windows.
## Retraining
Retrain when it pays.
"""


class RefusingEmbedding:
    """Stands for the bundled model where nothing may be embedded."""

    name = default_embedding().name
    dimension = default_embedding().dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        if texts:
            pytest.fail(f"embedded {texts}")
        return np.empty((0, self.dimension), np.float32)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    folder = tmp_path / "content" / "knowledge" / "documents"
    folder.mkdir(parents=True)
    (folder / "drift.md").write_text(DOCUMENT)
    return Catalog(tmp_path / "content")


def test_a_new_index_takes_all_vectors_from_the_shipped_file(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vectors.npz"
    assert write_shipped_vectors(catalog, path) == 2
    monkeypatch.setattr(MiniLM, "_run", lambda self, text: pytest.fail(f"embedded {text}"))
    settings = Settings(data_dir=tmp_path / "data", chroma_host=None)
    documents: list[Document] = list(catalog.documents.values())
    with Index.open(settings, MiniLM(path)) as index:
        assert index.sync(documents).added == 2


def test_shipped_vectors_are_the_computed_ones(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    write_shipped_vectors(catalog, path)
    lengths = [float(np.linalg.norm(vector)) for vector in read_vectors(path).values()]
    assert lengths == pytest.approx([1.0, 1.0], abs=1e-3)


def test_writing_again_gives_the_same_bytes_and_embeds_nothing(
    catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "vectors.npz"
    write_shipped_vectors(catalog, path)
    before = path.read_bytes()
    write_shipped_vectors(catalog, path, RefusingEmbedding())
    assert path.read_bytes() == before


def test_an_absent_file_gives_no_vectors(tmp_path: Path) -> None:
    assert read_vectors(tmp_path / "absent.npz") == {}
