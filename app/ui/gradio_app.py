"""The page: its tabs, where a link leads, and the server that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # all are read by Gradio and its server
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["FORWARDED_ALLOW_IPS"] = ""  # else a header could pretend to come from the proxy

import gradio as gr
from starlette.middleware import Middleware
from starlette.requests import Request

from app.catalog import default_catalog
from app.feedback.html_export import STYLE_FILE
from app.feedback.progress import progress
from app.interview.budget import Budget
from app.interview.wiring import open_engine
from app.settings import Settings
from app.ui import view
from app.ui.access import Access, open_access
from app.ui.feedback_tab import FeedbackTab
from app.ui.guard import Guard
from app.ui.history_tab import HistoryTab
from app.ui.interview_tab import InterviewTab
from app.ui.library import Library
from app.ui.library_tab import LibraryTab
from app.ui.page import Page
from app.ui.progress_view import progress_html
from app.ui.serving import free_port, serve_until_stopped
from app.ui.theme import quiet_theme
from app.ui.widgets import (
    DELEGATE,
    EVENT,
    Shared,
    Updates,
    explain,
    hidden,
    html,
    telling,
    user_of,
    wanted_of,
)

ASSETS = Path(__file__).parent / "assets"
COMPARED = 40
"""The newest finished sessions that Progress reads."""
MASTHEAD = (
    '<div class="masthead"><h1>Architect <span>interview</span></h1>'
    "<p>Practise, then read what an interviewer would have noted.</p>"
    '<button type="button" id="theme" aria-label="Change between light and '
    'dark">Dark</button></div>'
)


class App:
    """All tabs, and the ways between them."""

    def __init__(self, page: Page, library: Library) -> None:
        self._page = page
        with gr.Blocks(
            title="Architect interview", analytics_enabled=False, delete_cache=(3600, 3600)
        ) as self.blocks:
            html(MASTHEAD)
            engine = page.engine
            mode = html(view.mode_html(engine.interviewer.name, engine.grader.name))
            shared_id, shared_url = hidden("session-id"), hidden("url")
            with gr.Tabs(selected="interview", elem_id="tabs", overflow_behavior="wrap") as tabs:
                shared = Shared(tabs, shared_id, shared_url)
                with gr.Tab("Interview", id="interview") as self._interview_tab:
                    self._interview = InterviewTab(page, shared, mode)
                with gr.Tab("Feedback", id="feedback", render_children=True) as self._feedback_tab:
                    self._feedback = FeedbackTab(page, shared)
                with gr.Tab("Past", id="past", render_children=True) as self._past_tab:
                    self._history = HistoryTab(page, shared)
                with gr.Tab("Progress", id="progress", render_children=True) as self._progress_tab:
                    self._progress = html(js=DELEGATE, elem_id="progress")
                with gr.Tab("Library", id="library", render_children=True) as self._library_tab:
                    self._library = LibraryTab(library, shared)
            self._shared = shared
            self._wire()

    def _wire(self) -> None:
        for tab in (self._interview, self._feedback, self._history, self._library):
            tab.wire()
        shared, everything = self._shared, self._everything()
        self.blocks.load(self._open_page, None, everything, **EVENT)

        # A tab that a link has opened is selected too: then what the link asked for must stay.
        def feedback(sid: str, url: str, request: gr.Request) -> Updates:
            if "view=feedback" in url:
                return {shared.url: gr.skip()}
            return self._feedback.show(sid, user_of(request))

        def past(url: str, request: gr.Request) -> Updates:
            if "view=replay" in url or "view=past" in url:
                return {shared.url: gr.skip()}
            return self._history.show("", user_of(request))

        def interview(sid: str) -> Updates:
            return {shared.url: f"?session={sid}" if sid else "?"}

        def library(url: str, request: gr.Request) -> Updates:
            if "view=library" in url:
                return {shared.url: gr.skip()}
            return self._library.show("", user_of(request))

        def replay(sid: str, request: gr.Request) -> Updates:
            return {
                **self._history.show_replay(sid, user_of(request)),
                shared.tabs: gr.update(selected="past"),
            }

        self._interview_tab.select(interview, shared.session_id, shared.url, **EVENT)
        self._feedback_tab.select(
            feedback,
            [shared.session_id, shared.url],
            self._feedback.outputs,
            **telling(self._feedback.body),
        )
        self._past_tab.select(
            past, shared.url, self._history.outputs, **telling(self._history.rows)
        )
        self._progress_tab.select(
            self._show_progress, None, [self._progress, shared.url], **telling(self._progress)
        )
        self._library_tab.select(
            library, shared.url, self._library.outputs, **telling(self._library.body)
        )
        self._interview.to_feedback.click(
            lambda: gr.update(selected="feedback"),
            None,
            shared.tabs,
            **telling(self._interview.state),
        )
        self._feedback.to_replay.click(
            replay, shared.session_id, everything, **telling(self._feedback.told)
        )
        self._history.rows.click(self._pressed, None, everything, **telling(self._history.rows))
        self._progress.click(self._pressed, None, everything, **telling(self._progress))

    def _everything(self) -> list[gr.components.Component | gr.blocks.BlockContext]:
        found = [
            *self._interview.outputs,
            *(self._interview.kind, self._interview.item),
            *self._feedback.outputs,
            *self._history.outputs,
            *self._library.outputs,
            self._progress,
        ]
        return list(dict.fromkeys(found))

    # --- where links lead ----------------------------------------------------------------------

    def _open_page(self, request: gr.Request) -> Iterator[Updates]:
        query = {name: str(value) for name, value in request.query_params.items()}
        yield from self._go(query, user_of(request))

    def _go(self, query: dict[str, str], user: str | None) -> Iterator[Updates]:
        """What the address asks for: a session to go on with, a report, a replay, a document."""
        session_id, wanted = query.get("session", ""), query.get("view", "")
        select = {self._shared.tabs: gr.update(selected=wanted or "interview")}
        # Before the tab is selected: what its own callback shows follows from these two.
        yield {
            self._shared.url: "?" + urlencode({name: each for name, each in query.items() if each}),
            self._shared.session_id: session_id or gr.skip(),
        }
        if wanted == "feedback":
            yield from self._interview.guarded(lambda: self._page.resume(session_id, user))
            yield {**self._feedback.show(session_id, user), **select}
        elif wanted == "replay":
            chosen = {self._shared.tabs: gr.update(selected="past")}
            shown = self._history.show_replay(session_id, user)
            yield {**shown, **chosen}
        elif wanted == "past":
            yield {**self._history.show("", user), **select}
        elif wanted == "progress":
            yield {**select, self._progress: self._progress_of(user)}
        elif wanted == "library":
            yield {**self._library.show(query.get("doc", ""), user), **select}
        elif session_id:
            yield select
            yield from self._interview.guarded(lambda: self._page.resume(session_id, user))

    def _pressed(self, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        wanted, user = wanted_of(event), user_of(request)
        match wanted.get("action"):
            case "open":
                query = {"session": wanted.get("session", ""), "view": wanted.get("view", "")}
                yield from self._go(query, user)
            case "older":
                yield self._history.show("", user, wanted.get("after"))
            case "newest":
                yield self._history.show("", user)
            case "choose" if wanted.get("item"):
                yield self._interview.choose(wanted["item"])
            case "choose":
                yield self._interview.leave()
            case _:
                yield {self._shared.tabs: gr.skip()}

    def _show_progress(self, request: gr.Request) -> Updates:
        shown = self._progress_of(user_of(request))
        return {self._shared.url: "?view=progress", self._progress: shown}

    def _progress_of(self, user: str | None) -> str:
        store, catalog = self._page.engine.store, self._page.catalog
        try:
            found = store.list(user=user, status="finished", limit=COMPARED)
            sessions = [store.load(row.id) for row in found.rows]
            return progress_html(
                progress(sessions, catalog.items.values()),
                catalog.documents,
                capped=found.next is not None,
            )
        except Exception as error:
            return view.state_html("error", detail=explain(error))


def sign_in_options(access: Access) -> dict[str, Any]:
    """What Gradio's `launch` has to know about signing in."""
    if access.user_header is not None:

        def user(request: Request) -> str | None:
            address = request.client.host if request.client else None
            return access.proxy_user(address, request.headers)

        return {"auth_dependency": user}
    return {"auth": access.check_password}


def run(settings: Settings, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Serve the page until Ctrl-C. The address is printed once the page answers.

    UsageError for a public address without a sign-in, InterviewError if the port is taken.
    """
    access = open_access(settings, host)
    port = free_port(host, port)
    catalog = default_catalog()
    budget = Budget(
        sessions_an_hour=settings.sessions_an_hour,
        messages_a_minute=settings.messages_a_minute,
        session_tokens=settings.session_tokens,
    )
    page = Page(open_engine(settings), catalog, budget)
    library = Library(settings, catalog)
    blocks = App(page, library).blocks
    blocks.queue(default_concurrency_limit=None, api_open=False)
    blocks.launch(
        server_name=host,
        server_port=port,
        **sign_in_options(access),
        app_kwargs={"middleware": [Middleware(Guard, local_only=access.is_open)]},
        share=False,
        ssr_mode=False,
        quiet=True,
        show_error=False,
        prevent_thread_lock=True,
        strict_cors=True,
        max_file_size="5mb",
        enable_monitoring=False,
        run_history=False,
        footer_links=[],
        pwa=False,
        mcp_server=False,
        theme=quiet_theme(),
        css_paths=[STYLE_FILE, ASSETS / "page.css"],
        head=f"<script>{(ASSETS / 'page.js').read_text(encoding='utf-8')}</script>",
    )
    library.warm()
    try:
        serve_until_stopped(host, port)
    finally:
        blocks.close(verbose=False)
        page.close()
        library.close()
