"""An answer in pieces, each with its words and its vector, as classifiers read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.embedding import MiniLM, Vectors
from app.grading.evidence import Span, windows
from app.grading.words import content_stems

FEWEST_WORDS = 4
"""Content words of a piece; fewer, such as a tag or "Yes.", say something with a neighbour only."""


@dataclass(frozen=True)
class Reading:
    """Sentences, then pairs of neighbours; `vectors` and `stems` have one row for each."""

    texts: tuple[str, ...]
    stems: tuple[frozenset[str], ...]
    vectors: Vectors


def read_answer(sentences: Sequence[Span], answer: str, embedding: MiniLM) -> Reading:
    """The pieces of an answer that its sentences make."""
    spans = windows(list(sentences), answer)
    spans = [span for span in spans if len(content_stems(span.text)) >= FEWEST_WORDS] or spans
    vector_of = dict(
        zip(sentences, embedding.encode([each.text for each in sentences]), strict=True)
    )
    starting = {sentence.start: sentence for sentence in sentences}
    ending = {sentence.end: sentence for sentence in sentences}
    vectors = []
    for span in spans:
        first, second = starting[span.start], ending[span.end]
        # A pair lies between its sentences, nearer to the longer one; no second encoding.
        both = vector_of[first] * len(first.text) + vector_of[second] * len(second.text)
        vectors.append(both / max(float(np.linalg.norm(both)), 1e-9))
    return _reading([span.text for span in spans], np.array(vectors, np.float32))


def read_texts(texts: Sequence[str], embedding: MiniLM) -> Reading:
    """Each text as one piece."""
    return _reading(texts, embedding.encode(texts))


def _reading(texts: Sequence[str], vectors: Vectors) -> Reading:
    return Reading(
        texts=tuple(texts),
        stems=tuple(frozenset(content_stems(text)) for text in texts),
        vectors=vectors,
    )
