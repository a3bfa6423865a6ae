"""Documents and search results as HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from app.domain.content import Document
from app.feedback.rendering import passage_html, text_html
from app.retrieval.index import IndexStats
from app.retrieval.search import Passage
from app.ui.view import topic_name


def shelf_html(documents: Iterable[Document]) -> str:
    """All documents by their first topic, one's own first."""
    shelves: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        own = document.origin == "own"
        shelves["Your own" if own else topic_name(document.topics[0])].append(document)
    names = sorted(shelves, key=lambda name: (name != "Your own", name))
    parts = "".join(
        f"<section><h3>{text_html(name)}</h3><ul>"
        + "".join(
            f"<li>{_open(each.id, each.title)}"
            + (
                f' <button type="button" class="link" data-action="remove" data-doc="{each.id}">'
                "Remove</button>"
                if each.origin == "own"
                else ""
            )
            + "</li>"
            for each in sorted(shelves[name], key=lambda one: one.title)
        )
        + "</ul></section>"
        for name in names
    )
    return f'<div class="shelf">{parts}</div>'


def results_html(query: str, passages: Sequence[Passage]) -> str:
    """Passages found, best first."""
    if not passages:
        return (
            f'<div class="empty"><h3>Nothing on “{text_html(query)}”</h3>'
            "<p>Try other words: the name of a method, a metric or a failure.</p></div>"
        )
    items = "".join(
        f'<li><p class="title">{_open(each.document_id, each.document_title, each.heading)} '
        f'<span class="sub">› {text_html(each.heading)}</span></p>'
        f'<div class="words">{passage_html(each.text)}</div></li>'
        for each in passages
    )
    return f'<ol class="found" aria-label="Passages found">{items}</ol>'


def document_html(document: Document) -> str:
    """One document to read, with its sources."""
    sources = "".join(
        f"<li><strong>[{text_html(each.id)}]</strong> {text_html(each.authors)} "
        f"{text_html(each.title)}{f', {each.year}' if each.year else ''}"
        f"{f'. {text_html(each.url)}' if each.url else ''}</li>"
        for each in document.sources
    )
    cited = f"<h3>Sources</h3><ul>{sources}</ul>" if sources else ""
    topics = ", ".join(topic_name(each) for each in document.topics)
    return (
        '<article class="document"><button type="button" class="link" data-action="shelf">'
        f'All documents</button><p class="eyebrow">{text_html(topics)}</p>'
        f"<h2>{text_html(document.title)}</h2><div "
        f'class="words">{passage_html(document.text)}</div>'
        f'<div class="sources">{cited}</div></article>'
    )


def stats_html(stats: IndexStats) -> str:
    """What is indexed."""
    shipped, own = stats.chunks["documents"], stats.chunks["own"]
    return (
        f'<p class="sub">Indexed: {stats.documents["documents"]} documents in {shipped} '
        f"passages, and "
        f"{stats.documents['own']} of your own in {own}. Vectors: {text_html(stats.embedding)}, "
        f"{stats.dimension} numbers each, computed on this machine.</p>"
    )


def _open(document_id: str, title: str, heading: str = "") -> str:
    query = urlencode({"view": "library", "doc": document_id})
    return (
        f'<a href="?{text_html(query)}" data-action="read" data-doc="{text_html(document_id)}" '
        f'data-at="{text_html(heading)}">{text_html(title)}</a>'
    )
