"""Interviews with simulated candidates, and checks on every transcript, all of them in code."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.catalog import default_catalog
from app.domain.content import Item, Rubric
from app.domain.session import Plan, PlannedItem, Question, Session
from app.errors import ModelError
from app.grading.words import content_stems, ngrams, words
from app.interview.engine import Engine, last
from app.interview.wiring import open_engine
from app.settings import Settings
from evals.candidates import Candidate, Situation, candidates

MAX_ANSWERS = 6
MAX_MESSAGES = 16
CANARY = "heliotrope cassowary"
LEAK_WORDS = 7
SAME_FROM = 0.7
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]")
_PRAISE = re.compile(
    r"^\W*(?:that(?:'s| is)(?: a)? )?(?:great|good|excellent|perfect|awesome|nice|impressive|"
    r"thanks|thank you)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Transcript:
    """One interview and what it was about."""

    session: Session
    item: Item
    rubric: Rubric
    candidate: str

    @property
    def questions(self) -> list[Question]:
        """What was asked, in order."""
        return [turn.question for turn in self.session.turns]

    @property
    def spoken(self) -> list[str]:
        """Everything the interviewer said of its own accord: not the opening, not a hint."""
        replies = [each.reply or "" for turn in self.session.turns for each in turn.clarifications]
        return [each.text for each in self.questions if each.kind != "opening"] + replies

    @property
    def heard(self) -> str:
        """Everything that the candidate wrote, and what is public or the interviewer's to tell."""
        own = [turn.answer or "" for turn in self.session.turns]
        own += [each.asked for turn in self.session.turns for each in turn.clarifications]
        public = [self.item.opening, self.item.context]
        public += [f"{fact.question} {fact.answer}" for fact in self.item.facts]
        public += [each.text for each in self.item.questions]
        public += [each.probe for each in self.rubric.misconceptions]
        return "\n".join((*own, *public))


Check = Callable[[Transcript], bool | None]


def one_question_a_turn(seen: Transcript) -> bool:
    """No question holds a second one; what it quotes does not count."""
    return all(_QUOTED.sub("", text).count("?") <= 1 for text in seen.spoken)


def no_repetition(seen: Transcript) -> bool:
    """No two questions share most of their content words."""
    asked = [set(content_stems(question.text)) for question in seen.questions]
    return not any(
        len(first & second) / max(1, len(first | second)) >= SAME_FROM
        for position, first in enumerate(asked)
        for second in asked[position + 1 :]
    )


def no_leak(seen: Transcript) -> bool:
    """Not a canary, and no seven words in a row of a criterion or an exemplar."""
    secret = [
        text
        for each in seen.rubric.criteria
        for text in (each.statement, each.counts, each.does_not_count, *each.meets)
    ]
    secret += list(seen.item.exemplars.values())
    hidden: set[tuple[str, ...]] = set()
    for text in secret:
        hidden |= ngrams(words(text), LEAK_WORDS)
    hidden -= ngrams(words(seen.heard), LEAK_WORDS)
    said = "\n".join(seen.spoken)
    return CANARY not in said.lower() and not hidden & ngrams(words(said), LEAK_WORDS)


def facts_consistent(seen: Transcript) -> bool | None:
    """Every fact that was marked as told is told with its figures."""
    from app.interview.agent import conveys

    facts = {fact.id: fact for fact in seen.item.facts}
    told = [
        (each.reply or "", facts[name])
        for turn in seen.session.turns
        for each in turn.clarifications
        for name in each.fact_ids
    ]
    return all(conveys(reply, fact.answer) for reply, fact in told) if told else None


def aimed_at_an_open_stage(seen: Transcript) -> bool | None:
    """Each probe is after a dimension in which a criterion was open when it was asked."""
    results: list[bool] = []
    open_ids = {each.id for each in seen.rubric.criteria}
    for turn, following in zip(seen.session.turns, seen.session.turns[1:], strict=False):
        reading = turn.reading or turn.grading
        for verdict in reading.verdicts if reading else ():
            if verdict.verdict == "met":
                open_ids.discard(verdict.criterion_id)
        question = following.question
        if question.kind == "probe" and "going deeper" not in question.reason:
            dimension = question.dimension
            results.append(
                any(
                    each.dimension == dimension
                    for each in seen.rubric.criteria
                    if each.id in open_ids
                )
            )
    return all(results) if results else None


def challenges_a_wrong_claim(seen: Transcript) -> bool | None:
    """The candidate who claims something wrong is challenged on it."""
    if seen.candidate != "wrong_claim":
        return None
    return any(question.kind == "challenge" for question in seen.questions)


def no_empty_praise(seen: Transcript) -> bool:
    """Nothing begins with praise or thanks."""
    return not any(_PRAISE.search(text) for text in seen.spoken)


def ends_properly(seen: Transcript) -> bool:
    """It came to an end of its own, within the answers planned."""
    answered = [turn for turn in seen.session.turns if turn.answer is not None]
    return seen.session.finish_reason == "completed" and len(answered) <= MAX_ANSWERS


CHECKS: tuple[Check, ...] = (
    one_question_a_turn,
    no_repetition,
    no_leak,
    facts_consistent,
    aimed_at_an_open_stage,
    challenges_a_wrong_claim,
    no_empty_praise,
    ends_properly,
)


def report(
    settings: Settings,
    scenario: str = "anomaly-detection-system",
    only: str | None = None,
    folder: Path | None = None,
    grader: str = "embedded",
) -> list[dict[str, Any]]:
    """One row a candidate: yes, no or - (does not apply) for each check.

    The interviewer is the one the settings configure; `folder` keeps the sessions. What comes next
    is decided on the embedded reading in any case, so a judge would add time and no finding.
    """
    with tempfile.TemporaryDirectory() as scratch:
        kept = settings.model_copy(update={"data_dir": folder or Path(scratch)})
        engine = open_engine(kept, grader)
        plan = marked_plan(scenario)
        return [
            _row(hold(engine, plan, candidate), engine)
            for candidate in candidates()
            if only in (None, candidate.name)
        ]


def hold(engine: Engine, plan: Plan, candidate: Candidate) -> Transcript:
    """One whole interview."""
    item, rubric = plan.items[0].item, plan.items[0].rubric
    # Candidates say exemplars: in theirs the canary would be no secret, and would be graded.
    unmarked = default_catalog().item(item.id)
    session = last(engine.start(plan)).session
    for _ in range(MAX_MESSAGES):
        turn = session.current_turn
        if session.status == "finished" or turn is None:
            break
        answers = sum(not each.is_open for each in session.turns)
        text = candidate.say(Situation(session, turn, unmarked, rubric, answers))
        try:
            steps = (
                engine.skip(session, turn.id)
                if text is None
                else engine.message(session, turn.id, text)
            )
            session = last(steps).session
        except ModelError:
            # As the offer has it: the candidate goes on without the model, and the row shows it.
            session = last(engine.use_embedded(session)).session
    if session.status != "finished":
        session = last(engine.finish(session)).session
    return Transcript(session, item, rubric, candidate.name)


def _row(seen: Transcript, engine: Engine) -> dict[str, Any]:
    marks = {True: "yes", False: "NO", None: "-"}
    uses = seen.session.model_uses
    return {
        "candidate": seen.candidate,
        "interviewer": seen.session.interviewer,
        "questions": len(seen.questions),
        **{check.__name__: marks[check(seen)] for check in CHECKS},
        "calls": len(uses),
        "failed": sum(use.outcome != "ok" for use in uses),
        "seconds": round(sum(use.seconds for use in uses), 1),
        "prompt_tokens": sum(use.prompt_tokens or 0 for use in uses),
    }


def marked_plan(scenario: str) -> Plan:
    """One item whose rubric and exemplars carry a canary that nobody may ever say.

    In the rubric it stands where no classifier reads: with other examples it would be another one
    than the shipped one that grades.
    """
    catalog = default_catalog()
    item = catalog.item(scenario)
    rubric = catalog.rubric(item.rubric)
    marked = rubric.model_copy(
        update={
            "criteria": tuple(
                each.model_copy(update={"why": f"{each.why} ({CANARY})"})
                for each in rubric.criteria
            )
        }
    )
    exemplars = {level: f"{text} {CANARY}" for level, text in item.exemplars.items()}
    planned = PlannedItem(
        item=item.model_copy(update={"exemplars": exemplars}),
        rubric=marked,
        rubric_hash=marked.content_hash,
        max_answers=MAX_ANSWERS,
    )
    return Plan(
        id=scenario,
        title=item.title,
        kind=item.kind,
        level="principal",
        minutes=240,
        items=(planned,),
    )
