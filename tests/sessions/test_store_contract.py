"""What the store promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from app.domain.session import FinishReason
from app.errors import BadInput, StoreConflict, StoreError, StoreTooNew, UnknownName
from app.sessions.events import SessionFinished, TurnReopened
from app.sessions.ids import new_session_id
from app.sessions.store import SessionStore
from app.sessions.tables import events as events_table
from tests.factories import answered, asked, moment, started, tiny_item, tiny_plan

OpenStore = Callable[[], SessionStore]


def finished(seconds: float = 9.0, reason: FinishReason = "completed") -> SessionFinished:
    return SessionFinished(at=moment(seconds), reason=reason)


def test_a_session_is_the_same_after_reopening_the_store(open_store: OpenStore) -> None:
    store = open_store()
    created = store.create("s1", started())
    after = store.append(created, [asked(), answered("Deduplicate.")])
    store.close()
    assert open_store().load("s1") == after
    assert after.revision == 3
    assert after.turn("t1").answer == "Deduplicate."


def test_events_come_back_in_the_order_they_were_written(store: SessionStore) -> None:
    written = (started(), asked(), answered("one"), finished())
    store.append(store.create("s1", started()), written[1:])
    assert store.events("s1") == written


def test_order_is_that_of_writing_when_the_clock_goes_backwards(store: SessionStore) -> None:
    session = store.create("s1", started(at=moment(100)))
    session = store.append(session, [asked(seconds=50)])
    session = store.append(session, [answered("late", seconds=10)])
    assert [event.kind for event in store.events("s1")] == [
        "session_started",
        "question_asked",
        "answer_given",
    ]
    assert store.load("s1") == session
    assert session.active_seconds == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "a\0b",
        "\0",
        "lone \ud800 high and \udfff low",
        "\\u0000 and \\ud800 typed out",
        "snow ☃, face 😀, ﬁ, e\u0301",
        "line\r\nend\u2028and \x1b[31m",
        "'; DROP TABLE events; --",
        '% _ \\ "',
        " " * 3,
        "",
    ],
)
def test_any_text_comes_back_as_it_was_typed(store: SessionStore, text: str) -> None:
    session = store.append(store.create("s1", started()), [asked(), answered(text)])
    assert store.load("s1") == session
    assert store.load("s1").turn("t1").answer == text


def test_titles_and_users_with_odd_characters_can_be_listed(store: SessionStore) -> None:
    plan = tiny_plan(title="NUL \0 and \ud800")
    store.create("s1", started(plan, user="a\0b"))
    assert [row.title for row in store.list(user="a\0b").rows] == ["NUL � and �"]
    assert store.load("s1", user="a\0b").plan.title == "NUL \0 and \ud800"


def test_a_long_answer_comes_back_whole(store: SessionStore) -> None:
    text = "latency " * 100_000
    session = store.append(store.create("s1", started()), [asked(), answered(text)])
    assert store.load("s1") == session


def test_of_two_writers_at_one_revision_one_wins(store: SessionStore) -> None:
    session = store.append(store.create("s1", started()), [asked()])
    store.append(session, [answered("first")])
    with pytest.raises(StoreConflict, match="what you typed is still on your page"):
        store.append(session, [answered("second")])
    assert store.load("s1").turn("t1").answer == "first"
    assert len(store.events("s1")) == 3


def test_of_many_threads_at_one_revision_exactly_one_wins(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(4)]
    session = stores[0].append(stores[0].create("s1", started()), [asked()])
    gate = threading.Barrier(len(stores))
    won: list[int] = []
    lost: list[int] = []

    def write(number: int) -> None:
        gate.wait()
        try:
            stores[number].append(session, [answered(f"from {number}"), finished()])
            won.append(number)
        except StoreConflict:
            lost.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)
    assert stores[0].load("s1").turn("t1").answer == f"from {won[0]}"
    assert len(stores[0].events("s1")) == 4


def test_an_event_that_does_not_fit_writes_nothing(store: SessionStore) -> None:
    session = store.append(store.create("s1", started()), [asked()])
    with pytest.raises(KeyError):
        store.append(session, [answered("good"), answered("bad", turn_id="t9")])
    assert store.load("s1") == session


def test_creating_an_id_twice_is_a_conflict(store: SessionStore) -> None:
    first = store.create("s1", started(user="ann"))
    with pytest.raises(StoreConflict):
        store.create("s1", started(user="bob"))
    assert store.load("s1") == first


@pytest.mark.parametrize("session_id", ["", "../up", "a b", "a/b", "x" * 65, "-x", "a\0"])
def test_an_id_that_could_not_name_a_file_is_refused(store: SessionStore, session_id: str) -> None:
    with pytest.raises(BadInput, match="cannot be the id"):
        store.create(session_id, started())


def test_appending_to_a_session_that_is_not_stored_is_a_conflict(store: SessionStore) -> None:
    session = store.create("s1", started())
    with pytest.raises(StoreConflict):
        store.append(session.model_copy(update={"id": "s2"}), [asked()])


def test_an_unknown_id_is_told_with_near_ones(store: SessionStore) -> None:
    store.create("260301-120000-abcdef", started())
    with pytest.raises(UnknownName, match="Did you mean 260301-120000-abcdef"):
        store.load("260301-120000-abcdeg")
    for odd in ("", "\0", "\ud800", "%"):
        with pytest.raises(UnknownName):
            store.load(odd)


def test_the_session_of_another_user_is_unknown(store: SessionStore) -> None:
    store.create("260301-ann", started(user="ann"))
    for read in (store.load, store.events, store.export_events, store.resolve):
        with pytest.raises(UnknownName) as caught:
            read("260301-ann", "bob")
        assert "Did you mean" not in str(caught.value)
        assert read("260301-ann", "ann")
        assert read("260301-ann", None)
    assert store.list(user="bob").rows == ()
    assert len(store.list(user="ann").rows) == 1


def test_a_prefix_stands_for_the_one_id_that_begins_with_it(store: SessionStore) -> None:
    for session_id in ("260301-aa", "260301-ab", "260302-aa", "260302-aab"):
        store.create(session_id, started())
    assert store.resolve("260301-ab") == "260301-ab"
    assert store.resolve("260302-aa") == "260302-aa"
    assert store.resolve("260302-aab") == "260302-aab"
    with pytest.raises(UnknownName, match="Several sessions begin with '260301'"):
        store.resolve("260301")
    for number in range(10):
        store.create(f"260302-aa-{number}", started())
    assert store.resolve("260302-aa") == "260302-aa"
    for none in ("27", "", "%", "260301_a", "\0"):
        with pytest.raises(UnknownName, match="There is no session"):
            store.resolve(none)


def test_the_list_row_follows_the_session(store: SessionStore) -> None:
    plan = tiny_plan(tiny_item("one"), tiny_item("two"), title="Loop", kind="full_loop")
    session = store.create("s1", started(plan))
    session = store.append(session, [asked(), answered("a"), finished()], overall=4)
    (row,) = store.list().rows
    assert row.model_dump() == {
        "id": "s1",
        "title": "Loop",
        "kind": "full_loop",
        "item_ids": ("one", "two"),
        "level": "staff",
        "status": "finished",
        "started_at": moment(0),
        "updated_at": moment(9),
        "answers": 1,
        "overall": 4,
    }
    store.append(session, [TurnReopened(at=moment(10), turn_id="t1")])
    (row,) = store.list().rows
    assert (row.status, row.answers, row.overall) == ("interviewing", 0, None)


def test_the_level_can_be_set_without_an_event(store: SessionStore) -> None:
    session = store.create("s1", started())
    assert store.append(session, [], overall=3) == session
    assert store.list().rows[0].overall == 3
    assert store.append(session, [asked()]).revision == 2
    assert store.list().rows[0].overall == 3


def test_an_event_of_a_newer_schema_is_not_guessed_at(store: SessionStore) -> None:
    session = store.create("s1", started())
    store.create("s2", started())
    with store._database.write() as connection:
        connection.execute(
            update(events_table)
            .where(events_table.c.session_id == session.id)
            .values(schema_version=99)
        )
    with pytest.raises(StoreTooNew, match="Event 0 of session s1"):
        store.load("s1")
    assert store.load("s2").id == "s2"


@pytest.mark.parametrize(
    "payload", ["{", '{"kind": "unheard_of"}', "[]", '{"kind":"answer_given"}']
)
def test_a_damaged_event_is_named_and_harms_no_other_session(
    store: SessionStore, payload: str
) -> None:
    store.create("s1", started())
    store.create("s2", started())
    with store._database.write() as connection:
        connection.execute(
            update(events_table).where(events_table.c.session_id == "s1").values(payload=payload)
        )
    with pytest.raises(StoreError, match="Event 0 of session s1 is damaged"):
        store.load("s1")
    assert store.load("s2").id == "s2"
    assert len(store.list().rows) == 2


def test_new_ids_are_unique_and_sort_by_time() -> None:
    early = new_session_id(datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC))
    late = new_session_id(datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC))
    assert early.startswith("260301-120000-")
    assert early < late
    same_second = {new_session_id(datetime(2026, 3, 1, tzinfo=UTC)) for _ in range(1000)}
    assert len(same_second) == 1000
