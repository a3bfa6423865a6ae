"""Past sessions and their replay as HTML: pure functions over summaries and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.domain.session import Session, SessionSummary
from app.feedback.charts import bar
from app.feedback.rendering import markdown_html, text_html
from app.feedback.report import make_report
from app.feedback.transcript import Step, level_text, steps
from app.sessions.events import AnswerGraded, QuestionAsked, SessionEvent, fold
from app.sessions.listing import Page
from app.ui.view import KINDS

STATES = {"interviewing": "under way", "finished": "finished"}


def filters_html(items: Sequence[tuple[str, str]]) -> str:
    """The filters as native controls, which every keyboard and screen reader knows."""
    kinds = "".join(f'<option value="{kind}">{name}</option>' for kind, name in KINDS.items())
    named = "".join(
        f'<option value="{text_html(item)}">{text_html(title)}</option>' for item, title in items
    )
    levels = "".join(
        f'<option value="{each}">{each}</option>' for each in ("senior", "staff", "principal")
    )
    return (
        '<form class="filters" role="search" aria-label="Past sessions">'
        '<label>Search<input type="search" name="query" placeholder="Title or id"></label>'
        f'<label>Kind<select name="kind"><option value="">any</option>{kinds}</select></label>'
        f'<label>Question<select name="item"><option value="">any</option>{named}</select></label>'
        f'<label>Role<select name="level"><option value="">any</option>{levels}</select></label>'
        '<label>From<input type="date" name="since"></label>'
        '<label>To<input type="date" name="until"></label></form>'
    )


def list_html(page: Page, filtered: bool, first: bool) -> str:
    """One page of past sessions, newest first."""
    if not page.rows:
        if filtered:
            return (
                '<div class="empty"><h3>Nothing fits these filters</h3>'
                "<p>Clear one of them to see more.</p></div>"
            )
        return (
            '<div class="empty"><h3>No interview yet</h3><p>Your first one takes about twenty '
            "minutes; "
            "a 30-second summary or a single trade-off takes less. Each is kept here, with its "
            "replay and feedback.</p>"
            '<button type="button" class="go" data-action="choose">Choose a question</button></div>'
        )
    rows = "".join(_row(each) for each in page.rows)
    older = (
        f'<button type="button" class="link" data-action="older" '
        f'data-after="{text_html(page.next)}">'
        "Older sessions</button>"
        if page.next
        else ""
    )
    newest = (
        ""
        if first
        else '<button type="button" class="link" data-action="newest">Back to the newest</button>'
    )
    return f'<ul class="sessions">{rows}</ul><p class="pager">{newest}{older}</p>'


def _row(each: SessionSummary) -> str:
    done = each.status == "finished"
    level = f"level {each.overall}" if each.overall else ("no level" if done else "")
    first = _open(each.id, "feedback", "Feedback") if done else _open(each.id, "", "Continue")
    facts = [
        f"{each.started_at:%d %b %Y, %H:%M}",
        KINDS.get(each.kind, each.kind),
        f"{each.level} role",
        f"{each.answers} answer{'s' * (each.answers != 1)}",
        STATES[each.status],
    ]
    chip = f'<span class="tag">{level}</span>' if level else ""
    return (
        f'<li><div><p class="title">{text_html(each.title)} {chip}</p>'
        f'<p class="facts">{text_html(" · ".join(facts))}</p></div>'
        f'<p class="acts">{first}{_open(each.id, "replay", "Replay")}</p></li>'
    )


def _open(session_id: str, view: str, label: str) -> str:
    query = {"session": session_id, **({"view": view} if view else {})}
    return (
        f'<a class="link" href="?{text_html(urlencode(query))}" data-action="open" '
        f'data-session="{text_html(session_id)}" data-view="{view}">{label}</a>'
    )


# --- replay ------------------------------------------------------------------------------------


def replay_html(session_id: str, events: Sequence[SessionEvent]) -> str:
    """The conversation step by step; the page's script shows the first n of them."""
    session = fold(session_id, events)
    told = list(steps(events))
    items = "".join(_step(number, step, session_id, events) for number, step in enumerate(told, 1))
    started = f"{session.started_at:%d %b %Y, %H:%M}"
    buttons = "".join(
        f'<button type="button" data-replay="{name}" aria-label="{label}">{shown}</button>'
        for name, shown, label in (
            ("first", "First", "First step"),
            ("back", "Back", "One step back"),
        )
    )
    buttons += '<button type="button" data-replay="play" class="play">Play</button>'
    buttons += "".join(
        f'<button type="button" data-replay="{name}" aria-label="{label}">{shown}</button>'
        for name, shown, label in (("next", "Next", "One step on"), ("last", "Last", "Last step"))
    )
    return (
        f'<div class="replay" data-at="{len(told)}"><p class="eyebrow">Replay · {started}</p>'
        f"<h2>{text_html(session.plan.title)}</h2>"
        f'<div class="replay-bar">{buttons}'
        f'<input type="range" data-replay="jump" min="1" max="{len(told)}" value="{len(told)}" '
        'aria-label="Jump to a step">'
        f'<span class="replay-count" aria-live="polite">Step {len(told)} of {len(told)}</span>'
        '<button type="button" class="link" data-replay="link">Copy link to this '
        "step</button></div>"
        f"<ol>{items}</ol></div>"
    )


_SPEAKERS: Mapping[str, str] = {
    "session": "Session",
    "interviewer": "Interviewer",
    "candidate": "You",
    "grader": "Grader",
}


def _step(number: int, step: Step, session_id: str, events: Sequence[SessionEvent]) -> str:
    event = events[step.seq]
    as_of = ""
    if isinstance(event, AnswerGraded):
        as_of = _feedback_so_far(fold(session_id, events[: step.seq + 1]))
    if step.speaker == "interviewer":
        body = f'<div class="words">{markdown_html(step.text)}</div>'
    else:
        body = f'<div class="words typed">{text_html(step.text)}</div>'
    lead = "Why this question · " if isinstance(event, QuestionAsked) else ""
    why = f'<p class="why">{lead}{text_html(step.remark)}</p>' if step.remark else ""
    kind = {"interviewer": "interviewer", "candidate": "candidate"}.get(step.speaker, "note")
    return (
        f'<li data-step="{number}" class="said {kind}"><h4>{_SPEAKERS[step.speaker]} '
        f'<span class="tag">{number}</span></h4>{why}{body}{as_of}</li>'
    )


def _feedback_so_far(session: Session) -> str:
    turn = session.current_turn
    index = turn.item_index if turn else 0
    report = make_report(session)
    item_id = session.plan.items[index].item.id
    item = next((each for each in report.items if each.item_id == item_id), None)
    if item is None:
        return ""
    titles = {each.id: each.title for each in session.plan.items[index].rubric.dimensions}
    rows = "".join(
        f"<li><span>{text_html(titles[part.dimension])}</span>{bar((part.level or 0) / 5)}"
        f"<span>{part.level if part.level is not None else '–'}</span></li>"
        for part in item.assessment.dimensions
    )
    return (
        f'<details class="so-far"><summary>Feedback as of this answer: '
        f"{text_html(level_text(item.assessment.level).lower())}</summary><ul>{rows}</ul></details>"
    )
