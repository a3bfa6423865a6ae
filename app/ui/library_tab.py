"""The Library tab: search and read the documents, add one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import gradio as gr

from app.ui import view
from app.ui.library import Library
from app.ui.library_view import document_html, results_html, shelf_html, stats_html
from app.ui.widgets import DELEGATE, Shared, Updates, explain, html, telling, user_of, wanted_of

PREPARING = (
    "Searching. The first search brings the index up to date, which can take a minute or two …"
)


class LibraryTab:
    """Documents on a shelf; a search or a document takes its place."""

    def __init__(self, library: Library, shared: Shared) -> None:
        self._library = library
        self._shared = shared
        with gr.Row(elem_id="search-row"):
            self._query = gr.Textbox(
                label="Search the documents",
                placeholder="page-level precision, drift tests, topology …",
                elem_id="search",
                max_lines=1,
            )
            self._go = gr.Button("Search", elem_id="search-go")
        self._told = html(elem_id="library-told")
        self.body = html(js=DELEGATE, elem_id="library")
        with gr.Column(elem_id="own"):
            self._upload = gr.UploadButton(
                "Add your own document",
                file_types=[".md", ".txt", ".pdf"],
                elem_id="upload",
            )
            html(
                '<p class="sub">Markdown, text or PDF, up to 5 MB. It stays in your data folder, '
                "is "
                "searched with the others and cited as your own.</p>"
            )
        self._stats = html()

    @property
    def outputs(self) -> list[gr.components.Component | gr.blocks.BlockContext]:
        """Everything that changes here."""
        return [self._told, self.body, self._stats, self._shared.url]

    def show(self, document_id: str, user: str | None) -> Updates:
        """The shelf, or one document, as the user may see it."""
        try:
            if document_id:
                body = document_html(self._library.document(document_id, user))
            else:
                body = shelf_html(self._library.documents(user).values())
        except Exception as error:
            return {self._told: view.state_html("error", detail=explain(error))}
        query = {"view": "library", **({"doc": document_id} if document_id else {})}
        return {
            self._told: "",
            self.body: body,
            self._stats: self._indexed(user),
            self._shared.url: "?" + urlencode(query),
        }

    def _indexed(self, user: str | None) -> str:
        return stats_html(self._library.stats(user)) if self._library.is_open else ""

    def wire(self) -> None:
        """Connect the widgets."""

        def search(query: str, request: gr.Request) -> Iterator[Updates]:
            user = user_of(request)
            told = "Searching …" if self._library.is_open else PREPARING
            yield {self._told: view.state_html("grading", detail=told)}
            try:
                found = self._library.search(query, user)
            except Exception as error:
                yield {self._told: view.state_html("error", detail=explain(error))}
                return
            back = '<button type="button" class="link" data-action="shelf">All documents</button>'
            yield {
                self._told: "",
                self.body: back + results_html(query, found),
                self._stats: self._indexed(user),
            }

        def add(path: str, request: gr.Request) -> Iterator[Updates]:
            user = user_of(request)
            yield {self._told: view.state_html("grading", detail="Reading and indexing it …")}
            try:
                document = self._library.add(Path(path), user)
            except Exception as error:
                yield {self._told: view.state_html("error", detail=explain(error))}
                return
            told = f"Added “{document.title}”. Searches find it from now on."
            yield {**self.show("", user), self._told: view.state_html("waiting", detail=told)}

        def pressed(event: gr.EventData, request: gr.Request) -> Updates:
            wanted, user = wanted_of(event), user_of(request)
            if wanted.get("action") == "remove":
                try:
                    self._library.remove(wanted.get("doc", ""), user)
                except Exception as error:
                    return {self._told: view.state_html("error", detail=explain(error))}
            return self.show(wanted.get("doc", "") if wanted.get("action") == "read" else "", user)

        told = telling(self._told)
        self._go.click(search, self._query, self.outputs, **told)
        self._query.submit(search, self._query, self.outputs, **told)
        self._upload.upload(add, self._upload, self.outputs, **told)
        self.body.click(pressed, None, self.outputs, **telling(self.body))
