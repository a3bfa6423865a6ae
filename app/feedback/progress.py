"""How practice goes over time: levels by stage and topic, weakest points, what was practised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.domain.content import Citation, Item, SeniorityLevel, Value
from app.domain.session import Session
from app.feedback.report import Report, make_report

WEAKEST = 5


class Point(Value):
    """One finished session: the overall level, and the level of each stage and topic graded."""

    session_id: str
    at: datetime
    title: str
    kind: str
    target: SeniorityLevel
    level: int | None
    stages: dict[str, float]
    topics: dict[str, float]


class Weakness(Value):
    """A criterion and how often it was missed of the times it was graded."""

    criterion_id: str
    statement: str
    why: str
    asked_in: str
    item_id: str
    source: Citation
    graded: int
    credit: float


class Practised(Value):
    """One item of the catalog: how often it was practised, and the best level so far."""

    item_id: str
    title: str
    kind: str
    times: int
    best: int | None


class Progress(Value):
    """Everything that the progress page shows."""

    points: tuple[Point, ...]
    stage_titles: dict[str, str]
    weakest: tuple[Weakness, ...]
    practised: tuple[Practised, ...]

    @property
    def coverage(self) -> float:
        """Share of the catalog's items practised at least once."""
        done = sum(each.times > 0 for each in self.practised)
        return done / len(self.practised) if self.practised else 0.0


def progress(sessions: Iterable[Session], items: Iterable[Item]) -> Progress:
    """Progress over finished sessions, oldest first; sessions without an answer are left out."""
    finished = sorted(
        (each for each in sessions if each.status == "finished"), key=lambda one: one.started_at
    )
    pairs = [(each, make_report(each)) for each in finished]
    pairs = [(each, report) for each, report in pairs if any(i.answers for i in report.items)]
    reports = [report for _, report in pairs]
    return Progress(
        points=tuple(_point(session, report) for session, report in pairs),
        stage_titles=_titles(session for session, _ in pairs),
        weakest=_weakest(reports),
        practised=_practised(reports, items),
    )


def _point(session: Session, report: Report) -> Point:
    stages: defaultdict[str, list[int]] = defaultdict(list)
    topics: defaultdict[str, list[int]] = defaultdict(list)
    topics_of = {each.item.id: each.item.topics for each in session.plan.items}
    for item in report.items:
        for part in item.assessment.dimensions:
            if part.level is not None:
                stages[part.dimension].append(part.level)
        if item.assessment.level is not None:
            for topic in topics_of[item.item_id]:
                topics[topic].append(item.assessment.level)
    return Point(
        session_id=session.id,
        at=session.started_at,
        title=session.plan.title,
        kind=session.plan.kind,
        target=session.plan.level,
        level=report.level,
        stages=_means(stages),
        topics=_means(topics),
    )


def _means(levels: dict[str, list[int]]) -> dict[str, float]:
    return {name: sum(each) / len(each) for name, each in levels.items()}


def _titles(sessions: Iterable[Session]) -> dict[str, str]:
    return {
        dimension.id: dimension.title
        for session in sessions
        for planned in session.plan.items
        for dimension in planned.rubric.dimensions
    }


def _weakest(reports: Sequence[Report]) -> tuple[Weakness, ...]:
    """Criteria with the least credit, those missed most often first; unscored ones do not count."""
    credits: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    newest = {}
    worth = {"met": 1.0, "partial": 0.5, "missed": 0.0}
    for report in reports:
        for item in report.items:
            for entry in item.criteria:
                if entry.verdict.verdict in worth:
                    key = (item.item_id, entry.criterion.id)
                    credits[key].append(worth[entry.verdict.verdict])
                    newest[key] = (item, entry.criterion)
    order = {"must": 0, "should": 1, "stretch": 2}
    weak = sorted(
        (key for key, each in credits.items() if sum(each) / len(each) < 0.5),
        key=lambda key: (
            -sum(1.0 - credit for credit in credits[key]),
            order[newest[key][1].tier],
            key,
        ),
    )
    return tuple(
        Weakness(
            criterion_id=key[1],
            statement=newest[key][1].statement,
            why=newest[key][1].why,
            asked_in=newest[key][0].title,
            item_id=key[0],
            source=newest[key][1].source,
            graded=len(credits[key]),
            credit=sum(credits[key]) / len(credits[key]),
        )
        for key in weak[:WEAKEST]
    )


def _practised(reports: Sequence[Report], items: Iterable[Item]) -> tuple[Practised, ...]:
    levels: defaultdict[str, list[int | None]] = defaultdict(list)
    for report in reports:
        for item in report.items:
            if item.answers:
                levels[item.item_id].append(item.assessment.level)
    return tuple(
        Practised(
            item_id=item.id,
            title=item.title,
            kind=item.kind,
            times=len(levels[item.id]),
            best=max((each for each in levels[item.id] if each is not None), default=None),
        )
        for item in items
    )
