"""Hostile text goes through every room and comes out as it went in, harming nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.text import well_formed
from app.errors import BadInput, InterviewError
from app.feedback.report import make_report
from app.feedback.transcript import session_markdown
from app.grading.embedded import EmbeddedGrader
from app.interview.engine import MAX_ANSWER_CHARACTERS, Engine, last
from app.interview.scripted import ScriptedInterviewer
from app.sessions.events import AnswerGiven, ClarificationAsked
from app.sessions.store import SessionStore
from app.ui import view
from tests.reliability.hostile import HOSTILE, LONG_LINE
from tests.reliability.players import faults, plan


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_and_questions_are_kept_graded_shown_and_exported(
    name: str, url: str, tmp_path: Path
) -> None:
    text = HOSTILE[name]
    store = SessionStore(url)
    engine = Engine(store, ScriptedInterviewer(), EmbeddedGrader())
    session = last(engine.start(plan(max_answers=2))).session
    sent = [f"It is this. {text}", *([] if text is LONG_LINE else [f"And what about {text}?"])]
    for words in sent:
        turn = session.current_turn
        assert turn is not None
        session = last(engine.message(session, turn.id, words)).session
    session = last(engine.finish(session)).session
    events = store.events(session.id)
    kept = [each.text for each in events if isinstance(each, AnswerGiven | ClarificationAsked)]
    assert kept == [well_formed(words) for words in sent]
    assert faults(session, events) == []
    report = make_report(session)
    session_markdown(session, events, report).encode()
    page = view.transcript_html(session)
    page.encode()
    assert "<script>alert" not in page
    assert "<img" not in page
    document = json.loads(json.dumps(store.export_events(session.id)))
    other = SessionStore(f"sqlite:///{tmp_path / 'other.db'}")
    assert other.import_session(document) == session
    other.close()
    store.close()


@pytest.mark.parametrize("text", ["a\0b", "\0", "x" * 1_000_000, "line\n" * 200_000, " \u2028 "])
def test_what_is_no_answer_is_refused_before_anything_is_stored(text: str, sqlite_url: str) -> None:
    store = SessionStore(sqlite_url)
    engine = Engine(store, ScriptedInterviewer(), EmbeddedGrader())
    session = last(engine.start(plan())).session
    turn = session.current_turn
    assert turn is not None
    with pytest.raises(BadInput):
        last(engine.message(session, turn.id, text))
    assert store.load(session.id) == session
    assert MAX_ANSWER_CHARACTERS < 1_000_000
    store.close()


def test_hostile_ids_prefixes_and_searches_find_nothing_and_harm_nothing(url: str) -> None:
    store = SessionStore(url)
    engine = Engine(store, ScriptedInterviewer(), EmbeddedGrader())
    session = last(engine.start(plan(), user="ann")).session
    for text in (*HOSTILE.values(), "a\0b", "%", "_", "", "x" * 1_000_000):
        for ask in (
            lambda text=text: store.load(text),
            lambda text=text: store.resolve(text),
            lambda text=text: store.load(session.id, user=text),
            lambda text=text: store.list(after=text),
        ):
            with pytest.raises(InterviewError):
                ask()
        assert text.strip() == "" or not store.list(query=f"zz{text}").rows
        assert not store.list(user=f"zz{text}").rows
    assert store.load(session.id) == session
    store.close()


def test_the_terminal_takes_hostile_answers_from_a_file(tmp_path: Path) -> None:
    texts = [text for name, text in HOSTILE.items() if name != "lone surrogates"]
    answers = tmp_path / "answers.txt"
    answers.write_text("\n---\n".join(texts[:6]), encoding="utf-8")
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "app",
            "chat",
            "--scenario",
            "concept-drift",
            "--answers",
            str(answers),
        ],
        env={"INTERVIEW_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stdout
    assert "It is saved as you go" in result.stderr
