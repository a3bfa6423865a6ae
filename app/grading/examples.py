"""An answer against an author's examples: the features of the offline decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.content import Criterion, Misconception
from app.embedding import MiniLM, Vectors
from app.grading.evidence import Span
from app.grading.words import content_stems, stems

FEATURES = (
    "words_margin",
    "meaning_margin",
    "terms_and_meaning",
    "all_terms",
    "statement_words",
)
"""Of one piece. Chosen by AUC on the dev split from two dozen; see evals/LOG.md."""


@dataclass(frozen=True)
class Piece:
    """A sentence of the answer, or two neighbours, ready to compare with."""

    text: str
    content: frozenset[str]
    stems: str


@dataclass(frozen=True)
class AnswerReading:
    """All pieces of an answer; `vectors` has one row for each."""

    pieces: tuple[Piece, ...]
    vectors: Vectors


@dataclass(frozen=True)
class Reference:
    """What an author wrote for one criterion or misconception, ready to compare with."""

    for_it: Vectors
    against_it: Vectors
    statement: Vectors
    for_content: tuple[frozenset[str], ...]
    against_content: tuple[frozenset[str], ...]
    statement_content: frozenset[str]
    terms: tuple[tuple[str, ...], ...]


def read_answer(spans: Sequence[Span], sentences: int, embedding: MiniLM) -> AnswerReading:
    """The pieces of an answer. The first `sentences` spans are sentences, the rest are pairs."""
    single = embedding.encode([span.text for span in spans[:sentences]])
    lengths = np.array([[len(span.text)] for span in spans[:sentences]], np.float32)
    weighed = single * lengths
    pairs = weighed[:-1] + weighed[1:]  # a pair lies between its sentences; no second encoding
    pairs /= np.maximum(np.linalg.norm(pairs, axis=1, keepdims=True), 1e-9)
    vectors = np.vstack([single, pairs])
    pieces = tuple(
        Piece(
            text=span.text,
            content=frozenset(content_stems(span.text)),
            stems=_padded(span.text),
        )
        for span in spans
    )
    return AnswerReading(pieces=pieces, vectors=vectors)


def read_reference(part: Criterion | Misconception, embedding: MiniLM) -> Reference:
    """An author's sentences and terms; a misconception's examples are what is for it."""
    if isinstance(part, Criterion):
        statement, for_it, against_it = part.statement, part.meets, part.near_misses
        terms = tuple(tuple(_padded(term) for term in group) for group in part.terms)
    else:
        statement, for_it, against_it = part.claim, part.examples, part.not_examples
        terms = ()
    return Reference(
        for_it=embedding.encode(for_it),
        against_it=embedding.encode(against_it),
        statement=embedding.encode([statement])[0],
        for_content=tuple(frozenset(content_stems(text)) for text in for_it),
        against_content=tuple(frozenset(content_stems(text)) for text in against_it),
        statement_content=frozenset(content_stems(statement)),
        terms=terms,
    )


def compare(answer: AnswerReading, reference: Reference) -> Vectors:
    """The features of every piece against one reference: shape (pieces, features)."""
    like = (answer.vectors @ reference.for_it.T).max(axis=1)
    unlike = (answer.vectors @ reference.against_it.T).max(axis=1)
    terms = np.array([_term_share(piece.stems, reference) for piece in answer.pieces])
    return np.column_stack(
        [
            [
                _most_shared(piece.content, reference.for_content)
                - _most_shared(piece.content, reference.against_content)
                for piece in answer.pieces
            ],
            like - unlike,
            terms * like,
            terms >= 1.0,
            [
                len(piece.content & reference.statement_content)
                / max(1, len(reference.statement_content))
                for piece in answer.pieces
            ],
        ]
    ).astype(np.float32)


def _padded(text: str) -> str:
    return f" {' '.join(stems(text))} "


def _term_share(text: str, reference: Reference) -> float:
    """Share of the expected ideas of which one synonym stands in the text."""
    if not reference.terms:
        return 0.0
    held = sum(any(term in text for term in group) for group in reference.terms)
    return held / len(reference.terms)


def _most_shared(own: frozenset[str], examples: Sequence[frozenset[str]]) -> float:
    """Content words shared with the example that shares most: twice the shared over all."""
    return max(
        (2 * len(own & each) / (len(own) + len(each)) for each in examples if own or each),
        default=0.0,
    )
