"""Text of others as HTML that can neither run nor fetch anything.

Everything that a candidate, a model or a document says passes through here, once by a parser that
knows no raw HTML and once by a sanitiser with a short list of allowed tags.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

import nh3

from app.domain.text import well_formed

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_SOURCE_MARK = re.compile(r"\s*\[@([a-z0-9-]+)\]")


def text_html(text: str) -> str:
    """Plain text: every character as typed, lines kept by the style sheet (`white-space`)."""
    return escape(well_formed(text).replace("\x00", "�"), quote=True)


def markdown_html(text: str) -> str:
    """Markdown without raw HTML and without images; links open elsewhere and tell nobody whence."""
    return nh3.clean(
        _parser().render(well_formed(text)),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def passage_html(text: str) -> str:
    """Markdown of a document, its `[@source]` marks shown as small bracketed names."""
    return markdown_html(_SOURCE_MARK.sub(r" *\\[\1\\]*", text))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Images are disabled in the parser: a fetched image tells its server who reads.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
