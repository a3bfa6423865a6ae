"""What all tabs share: hidden state, callbacks that never show an inside, delegated clicks."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.errors import InterviewError

Updates = dict[Any, Any]

# Every callback may run beside any other: the slow work queues in `LiveSteps`, not here.
EVENT: dict[str, Any] = {
    "show_progress": "hidden",
    "concurrency_limit": None,
    "api_visibility": "private",
}


def telling(place: gr.components.Component) -> dict[str, Any]:
    """Options of a callback whose waiting shows in `place`, at once and without the server.

    The browser marks the place as pending until the first answer comes; page.css makes that
    visible, and page.js puts it into words.
    """
    return {**EVENT, "show_progress": "minimal", "show_progress_on": place}


# Links and buttons inside our HTML name what they want in data attributes.
DELEGATE = """
element.addEventListener('click', event => {
  const wanted = event.target.closest('[data-action]');
  if (!wanted || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  trigger('click', {...wanted.dataset});
});
"""
# A form of native controls reports all its values: a choice at once, typed text after a moment.
FORM = """
let waiting = 0;
element.addEventListener('submit', event => event.preventDefault());
element.addEventListener('input', event => {
  clearTimeout(waiting);
  const form = event.target.closest('form');
  const report = () => trigger('input', Object.fromEntries(new FormData(form)));
  waiting = setTimeout(report, event.target.type === 'search' ? 120 : 0);
});
"""


@dataclass(frozen=True)
class Shared:
    """Widgets that every tab reads or changes. The browser keeps the texts, the store the truth."""

    tabs: gr.Tabs
    session_id: gr.Textbox
    url: gr.Textbox


def html(value: str = "", js: str | None = None, **options: Any) -> gr.HTML:
    """Our own HTML, without Gradio's style and without its default listener."""
    return gr.HTML(value, apply_default_css=False, js_on_load=js, **options)


def hidden(name: str) -> gr.Textbox:
    """A text that only callbacks and scripts see."""
    return gr.Textbox(visible="hidden", elem_id=name, label=name)


def user_of(request: gr.Request) -> str | None:
    """Who is signed in; None where the page asks for no sign-in and belongs to its one owner."""
    return getattr(request, "username", None) or None


def wanted_of(event: gr.EventData) -> dict[str, str]:
    """What a pressed link or button inside our HTML asked for."""
    data = event._data
    return {str(k): str(v) for k, v in data.items()} if isinstance(data, dict) else {}


def explain(error: Exception) -> str:
    """An error in words a candidate can act on; nothing of the inside is shown."""
    if isinstance(error, InterviewError):
        return str(error)
    logging.getLogger("app.ui").error("a callback failed", exc_info=error)
    return (
        "Something went wrong here. What you had sent is saved and your text is still in the box. "
        "Try again, or reload the page."
    )
