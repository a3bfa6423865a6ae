"""A store with very many sessions, filled in seconds."""

from __future__ import annotations

import random

from sqlalchemy import insert

from app.sessions.events import start_session
from app.sessions.store import SessionStore
from app.sessions.tables import event_row, session_row
from app.sessions.tables import events as events_table
from app.sessions.tables import sessions as sessions_table
from tests.factories import moment, started, tiny_item, tiny_plan


def fill(store: SessionStore, number: int, users: tuple[str, ...] = ("", "ann", "bob")) -> None:
    """That many sessions on 20 items, of several users, over four months, in one transaction."""
    rng = random.Random(7)
    items = [tiny_item(f"item-{n}", title=f"Item {n}") for n in range(20)]
    rows, event_rows = [], []
    for each in range(number):
        event = started(
            tiny_plan(rng.choice(items)),
            user=rng.choice(users),
            at=moment(rng.random() * 1e7),
        )
        session = start_session(f"s{each:05}", event)
        rows.append({**session_row(session), "overall": rng.choice([None, 3])})
        event_rows.append(event_row(session.id, 0, event))
    with store._database.write() as connection:
        connection.execute(insert(sessions_table), rows)
        connection.execute(insert(events_table), event_rows)
