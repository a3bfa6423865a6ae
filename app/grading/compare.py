"""Compares what was said with what an author wrote: by words, by meaning, token by token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.embedding import MiniLM, Vectors
from app.grading.words import FUNCTION_WORDS, stem, words

CACHED_WORDINGS = 8192
LIGHT_TOKEN = 0.05
"""Weight of function words and marks in a token-by-token comparison."""
PART_TOKEN = 0.5
"""Weight of a later piece of a word."""


@dataclass(frozen=True, eq=False)
class Wording:
    """A text, read once: its words with their rarity, and a vector for each token."""

    weights: dict[str, float]
    content: tuple[str, ...]
    numbers: frozenset[str]
    tokens: Vectors
    token_weights: Vectors


class Reader:
    """Reads texts into wordings; repeated texts come from a cache. Safe between threads."""

    def __init__(self, embedding: MiniLM) -> None:
        self._embedding = embedding
        self.read = lru_cache(maxsize=CACHED_WORDINGS)(self._read)

    def read_all(self, texts: Iterable[str]) -> tuple[Wording, ...]:
        """The wordings of several texts."""
        return tuple(self.read(text) for text in texts)

    def likeness(self, text: str, other: str) -> float:
        """Cosine of two whole texts."""
        first, second = self._embedding.encode([text, other])
        return float(first @ second)

    def _read(self, text: str) -> Wording:
        found = words(text)
        carrying = [word for word in found if word not in FUNCTION_WORDS]
        pieces, vectors = self._embedding.encode_tokens(text)
        return Wording(
            weights={stem(word): self._embedding.rarity(word) for word in carrying},
            content=tuple(stem(word) for word in carrying),
            numbers=frozenset(word for word in found if any(mark.isdigit() for mark in word)),
            tokens=vectors,
            token_weights=np.array([self._token_weight(piece) for piece in pieces], np.float32),
        )

    def _token_weight(self, piece: str) -> float:
        if piece in FUNCTION_WORDS or not any(mark.isalnum() for mark in piece):
            return LIGHT_TOKEN
        return PART_TOKEN if piece.startswith("##") else max(0.1, self._embedding.rarity(piece))


def recall(wanted: Wording, said: Wording) -> float:
    """Share of the wanted words that were said, weighted by rarity."""
    total = sum(wanted.weights.values())
    held = sum(weight for name, weight in wanted.weights.items() if name in said.weights)
    return held / total if total else 0.0


def nearest_tokens(wanted: Wording, said: Wording) -> Vectors:
    """For each wanted token, the cosine of the said token nearest to it: shape (t,)."""
    if not len(wanted.tokens) or not len(said.tokens):
        return np.zeros(len(wanted.tokens), np.float32)
    nearest: Vectors = (wanted.tokens @ said.tokens.T).max(axis=1)
    return nearest


def in_order(wanted: Wording, said: Wording) -> float:
    """Longest run of wanted words, gaps allowed, that was said in the same order; as a share."""
    if not wanted.content:
        return 0.0
    row = [0] * (len(said.content) + 1)
    for name in wanted.content:
        diagonal = 0
        for place, other in enumerate(said.content, 1):
            here = row[place]
            row[place] = diagonal + 1 if name == other else max(row[place], row[place - 1])
            diagonal = here
    return row[-1] / len(wanted.content)
