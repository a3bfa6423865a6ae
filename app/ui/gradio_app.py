"""The page: widgets and callbacks. What they show comes from `view`, what they do from `page`."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from app.catalog import default_catalog
from app.errors import InterviewError
from app.interview.wiring import open_engine
from app.settings import Settings
from app.ui import view
from app.ui.page import Page, Screen, explain
from app.ui.theme import quiet_theme

ASSETS = Path(__file__).parent / "assets"
KEYS = "Ctrl+Enter sends · Enter begins a new line · Alt+H hint · Alt+S skip · Alt+E end"

LEDE = (
    "<h2>Choose a question and begin</h2><p>You are asked, challenged, and a requirement changes, as on "
    "the day. Ask before you design. Afterwards each point is shown with the sentence of yours "
    "that earned it.</p>"
)

# Links and buttons inside our HTML name what they want in data attributes.
DELEGATE = """
element.addEventListener('click', event => {
  const wanted = event.target.closest('[data-action]');
  if (!wanted || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  trigger('click', {...wanted.dataset});
});
"""

Updates = dict[Any, Any]


def build(page: Page) -> gr.Blocks:
    """All widgets of the page and what they call."""
    blocks: gr.Blocks = _Layout(page).blocks
    return blocks


class _Layout:
    """The widgets, and the callbacks between them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        with gr.Blocks(
            title="Interview practice", analytics_enabled=False, delete_cache=(3600, 3600)
        ) as self.blocks:
            self._header()
            with gr.Tabs(selected="interview", elem_id="tabs") as self.tabs:
                with gr.Tab("Interview", id="interview"):
                    self._interview_tab()
                with gr.Tab("Feedback", id="feedback", render_children=True) as self.feedback_tab:
                    self.feedback = gr.HTML(apply_default_css=False, js_on_load=DELEGATE)
            self._wire()

    # --- widgets -------------------------------------------------------------------------------

    def _header(self) -> None:
        engine = self.page.engine
        gr.HTML(
            '<div class="masthead"><h1>Architect <span>interview</span></h1>'
            "<p>Practise, then read what an interviewer would have noted.</p>"
            '<button type="button" id="theme" aria-pressed="false">Dark</button></div>',
            apply_default_css=False,
            js_on_load=None,
        )
        self.mode = gr.HTML(
            view.mode_html(engine.interviewer.name, engine.grader.name),
            apply_default_css=False,
            js_on_load=None,
        )
        self.session_id, self.turn_id, self.place, self.url = (
            gr.Textbox(visible="hidden", elem_id=name, label=name)
            for name in ("session-id", "turn-id", "place", "url")
        )

    def _interview_tab(self) -> None:
        kinds = self._kinds()
        items, item = self._items(kinds[0][1])
        lengths, length = self._lengths(kinds[0][1])
        with gr.Column(elem_id="chooser") as self.chooser:
            gr.HTML(LEDE, apply_default_css=False, js_on_load=None, elem_classes="lede")
            self.kind = gr.Radio(kinds, value=kinds[0][1], label="What to practise")
            self.item = gr.Radio(items, value=item, label="Which one", elem_id="items")
            self.level = gr.Radio(
                ["senior", "staff", "principal"], value="principal", label="The role you apply for"
            )
            self.minutes = gr.Radio(lengths, value=length, label="Time")
            self.begin = gr.Button("Begin the interview", variant="primary", elem_id="begin")
            self.chooser_state = gr.HTML(apply_default_css=False, js_on_load=None)
        with gr.Column(visible=False, elem_id="room") as self.room:
            self.head = gr.HTML(apply_default_css=False, js_on_load=None)
            self.talk = gr.HTML(apply_default_css=False, js_on_load=DELEGATE, elem_id="talk")
            self.state = gr.HTML(apply_default_css=False, js_on_load=None, elem_id="state")
            with gr.Column(elem_id="composer") as self.composer:
                self.answer = gr.Textbox(
                    label="Your answer, or a question to the interviewer",
                    lines=6,
                    max_lines=24,
                    elem_id="answer",
                    placeholder="Think aloud. Ask before you design.",
                )
                with gr.Row(elem_id="main-actions"):
                    self.send = gr.Button("Send", variant="primary", elem_id="send")
                    self.stop = gr.Button("Stop", visible=False, elem_id="stop")
                    self.go_on = gr.Button("Continue", visible=False, elem_id="continue")
                    self.hint = gr.Button("Hint", elem_id="hint")
                    self.skip = gr.Button("Skip", elem_id="skip")
                    self.undo = gr.Button("Undo", elem_id="undo")
                    self.pause = gr.Button("Pause", elem_id="pause")
                    self.end = gr.Button("End and grade", elem_id="end")
                with gr.Row(visible=False, elem_id="confirm") as self.confirm:
                    gr.HTML("<p>End here? What you have answered is graded now.</p>")
                    self.end_now = gr.Button("End and grade", variant="primary", elem_id="end-now")
                    self.stay = gr.Button("Go on with the interview", elem_id="stay")
                gr.HTML(f'<p class="keys">{KEYS}</p>', apply_default_css=False, js_on_load=None)
            with gr.Row(visible=False, elem_id="after-actions") as self.after:
                self.to_feedback = gr.Button("See the feedback", variant="primary")
                self.new = gr.Button("New interview")

    # --- choices -------------------------------------------------------------------------------

    def _kinds(self) -> list[tuple[str, str]]:
        there = {item.kind for item in self.page.catalog.items.values()}
        kinds = [(name, kind) for kind, name in view.KINDS.items() if kind in there]
        return [*kinds, (view.KINDS["full_loop"], "full_loop")]

    def _items(self, kind: str) -> tuple[list[tuple[str, str]], str]:
        catalog = self.page.catalog
        if kind == "full_loop":
            return [("A mixed interview, drawn anew", "full-loop")], "full-loop"
        sets = [(each.title, each.id) for each in catalog.sets.values() if each.kind == kind]
        grouped = {item.id for each in catalog.sets.values() for item in each.items}
        single = [
            (item.title, item.id)
            for item in catalog.items.values()
            if item.kind == kind and item.id not in grouped
        ]
        choices = [*sets, *single]
        return choices, choices[0][1]

    def _lengths(self, kind: str) -> tuple[list[tuple[str, int]], int]:
        if kind == "full_loop":
            return [(f"{minutes} min", minutes) for minutes in (15, 30, 45, 60)], 30
        return [("As planned", 0), *((f"{each} min", each) for each in (10, 20, 30, 45, 60))], 0

    # --- callbacks -----------------------------------------------------------------------------

    def _show(self, screen: Screen) -> Updates:
        session = screen.session
        finished = session.status == "finished"
        turn = session.current_turn
        hints = view.hints_left(session)
        updates: Updates = {
            self.chooser: gr.update(visible=False),
            self.room: gr.update(visible=True),
            self.chooser_state: "",
            self.head: view.header_html(session),
            self.talk: view.transcript_html(session, screen.speaking),
            self.state: view.state_html(screen.state, session, screen.detail),
            self.mode: view.mode_html(session.interviewer, session.grader, session.notices),
            self.session_id: session.id,
            self.turn_id: turn.id if turn is not None else "",
            self.place: view.draft_key(session),
            self.composer: gr.update(visible=not finished),
            self.after: gr.update(visible=finished),
            self.send: gr.update(interactive=not screen.busy),
            self.stop: gr.update(visible=screen.busy),
            self.go_on: gr.update(visible=screen.state == "stopped"),
            self.hint: gr.update(value=f"Hint ({hints} left)", interactive=hints > 0),
            self.skip: gr.update(interactive=not screen.busy),
            self.undo: gr.update(interactive=any(not each.is_open for each in session.turns)),
            self.pause: gr.update(value="Run the clock" if session.paused else "Pause the clock"),
            self.confirm: gr.update(visible=False),
            self.url: "?" + urlencode({"session": session.id}),
        }
        if screen.answer is not None:
            updates[self.answer] = screen.answer
        return updates

    def _failed(self, error: Exception) -> Updates:
        told = view.state_html("error", detail=explain(error))
        return {
            self.state: told,
            self.chooser_state: told,
            self.send: gr.update(interactive=True),
            self.stop: gr.update(visible=False),
        }

    def _guarded(self, screens: Callable[[], Iterator[Screen]]) -> Iterator[Updates]:
        try:
            for screen in screens():
                yield self._show(screen)
        except Exception as error:
            if not isinstance(error, InterviewError):
                import logging

                logging.getLogger(__name__).exception("a step failed")
            yield self._failed(error)

    def _wire(self) -> None:
        page = self.page
        place = [self.session_id, self.turn_id]
        outputs = [
            self.chooser, self.room, self.chooser_state, self.head, self.talk, self.state,
            self.mode, self.session_id, self.turn_id, self.place, self.composer, self.after, self.send,
            self.stop, self.go_on, self.hint, self.skip, self.undo, self.pause, self.confirm,
            self.url, self.answer,
        ]  # fmt: skip
        options: dict[str, Any] = {
            "outputs": outputs,
            "show_progress": "hidden",
            "concurrency_limit": None,
            "api_visibility": "private",
        }

        def start(choice: str, level: str, minutes: int, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(
                lambda: page.start(choice, level, minutes or None, _user(request))
            )

        def send(
            session_id: str, turn_id: str, text: str, request: gr.Request
        ) -> Iterator[Updates]:
            yield from self._guarded(lambda: page.send(session_id, turn_id, text, _user(request)))

        def skip(session_id: str, turn_id: str, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(lambda: page.skip(session_id, turn_id, _user(request)))

        def finish(session_id: str, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(lambda: page.finish(session_id, _user(request)))

        def go_on(session_id: str, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(lambda: page.resume(session_id, _user(request)))

        def hint(session_id: str, turn_id: str, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(lambda: iter([page.hint(session_id, turn_id, _user(request))]))

        def undo(session_id: str, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(
                lambda: iter([page.take_back(session_id, None, _user(request))])
            )

        def pause(session_id: str, request: gr.Request) -> Iterator[Updates]:
            yield from self._guarded(lambda: iter([page.pause(session_id, _user(request))]))

        def open_page(request: gr.Request) -> Iterator[Updates]:
            session_id = dict(request.query_params).get("session", "")
            if session_id:
                yield from self._guarded(lambda: page.resume(session_id, _user(request)))
            else:
                yield {self.session_id: ""}

        self.kind.change(
            lambda kind: (
                gr.Radio(choices=self._items(kind)[0], value=self._items(kind)[1]),
                gr.Radio(choices=self._lengths(kind)[0], value=self._lengths(kind)[1]),
            ),
            self.kind,
            [self.item, self.minutes],
            api_visibility="private",
            show_progress="hidden",
        )
        self.begin.click(start, [self.item, self.level, self.minutes], **options)
        self.send.click(send, [*place, self.answer], **options)
        self.skip.click(skip, place, **options)
        self.hint.click(hint, place, **options)
        self.undo.click(undo, self.session_id, **options)
        self.pause.click(pause, self.session_id, **options)
        self.go_on.click(go_on, self.session_id, **options)
        self.end_now.click(finish, self.session_id, **options)
        self.blocks.load(open_page, None, **options)

        def stop(session_id: str, request: gr.Request) -> None:
            page.stop(session_id, _user(request))

        quick: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        self.stop.click(stop, self.session_id, None, **quick)
        self.end.click(lambda: gr.update(visible=True), None, self.confirm, **quick)
        self.stay.click(lambda: gr.update(visible=False), None, self.confirm, **quick)
        self.place.change(
            None, [self.place, self.answer], self.answer,
            js="(place, text) => window.interview.restore(place, text)", api_visibility="private",
        )  # fmt: skip
        self.url.change(
            None, self.url, None, js="url => window.interview.visit(url)", api_visibility="private"
        )


def _user(request: gr.Request) -> str | None:
    """Who is signed in; None where the page asks for no sign-in and belongs to its one owner."""
    return getattr(request, "username", None) or None


def run(settings: Settings, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Serve the page until Ctrl-C. The address is printed once the page answers.

    UsageError for a public address without a password, and InterviewError if the port is taken.
    """
    port = _free_port(host, port)
    page = Page(open_engine(settings), default_catalog(), workers=os.cpu_count() or 2)
    blocks = build(page)
    blocks.queue(default_concurrency_limit=None, status_update_rate="auto", api_open=False)
    blocks.launch(
        server_name=host,
        server_port=port,
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
        css_paths=[ASSETS / "page.css"],
        head=f"<script>{(ASSETS / 'page.js').read_text(encoding='utf-8')}</script>",
    )
    print(f"The page is open at http://{host}:{port} (Ctrl-C ends it)", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nStopped. Everything that was sent is saved.", flush=True)
    finally:
        blocks.close(verbose=False)
        page.live.close()


def _free_port(host: str, port: int) -> int:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise InterviewError(
            f"{host}:{port} cannot be used ({error.strerror}). Another program may be listening "
            f"there: stop it, or choose another port with --port (0 takes a free one)."
        ) from None
