"""The feedback as HTML, for the page and for the exported file: pure functions, no script.

A quote links to its place in the answer (`href="#…"`), which the style sheet lights up with
`:target`; so the same HTML works on the page, in a saved file and on paper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from app.domain.content import Citation, Document, Rubric
from app.domain.session import Note, Session, Turn
from app.feedback.charts import bar, radar
from app.feedback.costs import turn_costs
from app.feedback.observations import Observation, observe
from app.feedback.rendering import markdown_html, passage_html, text_html
from app.feedback.report import CriterionReport, ItemReport, Report
from app.feedback.shape import shape
from app.feedback.transcript import FINISHED, MARKS, level_text, verdict_text
from app.grading.evidence import find_quote
from app.interview.passages import find_passage

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
            *(_item(session, index, item, documents, len(items) > 1) for index, item in items),
            _observations(observe(session)),
            _timeline(session, report),
            _costs(report),
            _versions(session, report),
            "</div>",
        )
    )


# --- the whole ---------------------------------------------------------------------------------


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
        + (f"<blockquote>{text_html(_short(each.quote))}</blockquote>" if each.quote else "")
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
        lines = [
            f"<strong>{text_html(_turn_name(turn))}</strong> {text_html(turn.question.reason)}"
        ]
        lines += [
            f"You asked: {text_html(_short(each.asked))}"
            + (" It changed what a good design is." if each.matters else "")
            for each in turn.clarifications
        ]
        lines += [f"Hint {hint.step} of 3 on {text_html(hint.dimension)}." for hint in turn.hints]
        if turn.skipped:
            lines.append("Skipped.")
        lines += [
            text_html(note.text)
            + (f" <q>{text_html(_short(note.quote))}</q>" if note.quote else "")
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


# --- one item ----------------------------------------------------------------------------------


def _item(
    session: Session,
    index: int,
    item: ItemReport,
    documents: Mapping[str, Document],
    titled: bool,
) -> str:
    rubric = session.plan.items[index].rubric
    title = (
        f"<h3>{text_html(item.title)} "
        f"<small>{text_html(level_text(item.assessment.level))}</small></h3>"
        if titled
        else ""
    )
    notes = [*item.assessment.notes, *(flag.detail for flag in item.assessment.flags)]
    titles = {dimension.id: dimension.title for dimension in rubric.dimensions}
    notes += [
        f"{titles[part.dimension]}: {note[:1].lower()}{note[1:]}"
        for part in item.assessment.dimensions
        for note in part.notes
    ]
    noted = "".join(f"<li>{text_html(note)}</li>" for note in dict.fromkeys(notes))
    return (
        f'<section class="item">{title}{_stages(session, item, rubric)}'
        + (f'<ul class="flags">{noted}</ul>' if noted else "")
        + _misconceptions(index, item, documents)
        + _shape(session, index)
        + f'<h3>Point by point</h3><p class="sub">Follow a quote to its place in your answer.</p>'
        f'<div class="pair"><div class="points">{_points(index, item, rubric, documents)}</div>'
        f'<div class="answers"><h4>What you said</h4>{_answers(session, index, item)}</div></div>'
        f"{_model_answer(session, index, item, documents)}</section>"
    )


def _stages(session: Session, item: ItemReport, rubric: Rubric) -> str:
    titles = {dimension.id: dimension for dimension in rubric.dimensions}
    rows = ""
    for part in item.assessment.dimensions:
        dimension = titles[part.dimension]
        counted = [
            f"{number} {MARKS[name]}"
            for name in MARKS
            if (number := sum(each.verdict == name for each in part.verdicts))
        ]
        ahead = dimension.anchors.get(3 if (part.level or 1) < 3 else 5, "")
        further = ahead if part.level != 5 else ""
        rows += (
            f'<tr><th scope="row">{text_html(dimension.title)}</th>'
            f'<td class="level">{bar((part.level or 0) / 5)}'
            f"<span>{part.level if part.level is not None else 'no level'}</span></td>"
            f'<td class="counted">{text_html(", ".join(counted))}</td>'
            f'<td class="further">{text_html(further)}</td></tr>'
        )
    chart = radar(
        [(titles[part.dimension].title, part.level) for part in item.assessment.dimensions],
        {"senior": 3, "staff": 4, "principal": 5}[session.plan.level],
    )
    return (
        f'<div class="stages-report">{chart}<div class="scroll" tabindex="0" role="region" '
        'aria-label="Levels by stage"><table><thead><tr>'
        '<th scope="col">Stage</th><th scope="col">Level</th><th scope="col">Points</th>'
        f'<th scope="col">The next level looks like</th></tr></thead><tbody>{rows}</tbody></table>'
        "</div></div>"
    )


def _misconceptions(index: int, item: ItemReport, documents: Mapping[str, Document]) -> str:
    if not item.misconceptions:
        return ""
    cards = "".join(
        f'<li><p><span class="word">{"given up" if each.finding.corrected else "stands"}</span> '
        f"<strong>{text_html(each.claim)}</strong></p>"
        f'<blockquote><a href="#m-{index}-{text_html(each.finding.misconception_id)}">'
        f"{text_html(_short(each.finding.quote))}</a></blockquote>"
        f"<p>{text_html(each.why_wrong)}</p>{passage_details(each.source, documents)}</li>"
        for each in item.misconceptions
    )
    return f'<div class="wrong"><h3>Misconceptions</h3><ul>{cards}</ul></div>'


def _shape(session: Session, index: int) -> str:
    found = shape(session, index)
    if not found.words:
        return ""
    rows = "".join(
        f"<li><span>{text_html(each.title)}</span>{bar(each.share, 'words-share')}"
        f"<span>{each.share:.0%}</span></li>"
        for each in found.stages
    )
    remarks = " ".join(found.remarks) or "Your words are spread over all stages."
    return (
        f'<div class="shape"><h3>Where your words went</h3><p class="sub">{text_html(remarks)} '
        f"{found.words} words; sentences are assigned by their wording, so read it as a sketch.</p>"
        f"<ul>{rows}</ul></div>"
    )


def _points(index: int, item: ItemReport, rubric: Rubric, documents: Mapping[str, Document]) -> str:
    parts: list[str] = []
    levels = {part.dimension: part.level for part in item.assessment.dimensions}
    for dimension in rubric.dimensions:
        entries = [each for each in item.criteria if each.criterion.dimension == dimension.id]
        parts.append(
            f"<h4>{text_html(dimension.title)} <small>{text_html(level_text(levels[dimension.id]))}"
            f"</small></h4><ul>{''.join(_point(index, each, documents) for each in entries)}</ul>"
        )
    return "".join(parts)


def _point(index: int, entry: CriterionReport, documents: Mapping[str, Document]) -> str:
    criterion, verdict = entry.criterion, entry.verdict
    word = text_html(verdict_text(entry))
    said = f"<p>{text_html(criterion.statement)}</p>"
    if verdict.quote:
        said += (
            f'<p class="cited"><a href="#q-{index}-{text_html(criterion.id)}">“'
            f"{text_html(_short(verdict.quote))}”</a></p>"
        )
    elif verdict.verdict == "unscored":
        said += f'<p class="why">{text_html(verdict.rationale)}</p>'
    if verdict.verdict in ("missed", "partial"):
        said += (
            f'<p class="why">Why it matters: {text_html(criterion.why)}</p>'
            f"{passage_details(criterion.source, documents)}"
        )
    return (
        f'<li class="point {verdict.verdict}"><span class="word">{word}</span>'
        f'<span class="tier">{criterion.tier}</span>{said}</li>'
    )


def _answers(session: Session, index: int, item: ItemReport) -> str:
    parts = []
    for turn in session.item_turns(index):
        if turn.answer is None:
            continue
        marks = [
            (f"q-{index}-{entry.criterion.id}", entry.verdict.quote, entry.verdict.verdict)
            for entry in item.criteria
            if entry.verdict.quote and entry.verdict.turn_id in (turn.id, None)
        ]
        marks += [
            (f"m-{index}-{each.finding.misconception_id}", each.finding.quote, "missed")
            for each in item.misconceptions
            if each.finding.turn_id in (turn.id, None)
        ]
        parts.append(
            f'<p class="asked">{text_html(_short(turn.question.text, 240))}</p>'
            f'<div class="typed">{marked(turn.answer, marks)}</div>'
        )
    return "".join(parts) or "<p>No answer.</p>"


def _model_answer(
    session: Session, index: int, item: ItemReport, documents: Mapping[str, Document]
) -> str:
    if not item.model_answer:
        return ""
    own = next((turn.answer for turn in session.item_turns(index) if turn.answer), "")
    reading = "".join(passage_details(each, documents) for each in item.references)
    return (
        '<details class="model"><summary>A model answer beside your own</summary><div class="pair">'
        f"<div><h4>A principal’s answer</h4><div "
        f'class="words">{markdown_html(item.model_answer)}</div>'
        f"{reading}</div>"
        f'<div><h4>Your first answer</h4><div class="typed">{text_html(own)}</div></div>'
        "</div></details>"
    )


# --- pieces ------------------------------------------------------------------------------------


def passage_details(citation: Citation, documents: Mapping[str, Document]) -> str:
    """The cited passage, to open in place; its name alone where the document is gone."""
    passage = find_passage(documents, citation)
    if passage is None:
        return f'<p class="reading">Read: {text_html(str(citation))}</p>'
    return (
        '<details class="reading"><summary>Read: '
        f"{text_html(passage.document_title)} › {text_html(passage.heading)}</summary>"
        f'<div class="words">{passage_html(passage.text)}</div></details>'
    )


def marked(answer: str, marks: Sequence[tuple[str, str, str]]) -> str:
    """The answer with its quotes marked; `marks` holds id, quote and verdict of each.

    Where quotes overlap, the shared piece belongs to all of them; the id stands where its quote
    begins.
    """
    spans = []
    for name, quote, verdict in marks:
        exact = quote if quote in answer else find_quote(quote, answer)
        if exact:
            start = answer.index(exact)
            spans.append((start, start + len(exact), name, verdict))
    cuts = sorted({0, len(answer), *(s for s, *_ in spans), *(e for _, e, *_ in spans)})
    parts: list[str] = []
    for start, end in pairwise(cuts):
        text = text_html(answer[start:end])
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        if not over:
            parts.append(text)
            continue
        kind = min((span[3] for span in over), key=("missed", "met", "partial").index)
        piece = f'<mark class="{kind}">{text}</mark>'
        for span in sorted(over, key=lambda each: each[1] - each[0]):
            if span[0] == start:
                piece = f'<span class="at" id="{text_html(span[2])}">{piece}</span>'
        parts.append(piece)
    return "".join(parts)


def _turn_name(turn: Turn) -> str:
    names = {"opening": "Opening.", "probe": "Probe.", "challenge": "Challenge.", "flip": "Change."}
    stage = f" {turn.question.dimension.capitalize()}." if turn.question.dimension else ""
    return names[turn.question.kind] + stage


def _short(text: str, most: int = 320) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
