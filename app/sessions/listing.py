"""The list of sessions: filters, newest first, page after page."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Tuple, literal, select, tuple_

from app.domain.content import Value
from app.domain.session import SessionSummary
from app.errors import BadInput
from app.sessions.tables import UtcTime, sessions, storable, time_text

_CURSOR_SEPARATOR = "~"
_WORDS, _LETTERS = 20, 200
"""Of a query, and of a word; SQLite refuses a thousand conditions and very long patterns."""


class Page(Value):
    """Some rows of the list; `next` asks for those after them, None if there are none."""

    rows: tuple[SessionSummary, ...]
    next: str | None


class Filter(Value):
    """What a listed session must fulfil; None and "" ask for nothing.

    `query`, up to 20 words, is looked for in id, title and items, in any case. `since` is the
    earliest start, `until` the first start that is too late.
    """

    user: str | None = None
    query: str = ""
    kind: str | None = None
    item_id: str | None = None
    level: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None


def page_select(wanted: Filter, after: str | None, limit: int) -> Select[Any]:
    """Selects one page and one row more, which tells whether another page follows.

    A page begins after a row, not at a number: quick at any depth, and a session that starts
    meanwhile shifts nothing.
    """
    table = sessions.c
    query = select(sessions).order_by(table.started_at.desc(), table.id.desc()).limit(limit + 1)
    if wanted.user is not None:
        query = query.where(table.user == storable(wanted.user))
    for word in storable(wanted.query).casefold().split()[:_WORDS]:
        query = query.where(table.search_text.contains(word[:_LETTERS], autoescape=True))
    if wanted.kind is not None:
        query = query.where(table.kind == storable(wanted.kind))
    if wanted.item_id is not None:
        in_json = json.dumps(wanted.item_id)
        query = query.where(table.item_ids.contains(in_json, autoescape=True))
    if wanted.level is not None:
        query = query.where(table.level == wanted.level)
    if wanted.status is not None:
        query = query.where(table.status == wanted.status)
    if wanted.since is not None:
        query = query.where(table.started_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.started_at < wanted.until)
    if after is not None:
        query = query.where(tuple_(table.started_at, table.id) < _parsed(after))
    return query


def page(rows: list[SessionSummary], limit: int) -> Page:
    """The page of the rows that `page_select` found."""
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        rows=tuple(rows[:limit]),
        next=f"{time_text(last.started_at)}{_CURSOR_SEPARATOR}{last.id}" if last else None,
    )


def _parsed(cursor: str) -> Tuple:
    moment, separator, session_id = cursor.partition(_CURSOR_SEPARATOR)
    try:
        if not separator:
            raise ValueError(cursor)
        return tuple_(literal(UtcTime.parse(moment), UtcTime), literal(storable(session_id)))
    except ValueError:
        raise BadInput(f"{cursor!r} is no place in the list: use `next` of a page.") from None
