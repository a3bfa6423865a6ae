"""Bounds on what one candidate may use up, read from the events alone, so that replicas agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.domain.content import Value
from app.domain.session import ModelUse, Session
from app.errors import UsageError
from app.sessions.events import (
    AnswerGiven,
    ClarificationAsked,
    SessionEvent,
    TurnReopened,
)
from app.sessions.store import SessionStore

CHARACTERS_A_TOKEN = 4
"""For calls whose server reported no usage."""


class Budget(Value):
    """What the page allows; the defaults never meet a person who practises."""

    sessions_an_hour: int = 30
    messages_a_minute: int = 20
    session_tokens: int = 400_000


def check_start(store: SessionStore, user: str | None, now: datetime, budget: Budget) -> None:
    """UsageError if this user has begun too many interviews within the last hour."""
    since = now - timedelta(hours=1)
    begun = store.list(user=user, since=since, limit=budget.sessions_an_hour).rows
    if len(begun) >= budget.sessions_an_hour:
        raise UsageError(
            f"{len(begun)} interviews were begun within the last hour, which is the most. Go on "
            "with one of them from Past, or wait a little."
        )


def check_message(
    session: Session, events: Sequence[SessionEvent], now: datetime, budget: Budget
) -> None:
    """UsageError if this session takes too many messages a minute, or has used up its tokens.

    Nothing is stored then: the typed text stays in the box.
    """
    since = now - timedelta(minutes=1)
    sent = sum(
        isinstance(event, AnswerGiven | ClarificationAsked | TurnReopened)
        and since < event.at <= now
        for event in events
    )
    if sent >= budget.messages_a_minute:
        raise UsageError(
            f"{sent} messages within a minute is the most. Your text is still in the box: read it "
            "again and send it in a moment."
        )
    used = sum(tokens(use) for use in session.model_uses)
    if used >= budget.session_tokens:
        raise UsageError(
            f"The language model has read and written {used:,} tokens in this interview, which is "
            "the most. End it to see the feedback."
        )


def tokens(use: ModelUse) -> int:
    """What one call cost, by the server's count or, without one, by its length."""
    if use.prompt_tokens is None:
        return use.prompt_characters // CHARACTERS_A_TOKEN + (use.completion_tokens or 0)
    return use.prompt_tokens + (use.completion_tokens or 0)
