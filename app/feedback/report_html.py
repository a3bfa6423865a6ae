"""The feedback as HTML, for the page and for the exported file: pure functions, no script.

A quote links to its place in the answer (`href="#…"`), which the style sheet lights up with
`:target`; so the same HTML works on the page, in a saved file and on paper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.domain.content import Document
from app.domain.session import Note, Session
from app.feedback.costs import turn_costs
from app.feedback.item_html import item_html
from app.feedback.observations import Observation, observe
from app.feedback.pieces_html import passage_details, shortened, turn_name
from app.feedback.rendering import text_html
from app.feedback.report import Report
from app.feedback.transcript import FINISHED, level_text

LEVEL_MEANINGS: dict[int, str] = {
    1: "names tools; no design follows from the case yet",
    2: "a textbook pipeline, not yet fitted to the constraints",
    3: "fits the constraints, sound metrics, some failure modes, depth when probed",
    4: "reframes, quantifies, chooses with reasons and says what would reverse the choice",
    5: "derives the binding constraint, simplest thing first, owns cost, failure and the end",
}


def feedback_html(session: Session, report: Report, documents: Mapping[str, Document]) -> str:
    """The whole feedback on a session; `documents` resolve the citations."""
    indices = [i for i in range(len(session.plan.items)) if session.item_turns(i)]
    items = list(zip(indices, report.items, strict=True))
    return "".join(
        (
            '<div class="report">',
            _summary(session, report),
            _next_steps(report, documents),
            *(item_html(session, index, item, documents, len(items) > 1) for index, item in items),
            _observations(observe(session)),
            _timeline(session, report),
            _costs(report),
            _versions(session, report),
            "</div>",
        )
    )


def _summary(session: Session, report: Report) -> str:
    level = report.level
    meaning = LEVEL_MEANINGS[level] if level else "too little could be graded to name a level"
    hints = sum(len(item.hints) for item in report.items)
    answers = sum(len(item.answers) for item in report.items)
    facts = [
        f"{answers} answer{'s' * (answers != 1)} in {report.active_minutes:g} minutes",
        f"{hints} hint{'s' * (hints != 1)} used",
        f"interviewer {report.interviewer}, grader {report.grader}",
    ]
    if level is not None:
        gap = report.target_level - level
        away = {0: "just what", 1: "one level below what"}.get(gap, f"{gap} levels below what")
        role = f"{away if gap >= 0 else 'above what'} the {report.target} role asks for "
        role = f"{role[0].upper()}{role[1:]}(level {report.target_level})."
    else:
        role = f"The {report.target} role asks for level {report.target_level}."
    unscored = [
        entry
        for item in report.items
        for entry in item.criteria
        if entry.verdict.verdict == "unscored"
    ]
    ungraded = sum(len(item.ungraded_turns) for item in report.items)
    plain = ""
    if unscored or ungraded:
        parts = []
        if unscored:
            parts.append(
                f"{len(unscored)} of {sum(len(i.criteria) for i in report.items)} points could not "
                "be decided; they count neither for nor against you"
            )
        if ungraded:
            parts.append(f"{ungraded} answer{'s' * (ungraded != 1)} not graded yet")
        plain = f'<p class="plain">{text_html("; ".join(parts))}.</p>'
    notices = "".join(f'<p class="notice">{text_html(each)}</p>' for each in report.notices)
    again = '<p class="plain">Graded again; the first grading is kept.</p>' * report.regraded
    end = FINISHED[session.finish_reason] if session.finish_reason else "Still under way."
    return (
        '<section class="summary">'
        f'<p class="figure" '
        f'aria-hidden="true">{level if level is not None else "–"}<small>/5</small></p>'
        f'<div><p class="eyebrow">{text_html(report.title)}</p>'
        f"<h2>{text_html(level_text(level))}: {text_html(report.level_name)}</h2>"
        f"<p>{text_html(meaning[0].upper() + meaning[1:])}. {text_html(role)}</p>"
        f'<p class="facts">{text_html(" · ".join(facts))}. {end}</p>{plain}{again}{notices}'
        "</div></section>"
    )


def _next_steps(report: Report, documents: Mapping[str, Document]) -> str:
    if not report.next_steps:
        return ""
    steps = "".join(
        f"<li><p><strong>{text_html(step.statement)}</strong></p><p>{text_html(step.why)}</p>"
        f"{passage_details(step.source, documents)}</li>"
        for step in report.next_steps
    )
    return f'<section class="next"><h3>Do next</h3><ol>{steps}</ol></section>'


def _observations(observations: Sequence[Observation]) -> str:
    if not observations:
        return ""
    cards = "".join(
        f'<li class="{"good" if each.good else "watch"}">'
        f'<p class="habit"><span class="word">{"do" if each.good else "watch"}</span>'
        f"<strong>{text_html(each.title)}</strong></p><p>{text_html(each.text)}</p>"
        + (f"<blockquote>{text_html(shortened(each.quote))}</blockquote>" if each.quote else "")
        + f'<p class="reflect">{text_html(each.reflect)}</p></li>'
        for each in observations
    )
    return (
        '<section class="habits"><h3>Habits noticed</h3><p class="sub">Read from the words '
        "alone, never "
        f"scored, and sometimes wrong: a prompt to reflect.</p><ul>{cards}</ul></section>"
    )


def _timeline(session: Session, report: Report) -> str:
    entries: list[str] = []
    noted: defaultdict[str | None, list[Note]] = defaultdict(list)
    for note in session.notes:
        noted[note.turn_id].append(note)
    for number, turn in enumerate(session.turns, 1):
        minute = max(0.0, (turn.asked_at - session.started_at).total_seconds() / 60)
        lines = [f"<strong>{text_html(turn_name(turn))}</strong> {text_html(turn.question.reason)}"]
        lines += [
            f"You asked: {text_html(shortened(each.asked))}"
            + (" It changed what a good design is." if each.matters else "")
            for each in turn.clarifications
        ]
        lines += [f"Hint {hint.step} of 3 on {text_html(hint.dimension)}." for hint in turn.hints]
        if turn.skipped:
            lines.append("Skipped.")
        lines += [
            text_html(note.text)
            + (f" <q>{text_html(shortened(note.quote))}</q>" if note.quote else "")
            for note in noted[turn.id]
        ]
        body = "".join(f"<p>{line}</p>" for line in lines)
        entries.append(
            f'<li><span class="when">Q{number} · {minute:.0f} min</span><div>{body}</div></li>'
        )
    entries += [
        f'<li><span class="when">end</span><div><p>{text_html(note.text)}</p></div></li>'
        for note in noted[None]
    ]
    return (
        '<section class="timeline"><h3>The interviewer’s notes</h3><p class="sub">What was '
        "asked, and "
        f"why.</p><ol>{''.join(entries)}</ol></section>"
    )


def _costs(report: Report) -> str:
    """Tokens and seconds by turn; nothing where no model took part."""
    rows = "".join(
        f'<tr><th scope="row">{"All" if each.turn == "all" else f"Q{each.turn}"}</th>'
        f"<td>{each.calls}</td><td>{each.prompt_tokens:,}</td><td>{each.reply_tokens:,}</td>"
        f"<td>{each.seconds:.1f}</td></tr>"
        for each in turn_costs(report.model_uses)
    )
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Turn", "Calls", "Tokens read", "Tokens written", "Seconds")
    )
    return (
        '<section class="costs"><h3>What the model took</h3><p class="sub">Interviewer and grader '
        'together.</p><div class="scroll" tabindex="0" role="region" aria-label="Cost by turn">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _versions(session: Session, report: Report) -> str:
    rubrics = ", ".join(f"{each.rubric.id} {each.rubric_hash}" for each in session.plan.items)
    prompts = ", ".join(f"{name} {number}" for name, number in session.prompt_versions.items())
    return (
        '<section class="versions"><p>'
        f"Session {text_html(session.id)} of {session.started_at:%Y-%m-%d %H:%M} UTC, schema "
        f"{session.schema_version}, program {text_html(session.app_version)}. "
        f"Rubrics: {text_html(rubrics)}. "
        + (f"Prompts: {text_html(prompts)}. " if prompts else "")
        + f"Interviewer {text_html(report.interviewer)}, grader {text_html(report.grader)}."
        + "</p></section>"
    )
