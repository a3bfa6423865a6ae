"""Every act of the page on a session whose budget is used up: none reaches the model."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.catalog import default_catalog
from app.domain.assessment import CriterionVerdict, Grading
from app.domain.session import ModelUse
from app.errors import InterviewError
from app.grading.grader import GradingRequest
from app.grading.judge import Judgement
from app.interview.budget import Budget
from app.interview.engine import Engine
from app.interview.graders import Embedded
from app.interview.interviewer import Spoken, Utterance
from app.sessions.events import ModelCalled, SessionEvent, SessionFinished, TimerPaused
from app.sessions.store import SessionStore
from app.ui.page import Page
from tests.factories import answered, asked, moment, started

ARGUMENTS = {"session_id": "s", "turn_id": "t1", "text": "We deduplicate.", "user": None}
ACTS = sorted(
    name
    for name, act in inspect.getmembers(Page, inspect.isfunction)
    if not name.startswith("_") and "session_id" in inspect.signature(act).parameters
)
CALLING = {"finish", "grade_pending", "resume", "send", "skip"}
NEVER_REFUSED = {"finish"}
"""The refusal tells to end the interview, and what is graded then was admitted before."""
SPENT = ModelCalled(
    at=moment(),
    use=ModelUse(
        purpose="interviewer",
        model="m",
        outcome="ok",
        prompt_characters=0,
        prompt_tokens=1000,
        seconds=1.0,
    ),
    prompt="",
    reply="",
)
STANDS: dict[str, list[SessionEvent]] = {
    "the first question is owed": [],
    "a question is open": [asked()],
    "the clock is paused": [asked(), TimerPaused(at=moment(2))],
    "a reply is owed": [asked(), answered("We group alerts.")],
    "an answer before has no grade": [
        asked("t0"),
        answered("We group alerts.", "t0"),
        asked(seconds=3),
    ],
    "it ended without a grade": [
        asked(),
        answered("We group alerts."),
        SessionFinished(at=moment(3), reason="ended_by_candidate"),
    ],
}


class Parts:
    """An interviewer and a grader that count what is asked of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0

    def _speak(self, *_: object) -> Iterator[Utterance]:
        self.calls += 1
        yield Spoken("And then?")

    open_item = clarify = ask = _speak

    def stop(self, session_id: str) -> None:
        """Nothing is ever under way here."""

    def grade(self, request: GradingRequest) -> Grading:
        self.calls += 1
        verdicts = tuple(
            CriterionVerdict(criterion_id=each.id, rationale="not said", verdict="missed")
            for each in request.criteria
        )
        return Grading(grader=self.name, verdicts=verdicts)

    def judge(self, request: GradingRequest, turn_id: str | None = None) -> Judgement:
        return Judgement(self.grade(request))


def outcome(act: str, stand: str, budget: Budget, folder: Path) -> tuple[int, str]:
    """How often an act calls the model where the session stands like this, and what it is told."""
    model, plain = Parts("model"), Parts("embedded")
    store = SessionStore(f"sqlite:///{folder / str(len(list(folder.iterdir())))}.db")
    store.append(store.create("s", started()), [SPENT, *STANDS[stand]])
    engine = Engine(store, model, model, embedded=Embedded(plain, plain))
    page = Page(engine, default_catalog(), budget)
    method, told = getattr(page, act), ""
    try:
        done = method(**{name: ARGUMENTS[name] for name in inspect.signature(method).parameters})
        if isinstance(done, Iterator):
            list(done)
    except InterviewError as error:  # not every act fits wherever a session stands
        told = str(error)
    assert engine.graders.judging is not None
    engine.graders.judging.wait("s")
    page.close()
    store.close()
    return model.calls, told


@pytest.mark.parametrize("act", ACTS)
def test_an_act_that_would_call_the_model_is_refused_without_budget(
    act: str, tmp_path: Path
) -> None:
    calls_in_all = 0
    for stand in STANDS:
        calls, _ = outcome(act, stand, Budget(), tmp_path)
        calls_in_all += calls
        calls_without, told = outcome(act, stand, Budget(session_tokens=1), tmp_path)
        if act in NEVER_REFUSED:
            assert "which is the most" not in told, stand
        else:
            assert calls_without == 0, stand
            assert not calls or "which is the most" in told, stand
    assert bool(calls_in_all) == (act in CALLING), "else nothing was proved"
