"""Writes the golden session and store of the present schema version; run once for each version.

    python -m tests.sessions.make_fixtures

Files of earlier versions are never written again: they prove that old sessions still replay.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from app.domain.assessment import CriterionVerdict, Flag, Grading, MisconceptionFinding
from app.domain.session import Hint, ModelUse, Note, Question
from app.sessions import events as kinds
from app.sessions import schema
from app.sessions.events import SCHEMA_VERSION, SessionEvent
from app.sessions.store import SessionStore
from tests.factories import answered, asked, moment, started, tiny_item, tiny_plan, tiny_rubric

FIXTURES = Path(__file__).parent / "fixtures"
GOLDEN_ID = "golden-1"


def golden_events() -> list[SessionEvent]:
    """A session in which every kind of event happens, with characters that are hard to keep."""
    probe = Question(
        kind="probe",
        text="And across regions?",
        dimension="depth",
        follow_up_id="regions",
        reason="criterion dedupe is open",
        interrupted=True,
    )
    return [
        started(tiny_plan(tiny_item("one"), tiny_item("two"), title="Golden"), user="ann"),
        asked("t1", seconds=1),
        kinds.ClarificationAsked(
            at=moment(2), turn_id="t1", clarification_id="c1", text="How many alerts?"
        ),
        kinds.ClarificationGiven(
            at=moment(3),
            turn_id="t1",
            clarification_id="c1",
            reply="Forty thousand a day.",
            fact_ids=("volume",),
            matters=True,
        ),
        kinds.HintGiven(
            at=moment(4), turn_id="t1", hint=Hint(dimension="depth", step=1, text="Think of keys.")
        ),
        answered("Same fingerprint, one alert. NUL \0, lone \ud800, 😀", "t1", seconds=60),
        kinds.ModelCalled(
            at=moment(61),
            use=ModelUse(
                purpose="judge",
                model="tiny",
                outcome="ok",
                prompt_characters=9,
                prompt_tokens=4,
                completion_tokens=2,
                seconds=0.5,
                turn_id="t1",
            ),
            prompt="Grade it.",
            reply='{"verdict": "met"}',
        ),
        kinds.AnswerGraded(at=moment(61), turn_id="t1", grading=_grading(), provisional=True),
        asked("t2", seconds=62).model_copy(update={"question": probe}),
        kinds.TurnSkipped(at=moment(63), turn_id="t2"),
        kinds.TurnReopened(at=moment(64), turn_id="t1"),
        kinds.TimerPaused(at=moment(65)),
        kinds.TimerResumed(at=moment(165)),
        answered("Same fingerprint, one alert, with a reason.", "t1", seconds=170),
        kinds.AnswerGraded(at=moment(171), turn_id="t1", grading=_grading()),
        kinds.NoteTaken(at=moment(171), note=Note(turn_id="t1", text="Clear.", quote="one alert")),
        kinds.InterviewerChanged(
            at=moment(172),
            interviewer="scripted",
            grader="embedded",
            notice="The model went away; the interview goes on without it.",
        ),
        asked("t3", seconds=173).model_copy(update={"item_index": 1}),
        kinds.SessionResumed(at=moment(10_000)),
        answered("Drift.", "t3", seconds=10_010),
        kinds.SessionFinished(at=moment(10_020), reason="completed"),
        kinds.SessionRegraded(
            at=moment(20_000),
            grader="embedded 2",
            rubrics=(tiny_rubric(), tiny_rubric()),
            gradings={"t1": _grading()},
        ),
    ]


def _grading() -> Grading:
    return Grading(
        grader="embedded",
        verdicts=(
            CriterionVerdict(
                criterion_id="dedupe",
                quote="Same fingerprint, one alert",
                rationale="names the key",
                verdict="met",
                confidence=0.9,
                p_met=0.8,
                prompted=True,
                turn_id="t1",
            ),
            CriterionVerdict(criterion_id="plain", rationale="no model", verdict="unscored"),
        ),
        misconceptions=(
            MisconceptionFinding(misconception_id="m1", quote="alert", confidence=0.4),
        ),
        flags=(Flag(kind="over_word_limit", detail="31 of 30 words"),),
        level_interval=(3, 4),
    )


def main() -> None:
    """Write both files, unless they exist."""
    golden = FIXTURES / f"golden_session_v{SCHEMA_VERSION}.json"
    dump = FIXTURES / f"store_v{int(schema.HEAD)}.sql"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sessions.db"
        store = SessionStore(f"sqlite:///{file}")
        first, *rest = golden_events()
        assert isinstance(first, kinds.SessionStarted)
        store.append(store.create(GOLDEN_ID, first), rest, overall=3)
        document = store.export_events(GOLDEN_ID)
        store.close()
        with closing(sqlite3.connect(file)) as connection:
            statements = "\n".join(connection.iterdump()) + "\n"
    for path, text in ((golden, json.dumps(document, indent=1) + "\n"), (dump, statements)):
        if path.exists():
            sys.exit(f"{path.name} exists: raise the version instead of rewriting it.")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
