"""What one candidate may use up: enough for anyone who practises, and not more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.session import ModelUse, Session
from app.errors import UsageError
from app.interview.budget import Budget, check_message, check_start
from app.sessions.events import ModelCalled, SessionEvent, TurnReopened, fold
from app.sessions.store import SessionStore
from tests.factories import answered, asked, moment, started

BUDGET = Budget(sessions_an_hour=2, messages_a_minute=3, session_tokens=100)


def told(*events: SessionEvent) -> tuple[Session, list[SessionEvent]]:
    whole = [started(), asked(), *events]
    return fold("s", whole), whole


def spent(prompt: int | None, completion: int | None = None, characters: int = 0) -> ModelCalled:
    use = ModelUse(
        purpose="interviewer",
        model="m",
        outcome="ok",
        prompt_characters=characters,
        prompt_tokens=prompt,
        completion_tokens=completion,
        seconds=1.0,
    )
    return ModelCalled(at=moment(2), use=use, prompt="", reply="")


def test_too_many_messages_within_a_minute_are_refused_until_it_is_over() -> None:
    session, events = told(
        answered("one", seconds=10),
        TurnReopened(at=moment(20), turn_id="t1"),
        answered("two", seconds=30),
    )
    with pytest.raises(UsageError, match="still in the box"):
        check_message(session, events, moment(40), BUDGET)
    check_message(session, events, moment(71), BUDGET)


def test_messages_of_a_clock_that_ran_ahead_do_not_lock_the_session() -> None:
    session, events = told(*(answered(str(n), seconds=9_000) for n in range(9)))
    check_message(session, events, moment(40), BUDGET)


@pytest.mark.parametrize("calls", [[spent(60, 50)], [spent(60), spent(60)], [spent(None, 1, 400)]])
def test_a_session_that_has_used_up_its_tokens_is_told_to_end(calls: list[ModelCalled]) -> None:
    session, events = told(*calls)
    with pytest.raises(UsageError, match="End it"):
        check_message(session, events, moment(40), BUDGET)


def test_below_the_bounds_nothing_is_refused() -> None:
    session, events = told(spent(60, 39), answered("one"), answered("two"))
    check_message(session, events, moment(3), BUDGET)


def test_interviews_within_an_hour_are_counted_for_each_user(tmp_path: Path) -> None:
    store = SessionStore(f"sqlite:///{tmp_path / 'sessions.db'}")
    for number in range(2):
        store.create(f"s{number}", started(user="ann", at=moment(number)))
    with pytest.raises(UsageError, match="within the last hour"):
        check_start(store, "ann", moment(60), BUDGET)
    check_start(store, "bob", moment(60), BUDGET)
    check_start(store, "ann", moment(60) + timedelta(hours=1), BUDGET)
    store.close()
