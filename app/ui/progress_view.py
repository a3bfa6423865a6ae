"""Progress over time as HTML: pure functions over `app.feedback.progress`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.assessment import TARGET_LEVELS
from app.domain.content import Document
from app.feedback.charts import bar, spark
from app.feedback.pieces_html import passage_details
from app.feedback.progress import Point, Practised, Progress, Weakness
from app.feedback.rendering import text_html
from app.ui.view import KINDS, topic_name

EMPTY = (
    '<div class="empty"><h3>Nothing to compare yet</h3><p>Finish one interview and its levels '
    "appear "
    "here; after the second you see a direction. Two short ones a week show more than a long one a "
    'month.</p><button type="button" class="go" data-action="choose">Choose a '
    "question</button></div>"
)


def progress_html(found: Progress, documents: Mapping[str, Document], capped: bool = False) -> str:
    """Levels over time by stage and topic, the weakest points, and what was practised."""
    if not found.points:
        return EMPTY
    note = f'<p class="sub">The newest {len(found.points)} finished interviews.</p>' * capped
    return (
        '<div class="report progress">'
        f"<section><h2>Progress</h2>{note}{_overall(found.points)}</section>"
        f"<section><h3>By stage</h3>{_stages(found)}</section>"
        f"<section><h3>By topic</h3>{_topics(found.points)}</section>"
        f"{_weakest(found.weakest, documents)}{_coverage(found)}</div>"
    )


def _overall(points: Sequence[Point]) -> str:
    newest = points[-1]
    levels = [point.level for point in points]
    rows = "".join(
        f"<tr><td>{point.at:%d %b %Y}</td><td>{text_html(point.title)}</td>"
        f"<td>{point.target}</td><td>{point.level or 'no level'}</td></tr>"
        for point in reversed(points)
    )
    return (
        f'<div class="trend wide">{spark(levels, TARGET_LEVELS[newest.target], wide=True)}'
        f'<p class="sub">Overall level, oldest to newest; the dashed line is the {newest.target} '
        f"role."
        "</p></div>"
        "<details><summary>The same as a table</summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Levels over '
        'time"><table><thead><tr>'
        '<th scope="col">Date</th><th scope="col">Interview</th><th scope="col">Role</th>'
        f'<th scope="col">Level</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


def _stages(found: Progress) -> str:
    return _trends(
        [
            (title, [point.stages.get(name) for point in found.points])
            for name, title in found.stage_titles.items()
        ]
    )


def _topics(points: Sequence[Point]) -> str:
    names = sorted({name for point in points for name in point.topics})
    return _trends(
        [(topic_name(name), [point.topics.get(name) for point in points]) for name in names]
    )


def _trends(series: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    cells = ""
    for title, levels in series:
        known = [each for each in levels if each is not None]
        if not known:
            continue
        change = (
            f"{known[0]:g} → {known[-1]:g} over {len(known)} interviews"
            if len(known) > 1
            else f"{known[-1]:g}, once so far"
        )
        cells += (
            f'<li class="trend"><p><strong>{text_html(title)}</strong></p>{spark(levels)}'
            f'<p class="sub">{change}</p></li>'
        )
    return f'<ul class="trends">{cells}</ul>'


def _weakest(weakest: Sequence[Weakness], documents: Mapping[str, Document]) -> str:
    if not weakest:
        return ""
    items = "".join(
        f"<li><p><strong>{text_html(each.statement)}</strong></p>"
        f'<p class="sub">{text_html(each.asked_in)} · graded {_times(each.graded)}, credit '
        f"{each.credit:.0%}</p><p>{text_html(each.why)}</p>"
        f"{passage_details(each.source, documents)}"
        f'<button type="button" class="link" data-action="choose" '
        f'data-item="{text_html(each.item_id)}">Practise this question</button></li>'
        for each in weakest
    )
    return f'<section class="weak"><h3>Weakest points</h3><ol>{items}</ol></section>'


def _coverage(found: Progress) -> str:
    groups = ""
    for kind, name in KINDS.items():
        items = [each for each in found.practised if each.kind == kind]
        if items:
            rows = "".join(_practised(each) for each in items)
            done = sum(each.times > 0 for each in items)
            groups += (
                f"<details><summary>{name}: {done} of {len(items)} "
                f"{bar(done / len(items))}</summary><ul>{rows}</ul></details>"
            )
    done = sum(each.times > 0 for each in found.practised)
    return (
        f'<section class="coverage"><h3>Checklist</h3><p class="sub">{done} of '
        f"{len(found.practised)} "
        f"questions practised at least once ({found.coverage:.0%}).</p>{groups}</section>"
    )


def _practised(each: Practised) -> str:
    mark = "✓" if each.times else "○"
    best = f"best level {each.best}" if each.best else ("no level yet" if each.times else "")
    times = _times(each.times) if each.times else "not yet"
    return (
        f'<li><span aria-hidden="true">{mark}</span> {text_html(each.title)} '
        f'<span class="sub">{times}{" · " + best if best else ""}</span> '
        f'<button type="button" class="link" data-action="choose" '
        f'data-item="{text_html(each.item_id)}">Practise</button></li>'
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
