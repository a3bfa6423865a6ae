"""The Interview tab: choose, be asked, answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlencode

import gradio as gr

from app.catalog import Catalog
from app.domain.session import Session
from app.errors import InterviewError
from app.ui import view
from app.ui.page import Page, Screen
from app.ui.widgets import (
    DELEGATE,
    Shared,
    Updates,
    explain,
    hidden,
    html,
    telling,
    user_of,
    wanted_of,
)

LEDE = (
    "<h2>Choose a question and begin</h2><p>You are asked, challenged, and in the end a "
    "requirement "
    "changes, as on the day. Ask before you design. Afterwards each point is shown with the "
    "sentence "
    "of yours that earned it.</p>"
)
KEYS = (
    '<p class="keys"><kbd>Ctrl</kbd>+<kbd>Enter</kbd> sends · <kbd>Enter</kbd> new line · '
    "<kbd>Alt</kbd>+<kbd>H</kbd> hint · <kbd>Alt</kbd>+<kbd>S</kbd> skip · "
    "<kbd>Alt</kbd>+<kbd>E</kbd> end</p>"
)


class InterviewTab:
    """The chooser, and the room that replaces it once an interview has begun."""

    def __init__(self, page: Page, shared: Shared, mode: gr.HTML) -> None:
        self._page = page
        self._shared = shared
        self._mode = mode
        self._turn_id, self._place = hidden("turn-id"), hidden("place")
        self._choose()
        self._room()

    # --- widgets -------------------------------------------------------------------------------

    def _choose(self) -> None:
        kinds = kinds_of(self._page.catalog)
        first = kinds[0][1]
        items, item = items_of(self._page.catalog, first)
        lengths, length = lengths_of(first)
        with gr.Column(elem_id="chooser") as self.chooser:
            html(LEDE, elem_classes="lede")
            self.kind = gr.Radio(kinds, value=first, label="What to practise", elem_id="kinds")
            self.item = gr.Radio(items, value=item, label=view.KIND_HELP[first], elem_id="items")
            self.level = gr.Radio(
                [(each.title(), each) for each in ("senior", "staff", "principal")],
                value="principal",
                label="The role you apply for",
            )
            self.minutes = gr.Radio(lengths, value=length, label="Time")
            self.begin = gr.Button("Begin the interview", variant="primary", elem_id="begin")
            self._chooser_state = html(elem_id="chooser-state")

    def _room(self) -> None:
        with gr.Column(visible=False, elem_id="room") as self.room:
            self._head = html(elem_id="room-top")
            self._talk = html(js=DELEGATE, elem_id="talk")
            self.state = html(elem_id="state")
            with gr.Row(elem_id="offers"):  # beside what they answer, not below the box
                self._stop = gr.Button("Stop", visible=False, elem_id="stop")
                self._go_on = gr.Button("Continue", visible=False, elem_id="continue")
                self._embedded = gr.Button(
                    "Go on without the model", visible=False, elem_id="embedded"
                )
            with gr.Column(elem_id="composer") as self._composer:
                self._answer = gr.Textbox(
                    label="Your answer, or a question to the interviewer",
                    lines=6,
                    max_lines=24,
                    elem_id="answer",
                    placeholder="Think aloud. Ask before you design.",
                )
                with gr.Row(elem_id="main-actions"):
                    self._send = gr.Button("Send", variant="primary", elem_id="send")
                    self._hint = gr.Button("Hint", elem_id="hint")
                    self._skip = gr.Button("Skip", elem_id="skip")
                    self._undo = gr.Button("Undo", elem_id="undo")
                    self._pause = gr.Button("Pause the clock", elem_id="pause")
                    gr.Button("End and grade", elem_id="end")
                with gr.Row(elem_id="confirm"):  # page.js opens and closes it
                    html("<p>End here? What you have answered is graded now.</p>")
                    self._end_now = gr.Button(
                        "Yes, end and grade", variant="primary", elem_id="end-now"
                    )
                    gr.Button("Go on with the interview", elem_id="stay")
                html(KEYS)
            with gr.Row(visible=False, elem_id="after-actions") as self._after:
                self.to_feedback = gr.Button(
                    "See the feedback", variant="primary", elem_id="to-feedback"
                )
                self._reopen = gr.Button("Take the last answer back", elem_id="reopen")
                self.new = gr.Button("New interview", elem_id="new")

    @property
    def outputs(self) -> list[gr.components.Component | gr.blocks.BlockContext]:
        """Everything that `show` may change."""
        return [
            *(self.chooser, self.room, self._chooser_state, self._head, self._talk, self.state),
            *(self._mode, self._shared.session_id, self._turn_id, self._place, self._composer),
            *(self._after, self._send, self._stop, self._go_on, self._embedded, self._hint),
            *(self._skip, self._undo, self._pause, self._shared.url, self._answer),
            self._shared.tabs,
        ]

    # --- what is shown -------------------------------------------------------------------------

    def show(self, screen: Screen) -> Updates:
        """The room as the session stands."""
        session = screen.session
        finished = session.status == "finished"
        turn = session.current_turn
        hints = view.hints_left(session)
        free = not screen.busy and screen.state != "stopped"
        updates: Updates = {
            self.chooser: gr.update(visible=False),
            self.room: gr.update(visible=True),
            self._chooser_state: "",
            self._head: view.header_html(session),
            self._talk: view.transcript_html(session, screen.speaking),
            self.state: view.state_html(screen.state, session, screen.detail),
            self._mode: view.mode_html(
                session.interviewer, session.grader, session.notices, session.model_uses
            ),
            self._shared.session_id: session.id,
            self._turn_id: turn.id if turn is not None else "",
            self._place: view.draft_key(session),
            self._composer: gr.update(visible=not finished),
            self._after: gr.update(visible=finished),
            self._send: gr.update(interactive=free),
            self._stop: gr.update(visible=screen.stoppable),
            self._go_on: gr.update(visible=screen.state == "stopped", value="Continue"),
            self._embedded: gr.update(visible=False),
            self._hint: gr.update(value=f"Hint ({hints} left)", interactive=hints > 0 and free),
            self._skip: gr.update(interactive=free),
            self._undo: gr.update(
                interactive=free and any(not each.is_open for each in session.turns)
            ),
            self._pause: gr.update(value="Run the clock" if session.paused else "Pause the clock"),
            self._shared.url: "?" + urlencode({"session": session.id}),
        }
        if screen.answer is not None:
            updates[self._answer] = screen.answer
        return updates

    def leave(self) -> Updates:
        """The chooser again; the session stays in the store."""
        engine = self._page.engine
        return {
            self.chooser: gr.update(visible=True),
            self.room: gr.update(visible=False),
            self._chooser_state: "",
            self._mode: view.mode_html(engine.interviewer.name, engine.grader.name),
            self._shared.session_id: "",
            self._turn_id: "",
            self._place: "",
            self._answer: "",
            self._shared.url: "?",
            self._shared.tabs: gr.update(selected="interview"),
        }

    def _failed(self, error: Exception, session: Session | None) -> Updates:
        told = view.state_html("error", detail=explain(error))
        stuck = session is not None and view.is_owed(session)
        return {
            self.state: told,
            self._chooser_state: told,
            self._send: gr.update(interactive=not stuck),
            self._stop: gr.update(visible=False),
            self._go_on: gr.update(visible=stuck, value="Try again"),
            self._embedded: gr.update(visible=stuck and self._page.can_go_embedded),
        }

    def guarded(self, screens: Callable[[], Iterator[Screen]]) -> Iterator[Updates]:
        """Screens as updates; an error leaves the typed text alone and says what to do."""
        session: Session | None = None
        speaking = ""
        try:
            for screen in screens():
                session = screen.session
                if screen.speaking and speaking and screen.speaking.startswith(speaking):
                    # Many times a second: nothing but the words is sent again.
                    yield {self._talk: view.transcript_html(session, screen.speaking)}
                else:
                    yield self.show(screen)
                speaking = screen.speaking
                if screen.ended:
                    yield {self._shared.tabs: gr.update(selected="feedback")}
        except Exception as error:
            yield self._failed(error, session)

    # --- callbacks -----------------------------------------------------------------------------

    def wire(self) -> None:
        """Connect the widgets. Called once all tabs exist."""
        page, session_id = self._page, self._shared.session_id
        place = [session_id, self._turn_id]

        def start(item: str, level: str, minutes: int, request: gr.Request) -> Iterator[Updates]:
            user = user_of(request)
            yield from self.guarded(lambda: page.start(item, level, minutes or None, user))

        def send(sid: str, turn_id: str, text: str, request: gr.Request) -> Iterator[Updates]:
            user = user_of(request)
            yield from self.guarded(lambda: page.send(sid, turn_id, text, user))

        def on_turn(
            act: Callable[[str, str, str | None], Iterator[Screen]],
        ) -> Callable[[str, str, gr.Request], Iterator[Updates]]:
            def callback(sid: str, turn_id: str, request: gr.Request) -> Iterator[Updates]:
                yield from self.guarded(lambda: act(sid, turn_id, user_of(request)))

            return callback

        def on_session(
            act: Callable[[str, str | None], Iterator[Screen]],
        ) -> Callable[[str, gr.Request], Iterator[Updates]]:
            def callback(sid: str, request: gr.Request) -> Iterator[Updates]:
                yield from self.guarded(lambda: act(sid, user_of(request)))

            return callback

        def edit(sid: str, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
            turn_id = wanted_of(event).get("turn")
            user = user_of(request)
            yield from self.guarded(lambda: page.take_back(sid, turn_id, user))

        def stop(sid: str, request: gr.Request) -> None:
            with suppress(InterviewError):  # the session is gone, or not this user's
                page.stop(sid, user_of(request))

        room = telling(self.state)
        options = {**room, "outputs": self.outputs}
        undo = on_session(lambda sid, user: page.take_back(sid, None, user))
        self.begin.click(
            start,
            [self.item, self.level, self.minutes],
            self.outputs,
            **telling(self._chooser_state),
        )
        self._send.click(send, [*place, self._answer], **options)
        self._skip.click(on_turn(page.skip), place, **options)
        self._hint.click(on_turn(page.hint), place, **options)
        self._undo.click(undo, session_id, **options)
        self._reopen.click(undo, session_id, **options)
        self._talk.click(edit, session_id, **options)
        self._pause.click(on_session(page.pause), session_id, **options)
        self._go_on.click(on_session(page.resume), session_id, **options)
        self._embedded.click(on_session(page.use_embedded), session_id, **options)
        self._end_now.click(on_session(page.finish), session_id, **options)
        self._stop.click(stop, session_id, None, **room)
        self.new.click(self.leave, None, **options)
        self.kind.change(
            self._on_kind,
            self.kind,
            [self.item, self.minutes],
            **telling(self.item),
        )

    def _on_kind(self, kind: str) -> tuple[gr.Radio, gr.Radio]:
        items, item = items_of(self._page.catalog, kind)
        lengths, length = lengths_of(kind)
        return (
            gr.Radio(choices=items, value=item, label=view.KIND_HELP[kind]),
            gr.Radio(choices=lengths, value=length),
        )

    def choose(self, item_id: str) -> Updates:
        """The chooser with one item marked, for "Practise this question"."""
        kind, choice = choice_of(self._page.catalog, item_id)
        items, _ = items_of(self._page.catalog, kind)
        return {
            **self.leave(),
            self.kind: gr.update(value=kind),
            self.item: gr.update(choices=items, value=choice, label=view.KIND_HELP[kind]),
        }


# --- choices -----------------------------------------------------------------------------------


def kinds_of(catalog: Catalog) -> list[tuple[str, str]]:
    """Label and id of every kind that has content, and the full loop."""
    there = {item.kind for item in catalog.items.values()}
    kinds = [(name, kind) for kind, name in view.KINDS.items() if kind in there]
    return [*kinds, (view.KINDS["full_loop"], "full_loop")]


def items_of(catalog: Catalog, kind: str) -> tuple[list[tuple[str, str]], str]:
    """Label and id of what a kind offers, and the one chosen first."""
    if kind == "full_loop":
        return [("Drawn anew each time", "full-loop")], "full-loop"
    sets = [each for each in catalog.sets.values() if each.kind == kind]
    grouped = {item.id for each in sets for item in each.items}
    single = [
        (item.title, item.id)
        for item in catalog.items.values()
        # A topic is practised as a whole; the other sets also item by item.
        if item.kind == kind and (item.id not in grouped or kind != "topic")
    ]
    whole = [(each.title if kind == "topic" else f"{each.title}: all", each.id) for each in sets]
    choices = whole + single if kind == "topic" else single + whole
    return choices, choices[0][1]


def choice_of(catalog: Catalog, item_id: str) -> tuple[str, str]:
    """The kind of an item, and what to choose to practise it."""
    item = catalog.item(item_id)
    for each in catalog.sets.values():
        if item.kind == "topic" and any(one.id == item.id for one in each.items):
            return item.kind, each.id
    return item.kind, item.id.partition("@")[0]


def lengths_of(kind: str) -> tuple[list[tuple[str, int]], int]:
    """Label and minutes on offer; 0 takes the author's time."""
    if kind == "full_loop":
        return [(f"{minutes} min", minutes) for minutes in (15, 30, 45, 60)], 30
    return [("As planned", 0), *((f"{each} min", each) for each in (10, 20, 30, 45, 60))], 0
