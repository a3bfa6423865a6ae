"""Small domain values for tests: valid, and no larger than they must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.domain.content import Citation, Criterion, Dimension, Fact, Item, Rubric
from app.domain.session import Plan, PlannedItem, Question
from app.sessions.events import AnswerGiven, QuestionAsked, SessionStarted

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def moment(seconds: float = 0.0) -> datetime:
    """A moment of the tests' clock, counted from its start."""
    return START + timedelta(seconds=seconds)


def tiny_rubric(rubric_id: str = "tiny-rubric") -> Rubric:
    """Two dimensions of one criterion each."""
    source = Citation(document="alerts", heading="Noise")

    def criterion(name: str, dimension: str) -> Criterion:
        return Criterion(
            id=name,
            dimension=dimension,
            tier="must",
            statement=f"Says {name}",
            counts="says so with a reason",
            does_not_count="names it only",
            why="It decides the design.",
            terms=(("dedupe", "deduplicate"),),
            meets=("We deduplicate by fingerprint.", "Same fingerprint, one alert."),
            near_misses=("Alerts are noisy.", "We buy a tool."),
            source=source,
        )

    return Rubric(
        id=rubric_id,
        title="Tiny rubric",
        kind="topic",
        dimensions=tuple(
            Dimension(id=name, title=name.title(), anchors={1: "none", 3: "some", 5: "all"})
            for name in ("depth", "clarity")
        ),
        criteria=(criterion("dedupe", "depth"), criterion("plain", "clarity")),
    )


def tiny_item(item_id: str = "tiny-item", title: str = "Alert noise", minutes: int = 5) -> Item:
    """An item of kind `topic` with one hidden fact."""
    return Item(
        id=item_id,
        kind="topic",
        title=title,
        topics=("alerting",),
        opening="How do you cut alert noise?",
        rubric="tiny-rubric",
        minutes=minutes,
        facts=(
            Fact(
                id="volume",
                question="How many alerts are there?",
                answer="Forty thousand a day.",
                matters=True,
                why="It rules out review by hand.",
            ),
        ),
    )


def tiny_plan(*items: Item, title: str = "Tiny plan", kind: str = "topic") -> Plan:
    """A plan over the items, or over one tiny item."""
    rubric = tiny_rubric()
    return Plan.model_validate(
        {
            "id": "tiny-plan",
            "title": title,
            "kind": kind,
            "level": "staff",
            "minutes": 10,
            "items": tuple(
                PlannedItem(
                    item=item, rubric=rubric, rubric_hash=rubric.content_hash, max_answers=2
                )
                for item in items or (tiny_item(),)
            ),
        }
    )


def started(
    plan: Plan | None = None, *, user: str = "", at: datetime = START, level: str = "staff"
) -> SessionStarted:
    """The first event of a session."""
    chosen = (plan or tiny_plan()).model_copy(update={"level": level})
    return SessionStarted(
        at=at,
        app_version="0.1.0",
        user=user,
        plan=chosen,
        interviewer="scripted",
        grader="embedded",
        prompt_versions={"interviewer": "1"},
    )


def asked(turn_id: str = "t1", *, seconds: float = 1.0, text: str = "How?") -> QuestionAsked:
    """An opening question."""
    return QuestionAsked(
        at=moment(seconds),
        turn_id=turn_id,
        item_index=0,
        question=Question(kind="opening", text=text),
    )


def answered(text: str, turn_id: str = "t1", *, seconds: float = 2.0) -> AnswerGiven:
    """An answer to the question of that turn."""
    return AnswerGiven(at=moment(seconds), turn_id=turn_id, text=text)
