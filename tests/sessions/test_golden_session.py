"""Sessions written by every version so far replay to the same story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from app.sessions.events import SCHEMA_VERSION, SessionEvent
from app.sessions.store import SessionStore

FIXTURES = Path(__file__).parent / "fixtures"
GOLDEN = sorted(FIXTURES.glob("golden_session_v*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_session_always_replays(path: Path, store: SessionStore) -> None:
    session = store.import_session(json.loads(path.read_text(encoding="utf-8")))
    assert store.load(session.id) == session
    assert session.revision == 22
    assert (session.status, session.finish_reason) == ("finished", "completed")
    assert session.user == "ann"
    assert [turn.id for turn in session.turns] == ["t1", "t3"]
    assert [turn.id for turn in session.withdrawn] == ["t2"]
    first = session.turn("t1")
    assert first.answer == "Same fingerprint, one alert, with a reason."
    assert first.earlier_answers == ("Same fingerprint, one alert. NUL \0, lone \ud800, 😀",)
    assert first.clarifications[0].reply == "Forty thousand a day."
    assert first.hints[0].step == 1
    assert first.reading is None
    assert first.grading is not None
    assert [verdict.verdict for verdict in first.grading.verdicts] == ["met", "unscored"]
    assert session.plan.items[0].rubric.dimensions[0].anchors == {1: "none", 3: "some", 5: "all"}
    assert session.plan.items[0].rubric.content_hash == session.plan.items[0].rubric_hash
    assert session.withdrawn[0].question.interrupted
    assert len(session.model_uses) == len(session.notes) == len(session.notices) == 1
    assert session.regradings[0].grader == "embedded 2"
    # 65 s to the pause, 8 s from its end to the break, 20 s after it: away time does not count.
    assert session.active_seconds == 93.0


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_imported_golden_session_exports_what_it_was(path: Path, store: SessionStore) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    store.import_session(document)
    exported = store.export_events(document["session"])
    for before, after in zip(document["events"], exported["events"], strict=True):
        # A newer version may add fields, with defaults; what was there stays.
        assert before.items() <= after.items()


def test_the_golden_session_of_this_version_has_every_kind_of_event() -> None:
    path = FIXTURES / f"golden_session_v{SCHEMA_VERSION}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    union = get_args(get_args(SessionEvent)[0])
    known = {each.model_fields["kind"].default for each in union}
    assert {event["kind"] for event in document["events"]} == known
