"""The Past tab: the list of sessions, and the replay of one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from app.ui import view
from app.ui.history_view import filters_html, list_html, replay_html
from app.ui.page import Page
from app.ui.widgets import (
    DELEGATE,
    FORM,
    Shared,
    Updates,
    explain,
    hidden,
    html,
    telling,
    user_of,
    wanted_of,
)

ROWS = 25


class HistoryTab:
    """Past sessions, newest first, and a replay that takes their place."""

    def __init__(self, page: Page, shared: Shared) -> None:
        self._page = page
        self._shared = shared
        self._filters = hidden("filters")
        named = [(item.id, item.title) for item in page.catalog.items.values()]
        with gr.Column() as self._shelf:
            self._form = html(filters_html(named), js=FORM)
            self.rows = html(js=DELEGATE, elem_id="sessions")
        with gr.Column(visible=False) as self._stage:
            self._back = gr.Button("‹ All past sessions", elem_id="back-to-list")
            self._replay = html(elem_id="replay")

    @property
    def outputs(self) -> list[gr.components.Component | gr.blocks.BlockContext]:
        """Everything that `show` and `show_replay` may change."""
        return [
            *(self._shelf, self._stage, self.rows, self._replay, self._filters),
            self._shared.url,
        ]

    def show(self, filters: str, user: str | None, after: str | None = None) -> Updates:
        """A page of the list."""
        chosen = json.loads(filters) if filters else {}
        updates: Updates = {
            self._shelf: gr.update(visible=True),
            self._stage: gr.update(visible=False),
            self._filters: filters,
            self._shared.url: "?view=past",
        }
        try:
            found = self._page.engine.store.list(
                user=user, after=after, limit=ROWS, **list_arguments(chosen)
            )
        except Exception as error:
            return {**updates, self.rows: view.state_html("error", detail=explain(error))}
        return {**updates, self.rows: list_html(found, any(chosen.values()), after is None)}

    def show_replay(self, session_id: str, user: str | None) -> Updates:
        """One session, step by step."""
        updates: Updates = {
            self._shelf: gr.update(visible=False),
            self._stage: gr.update(visible=True),
        }
        try:
            events = self._page.engine.store.events(session_id, user)
        except Exception as error:
            return {**updates, self._replay: view.state_html("error", detail=explain(error))}
        return {
            **updates,
            self._replay: replay_html(session_id, events),
            self._shared.url: "?" + urlencode({"session": session_id, "view": "replay"}),
        }

    def wire(self) -> None:
        """Connect the widgets."""

        def chosen(event: gr.EventData, request: gr.Request) -> Updates:
            return self.show(json.dumps(wanted_of(event)), user_of(request))

        def back(filters: str, request: gr.Request) -> Updates:
            return self.show(filters, user_of(request))

        self._form.input(chosen, None, self.outputs, **telling(self.rows))
        self._back.click(back, self._filters, self.outputs, **telling(self._replay))


def list_arguments(chosen: dict[str, str]) -> dict[str, Any]:
    """What the filters ask of the store; days are taken in UTC, the last one included."""
    return {
        "query": chosen.get("query", ""),
        "kind": chosen.get("kind") or None,
        "item_id": chosen.get("item") or None,
        "level": chosen.get("level") or None,
        "since": _day(chosen.get("since", "")),
        "until": _day(chosen.get("until", ""), 1),
    }


def _day(text: str, later: int = 0) -> datetime | None:
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC) + timedelta(days=later)
