"""The Feedback tab: the report, retry, and the exports."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import gradio as gr

from app.errors import InterviewError
from app.feedback.export import Format, export_text, newest_report
from app.feedback.report import Report
from app.feedback.report_html import feedback_html
from app.ui import view
from app.ui.page import Page
from app.ui.widgets import Shared, Updates, explain, hidden, html, telling, user_of

_TYPES: dict[Format, str] = {
    "md": "text/markdown",
    "json": "application/json",
    "html": "text/html",
}
NONE_YET = (
    '<div class="empty"><h3>No interview chosen</h3><p>Finish one, or open a past one from '
    "<em>Past</em>: its feedback appears here.</p></div>"
)
UNDER_WAY = (
    '<div class="empty"><h3>The interview is still under way</h3><p>Feedback comes at the end, '
    "as on "
    "the day. <em>End and grade</em> brings it at once.</p></div>"
)


class FeedbackTab:
    """The report on the session that is open."""

    def __init__(self, page: Page, shared: Shared) -> None:
        self._page = page
        self._shared = shared
        with gr.Row(elem_id="report-actions", visible=False) as self._actions:
            self._redact = gr.Checkbox(label="Leave out my own words", elem_id="redact")
            self._markdown = gr.Button("Markdown", elem_id="export-md")
            self._json = gr.Button("JSON", elem_id="export-json")
            self._html = gr.Button("HTML to print", elem_id="export-html")
            self._retry = gr.Button("Retry what is open", elem_id="retry")
            self.to_replay = gr.Button("Replay", elem_id="to-replay")
        self.told = html(elem_id="report-told")
        self.body = html(NONE_YET, elem_id="report")
        self._file = hidden("export-file")

    @property
    def outputs(self) -> list[gr.components.Component | gr.blocks.BlockContext]:
        """Everything that `show` may change."""
        return [self._actions, self.told, self.body, self._retry, self._shared.url]

    def show(self, session_id: str, user: str | None, told: str = "") -> Updates:
        """The report on a session; a friendly empty state where there is none."""
        updates: Updates = {self._actions: gr.update(visible=False), self.told: told}
        if not session_id:
            return {**updates, self.body: NONE_YET}
        try:
            session = self._page.load(session_id, user)
        except Exception as error:
            return {**updates, self.body: view.state_html("error", detail=explain(error))}
        updates[self._shared.url] = "?" + urlencode({"session": session_id, "view": "feedback"})
        if session.status != "finished":
            return {**updates, self.body: UNDER_WAY}
        report = newest_report(session)
        return {
            **updates,
            self._actions: gr.update(visible=True),
            self.body: feedback_html(session, report, self._page.catalog.documents),
            self._retry: gr.update(visible=open_points(report) > 0),
        }

    def wire(self) -> None:
        """Connect the widgets."""
        session_id = self._shared.session_id

        def export(name: Format) -> None:
            def callback(sid: str, without: bool, request: gr.Request) -> str:
                try:
                    return export_file(self._page, sid, user_of(request), name, without)
                except InterviewError as error:  # the session is gone, or not this user's
                    raise gr.Error(str(error), print_exception=False) from None

            button = {"md": self._markdown, "json": self._json, "html": self._html}[name]
            button.click(callback, [session_id, self._redact], self._file, **telling(self.told))

        def retry(sid: str, request: gr.Request) -> Updates:
            user = user_of(request)
            try:
                before = open_points(newest_report(self._page.load(sid, user)))
                after = open_points(newest_report(self._page.grade_pending(sid, user)))
            except Exception as error:
                return {self.told: view.state_html("error", detail=explain(error))}
            done = before - after
            words = (
                f"Tried again: {done} more could be graded, {after} stay open."
                if done
                else f"Tried again: the grader still cannot decide these {after}."
            )
            return self.show(sid, user, view.state_html("waiting", detail=words))

        for name in _TYPES:
            export(name)
        self._retry.click(retry, session_id, self.outputs, **telling(self.told))


def open_points(report: Report) -> int:
    """Criteria and answers without a grade."""
    return sum(
        len(item.ungraded_turns)
        + sum(entry.verdict.verdict == "unscored" for entry in item.criteria)
        for item in report.items
    )


def export_file(page: Page, session_id: str, user: str | None, name: Format, without: bool) -> str:
    """Name, type and text of an exported file, as JSON for the browser to save."""
    text = export_text(
        session_id,
        page.engine.store.events(session_id, user),
        name,
        page.catalog.documents,
        without_own_words=without,
    )
    stem = f"interview-{session_id}{'-redacted' if without else ''}"
    # The moment makes two exports of the same file two different values, so the browser saves both.
    file = {"at": time.time(), "name": f"{stem}.{name}", "type": _TYPES[name], "text": text}
    return json.dumps(file)
