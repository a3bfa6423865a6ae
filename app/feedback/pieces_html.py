"""What several parts of the feedback show: a cited passage, an answer with its quotes marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from app.domain.content import Citation, Document
from app.domain.session import Turn
from app.feedback.rendering import passage_html, text_html
from app.grading.evidence import find_quote
from app.interview.passages import find_passage


def passage_details(citation: Citation, documents: Mapping[str, Document]) -> str:
    """The cited passage, to open in place; its name alone where the document is gone."""
    passage = find_passage(documents, citation)
    if passage is None:
        return f'<p class="reading">Read: {text_html(str(citation))}</p>'
    return (
        '<details class="reading"><summary>Read: '
        f"{text_html(passage.document_title)} › {text_html(passage.heading)}</summary>"
        f'<div class="words">{passage_html(passage.text)}</div></details>'
    )


def marked(answer: str, marks: Sequence[tuple[str, str, str]]) -> str:
    """The answer with its quotes marked; `marks` holds id, quote and verdict of each.

    Where quotes overlap, the shared piece belongs to all of them; the id stands where its quote
    begins.
    """
    spans = []
    for name, quote, verdict in marks:
        exact = quote if quote in answer else find_quote(quote, answer)
        if exact:
            start = answer.index(exact)
            spans.append((start, start + len(exact), name, verdict))
    cuts = sorted({0, len(answer), *(s for s, *_ in spans), *(e for _, e, *_ in spans)})
    parts: list[str] = []
    for start, end in pairwise(cuts):
        text = text_html(answer[start:end])
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        if not over:
            parts.append(text)
            continue
        kind = min((span[3] for span in over), key=("missed", "met", "partial").index)
        piece = f'<mark class="{kind}">{text}</mark>'
        for span in sorted(over, key=lambda each: each[1] - each[0]):
            if span[0] == start:
                piece = f'<span class="at" id="{text_html(span[2])}">{piece}</span>'
        parts.append(piece)
    return "".join(parts)


def turn_name(turn: Turn) -> str:
    """What kind of question it was, and its stage."""
    names = {"opening": "Opening.", "probe": "Probe.", "challenge": "Challenge.", "flip": "Change."}
    stage = f" {turn.question.dimension.capitalize()}." if turn.question.dimension else ""
    return names[turn.question.kind] + stage


def shortened(text: str, most: int = 320) -> str:
    """On one line, cut with an ellipsis beyond `most` characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
