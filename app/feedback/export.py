"""A session as a file: Markdown to read, JSON to keep and import again, HTML to print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from app.domain.content import Document
from app.domain.session import Session
from app.feedback.html_export import session_html
from app.feedback.redaction import redact
from app.feedback.report import Report, make_report
from app.feedback.transcript import session_markdown
from app.sessions.events import SessionEvent, event_adapter, fold

Format = Literal["md", "json", "html"]


def export_text(
    session_id: str,
    events: Sequence[SessionEvent],
    format: Format,
    documents: Mapping[str, Document],
    *,
    without_own_words: bool = False,
) -> str:
    """The whole session: report on the newest grading, conversation, versions."""
    if without_own_words:
        events = redact(events)
    session = fold(session_id, events)
    report = newest_report(session)
    if format == "md":
        return session_markdown(session, events, report)
    if format == "html":
        return session_html(session, events, report, documents)
    data = {
        "format": "aiops-interview/1",
        "session": session_id,
        "events": [event_adapter.dump_python(event, mode="json") for event in events],
        "report": report.model_dump(mode="json"),
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def newest_report(session: Session) -> Report:
    """The report on the newest grading of a session."""
    return make_report(session, len(session.regradings) - 1 if session.regradings else None)
