"""Chunks as Chroma's rows, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.retrieval.documents import Chunk

QUESTION_MARK = "?"


def to_rows(chunk: Chunk) -> Iterator[tuple[str, str, str, dict[str, str | int]]]:
    """Id, embedded text, shown text and metadata: the passage, then each question it answers."""
    yield chunk.id, chunk.embedded_text, chunk.text, {**_to_metadata(chunk), "row": "text"}
    owner: dict[str, str | int] = {"chunk_id": chunk.id, "document_id": chunk.document_id}
    for number, question in enumerate(chunk.questions):
        row_id = f"{chunk.id}{QUESTION_MARK}{number}"
        yield row_id, question, question, {**owner, "row": "question"}


def _to_metadata(chunk: Chunk) -> dict[str, str | int]:
    return {
        "chunk_id": chunk.id,
        "questions": "\n".join(chunk.questions),
        "document_id": chunk.document_id,
        "document_title": chunk.document_title,
        "heading_path": "\n".join(chunk.heading_path),
        "position": chunk.position,
        "content_hash": chunk.content_hash,
    }


def chunk_of(row_id: str) -> str:
    """The id of the chunk that a row leads to."""
    return row_id.partition(QUESTION_MARK)[0]


def to_chunk(chunk_id: str, text: str, metadata: Mapping[str, Any]) -> Chunk:
    """The chunk of a row that holds its text."""
    path = tuple(str(metadata["heading_path"]).split("\n"))
    return Chunk(
        id=chunk_id,
        document_id=str(metadata["document_id"]),
        document_title=str(metadata["document_title"]),
        heading=path[-1],
        heading_path=path,
        position=int(metadata["position"]),
        text=text,
        questions=tuple(filter(None, str(metadata["questions"]).split("\n"))),
    )
