"""A session as one HTML file that needs nothing else: it opens offline, and prints well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from app.domain.content import Document
from app.domain.session import Session
from app.feedback.rendering import text_html
from app.feedback.report import Report
from app.feedback.report_html import feedback_html
from app.feedback.transcript import steps
from app.sessions.events import SessionEvent

STYLE_FILE = Path(__file__).parent.parent / "assets" / "report.css"
# Nothing is fetched and nothing runs, whatever an answer may hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def session_html(
    session: Session,
    events: Sequence[SessionEvent],
    report: Report,
    documents: Mapping[str, Document],
) -> str:
    """The whole session: feedback, conversation and versions, as one document."""
    title = text_html(f"{session.plan.title}, {session.started_at:%Y-%m-%d}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE_FILE.read_text(encoding='utf-8')}</style></head>"
        f'<body class="sheet"><h1>{title}</h1>{feedback_html(session, report, documents)}'
        f'<section class="conversation"><h3>Conversation</h3>{_conversation(events)}</section>'
        "</body></html>\n"
    )


def _conversation(events: Sequence[SessionEvent]) -> str:
    return "".join(
        f'<article class="line {text_html(step.speaker)}"><h4>{text_html(step.speaker)}'
        + (f" <small>{text_html(step.remark)}</small>" if step.remark else "")
        + f'</h4><div class="typed">{text_html(step.text)}</div></article>'
        for step in steps(events)
    )
