"""The feedback on one item: stages, wrong claims, each point beside the answers, model answer."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.content import Document, Rubric
from app.domain.session import Session
from app.feedback.charts import bar, radar
from app.feedback.pieces_html import marked, passage_details, shortened
from app.feedback.rendering import markdown_html, text_html
from app.feedback.report import CriterionReport, ItemReport
from app.feedback.shape import shape
from app.feedback.transcript import MARKS, level_text, verdict_text


def item_html(
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
        f"{text_html(shortened(each.finding.quote))}</a></blockquote>"
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
            f"{text_html(shortened(verdict.quote))}”</a></p>"
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
            f'<p class="asked">{text_html(shortened(turn.question.text, 240))}</p>'
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
