"""A quick grader, a plain interviewer and what must hold for any session they leave behind."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from app.domain.assessment import CriterionVerdict, Grading, Verdict
from app.domain.content import ConstraintFlip, FollowUp, Item
from app.domain.session import Clarification, FollowUpDecision, Plan, PlannedItem, Session
from app.grading.grader import GradingRequest
from app.interview.interviewer import Spoken, Utterance
from app.sessions.events import (
    AnswerGiven,
    AnswerGraded,
    ClarificationAsked,
    ClarificationGiven,
    QuestionAsked,
    SessionEvent,
    SessionFinished,
    TurnReopened,
    fold,
)
from tests.factories import tiny_item, tiny_plan

Announce = Callable[[str], None]


def silent(stage: str) -> None:
    """For players that nobody kills."""


def plan(max_answers: int = 4, minutes: int = 600) -> Plan:
    """Two items, each with an opening, follow-ups, a changed requirement and hints."""
    made = tiny_plan(_item("first"), _item("second"))
    items = tuple(each.model_copy(update={"max_answers": max_answers}) for each in made.items)
    return made.model_copy(update={"items": items, "minutes": minutes})


def _item(name: str) -> Item:
    probes = (("depth", "dedupe"), ("clarity", "plain"), ("depth", "dedupe"), ("clarity", "plain"))
    return tiny_item(name, f"The {name} item").model_copy(
        update={
            "opening": f"How do you cut alert noise in the {name} system?",
            "follow_ups": tuple(
                FollowUp(
                    id=f"{name}_{number}",
                    dimension=dimension,
                    probes=(criterion,),
                    when="always",
                    text=f"What about {dimension} of the {name} system, part {number}?",
                    good_points=("A reason.",),
                )
                for number, (dimension, criterion) in enumerate(probes)
            ),
            "flips": (
                ConstraintFlip(
                    id=f"{name}_flip",
                    dimension="depth",
                    text=f"The {name} system doubles. What changes?",
                    good_points=("A reason.",),
                ),
            ),
            "hints": dict.fromkeys(("depth", "clarity"), ("Think.", "Think of it.", "Say it.")),
        }
    )


class QuickGrader:
    """Verdicts that depend on the words alone; none of them needs a model."""

    name = "quick"

    def __init__(self, announce: Announce = silent) -> None:
        self._announce = announce

    def grade(self, request: GradingRequest) -> Grading:
        """Half of the criteria are met, a quarter partly, by a checksum of answer and criterion."""
        self._announce("grading")
        choices: tuple[Verdict, ...] = ("met", "met", "partial", "missed")
        verdicts: list[CriterionVerdict] = []
        for criterion in request.criteria:
            key = f"{criterion.id}{request.answer}".encode("utf-8", "surrogatepass")
            verdict = choices[zlib.crc32(key) % 4]
            quote = "" if verdict == "missed" else request.answer.strip()[:20]
            verdicts.append(
                CriterionVerdict(
                    criterion_id=criterion.id, quote=quote, rationale="Checksum.", verdict=verdict
                )
            )
        return Grading(grader=self.name, verdicts=tuple(verdicts))


class PlainInterviewer:
    """Says the author's words, one at a time."""

    name = "plain"

    def __init__(self, announce: Announce = silent) -> None:
        self._announce = announce

    def stop(self, session_id: str) -> None:
        """Nothing to stop."""

    def open_item(self, session: Session, planned: PlannedItem) -> Iterator[Utterance]:
        """The opening."""
        yield from self._words(planned.item.opening)

    def clarify(self, session: Session, clarification: Clarification) -> Iterator[Utterance]:
        """The same reply to everything."""
        yield from self._words("State the assumption you would make and go on.")

    def ask(self, session: Session, decision: FollowUpDecision) -> Iterator[Utterance]:
        """The decided question."""
        yield from self._words(decision.text)

    def _words(self, text: str) -> Iterator[Utterance]:
        self._announce("before the question")
        first, _, rest = text.partition(" ")
        yield Spoken(first)
        self._announce("mid-question")
        yield Spoken(f" {rest}" if rest else "")


def faults(session: Session, events: Sequence[SessionEvent], *, at_rest: bool = True) -> list[str]:
    """What is wrong with a stored session: lost, doubled or out of order; nothing if all holds.

    `at_rest` False allows what a crash leaves behind: an answer that has no grade yet.
    """
    found: list[str] = []
    if fold(session.id, events) != session:
        found.append("the stored events do not fold to the loaded state")
    answers: Counter[str] = Counter()
    grades: Counter[str] = Counter()
    replies: Counter[str] = Counter()
    open_turn: str | None = None
    asked: set[str] = set()
    clarifications: set[str] = set()
    finished = False
    for event in events:
        match event:
            case QuestionAsked(turn_id=turn_id):
                if open_turn is not None and answers[open_turn] > grades[open_turn]:
                    found.append(f"{turn_id} was asked before {open_turn} was graded")
                if turn_id in asked:
                    found.append(f"turn {turn_id} was asked twice")
                asked.add(turn_id)
                open_turn = turn_id
            case AnswerGiven(turn_id=turn_id):
                answers[turn_id] += 1
                if answers[turn_id] > 1:
                    found.append(f"turn {turn_id} was answered twice")
                if turn_id != open_turn:
                    found.append(f"{turn_id} was answered while {open_turn} was in question")
            case AnswerGraded(turn_id=turn_id, provisional=False):
                grades[turn_id] += 1
                if grades[turn_id] > answers[turn_id]:
                    found.append(f"turn {turn_id} has more grades than answers")
            case ClarificationAsked(clarification_id=name):
                clarifications.add(name)
            case ClarificationGiven(clarification_id=name):
                replies[name] += 1
                if replies[name] > 1 or name not in clarifications:
                    found.append(f"clarification {name} was answered twice or never asked")
            case TurnReopened(turn_id=turn_id):
                answers[turn_id] = grades[turn_id] = 0
                open_turn = turn_id
                finished = False
            case SessionFinished():
                if finished:
                    found.append("the session was finished twice")
                finished = True
            case _:
                pass
    for turn in session.turns:
        if turn.grading is not None if turn.answer is None else at_rest and turn.grading is None:
            found.append(f"turn {turn.id}: answer and grade do not come together")
    texts = Counter((turn.item_index, turn.question.text) for turn in session.turns)
    found += [f"asked twice: {text[:60]}" for (_, text), count in texts.items() if count > 1]
    return found
