"""An answer against an author's examples: the features of the offline decision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.content import Criterion, Misconception
from app.embedding import MiniLM, Vectors
from app.grading.evidence import Span
from app.grading.words import content_stems, is_negated, stems

FEATURES = ("like", "margin", "statement", "terms", "terms_in_answer", "shared", "negated")

_DENIAL = re.compile(
    r"""^\W*(?:it\ is\ (?:not\ true|wrong|false|untrue)|it's\ (?:not\ true|wrong|false)
        |i\ would\ never\ (?:say|claim)|(?:we|i)\ (?:would|do|will)\ not\ do\ (?:this|that)
        |nobody\ should|there\ is\ no\ (?:need|point|reason)|i\ (?:don't|do\ not)\ (?:think|believe)
        |(?:we|i)\ (?:don't|do\ not)\ need)\b""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Piece:
    """A sentence of the answer, or two neighbours, ready to compare with."""

    text: str
    vector: Vectors
    content: frozenset[str]
    stems: str
    negated: bool
    denied: bool


@dataclass(frozen=True)
class AnswerReading:
    """All pieces of an answer; `vectors` has one row for each."""

    pieces: tuple[Piece, ...]
    vectors: Vectors
    stems: str


@dataclass(frozen=True)
class Reference:
    """What an author wrote for one criterion or misconception, ready to compare with."""

    for_it: Vectors
    against_it: Vectors
    statement: Vectors
    for_content: tuple[frozenset[str], ...]
    for_negated: tuple[bool, ...]
    terms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """Where an answer comes nearest, and how near."""

    best: Piece
    features: dict[str, float]
    denied: bool


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
            vector=vector,
            content=frozenset(content_stems(span.text)),
            stems=_padded(span.text),
            negated=is_negated(span.text),
            denied=bool(_DENIAL.search(span.text)),
        )
        for span, vector in zip(spans, vectors, strict=True)
    )
    whole = " ".join(piece.stems for piece in pieces[:sentences])
    return AnswerReading(pieces=pieces, vectors=vectors, stems=whole)


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
        for_negated=tuple(is_negated(text) for text in for_it),
        terms=terms,
    )


def compare(answer: AnswerReading, reference: Reference) -> Comparison:
    """The features of an answer against one reference, each between -1 and 1."""
    like = answer.vectors @ reference.for_it.T
    unlike = (answer.vectors @ reference.against_it.T).max(axis=1)
    statement = answer.vectors @ reference.statement
    nearest = like.argmax(axis=1)
    best_like = like.max(axis=1)
    terms = np.array([_term_share(piece.stems, reference) for piece in answer.pieces])
    shared = np.array([_shared(piece.content, reference) for piece in answer.pieces])
    best = int(np.argmax(best_like + 0.5 * statement + terms + shared))
    piece = answer.pieces[best]
    return Comparison(
        best=piece,
        features={
            "like": float(best_like.max()),
            "margin": float((best_like - unlike).max()),
            "statement": float(statement.max()),
            "terms": float(terms.max()),
            "terms_in_answer": _term_share(answer.stems, reference),
            "shared": float(shared.max()),
            "negated": float(piece.negated and not reference.for_negated[int(nearest[best])]),
        },
        denied=piece.denied,
    )


def _padded(text: str) -> str:
    return f" {' '.join(stems(text))} "


def _term_share(text: str, reference: Reference) -> float:
    """Share of the expected ideas of which one synonym stands in the text."""
    if not reference.terms:
        return 0.0
    held = sum(any(term in text for term in group) for group in reference.terms)
    return held / len(reference.terms)


def _shared(own: frozenset[str], reference: Reference) -> float:
    """Content words shared with the example that shares most: twice the shared over all."""
    return max(
        (
            2 * len(own & example) / (len(own) + len(example))
            for example in reference.for_content
            if own or example
        ),
        default=0.0,
    )
