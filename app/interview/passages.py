"""Finds the passage that a citation names, so that feedback can open it in place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.domain.content import Citation, Document, Value

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")


class CitedPassage(Value):
    """The section of a document under one heading, in Markdown."""

    document_id: str
    document_title: str
    heading: str
    text: str


def find_passage(documents: Mapping[str, Document], citation: Citation) -> CitedPassage | None:
    """The cited section with everything below it; None if the document no longer holds it."""
    document = documents.get(citation.document)
    if document is None:
        return None
    lines: list[str] = []
    depth = 0
    fenced = False
    for line in document.text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        match = None if fenced else _HEADING.match(line)
        if match and depth and len(match.group(1)) <= depth:
            break
        if match and not depth and match.group(2) == citation.heading:
            depth = len(match.group(1))
            continue
        if depth:
            lines.append(line)
    text = "\n".join(lines).strip()
    if not text:
        return None
    return CitedPassage(
        document_id=document.id,
        document_title=document.title,
        heading=citation.heading,
        text=text,
    )
