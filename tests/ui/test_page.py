"""The page without a browser: steps to screens, errors, and what is shown of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.assessment import CriterionVerdict, Grading
from app.domain.content import Item, Rubric
from app.domain.session import Session
from app.errors import BadInput, InterviewError, StoreConflict, UsageError
from app.grading.grader import GradingRequest
from app.interview.engine import Engine
from app.interview.interviewer import Spoken, Utterance
from app.interview.loop import Progress
from app.sessions.store import SessionStore
from app.ui import view
from app.ui.live import LiveSteps
from app.ui.page import Page, Screen
from app.ui.serving import free_port
from app.ui.widgets import explain
from tests.factories import tiny_item, tiny_rubric


class OneCatalog:
    """A catalog of one item."""

    sets: dict[str, object] = {}
    documents: dict[str, object] = {}
    items = {"tiny-item": tiny_item()}

    def item(self, item_id: str) -> Item:
        return self.items[item_id]

    def rubric(self, _: str) -> Rubric:
        return tiny_rubric()


class Interviewer:
    name = "embedded"

    def open_item(self, session: Session, planned: object) -> Iterator[Utterance]:
        yield Spoken("How do you cut alert noise?")

    def clarify(self, session: Session, clarification: object) -> Iterator[Utterance]:
        yield Spoken("Forty thousand a day.")

    def ask(self, session: Session, decision: object) -> Iterator[Utterance]:
        yield Spoken("And then?")

    def stop(self, session_id: str) -> None:
        raise NotImplementedError


class Grader:
    name = "embedded/test"

    def __init__(self) -> None:
        self.fails = False

    def grade(self, request: GradingRequest) -> Grading:
        if self.fails:
            raise RuntimeError("secret inside")
        verdicts = tuple(
            CriterionVerdict(criterion_id=each.id, rationale="not said", verdict="missed")
            for each in request.criteria
        )
        return Grading(grader=self.name, verdicts=verdicts)


@pytest.fixture
def grader() -> Grader:
    return Grader()


@pytest.fixture
def page(tmp_path: Path, grader: Grader) -> Iterator[Page]:
    store = SessionStore(f"sqlite:///{tmp_path / 'sessions.db'}")
    page = Page(Engine(store, Interviewer(), grader), OneCatalog())  # type: ignore[arg-type]
    yield page
    page.close()
    store.close()


def begun(page: Page) -> Session:
    return list(page.start("tiny-item", "staff", None, None))[-1].session


def sent(page: Page, session: Session, text: str) -> list[Screen]:
    turn = session.current_turn
    assert turn is not None
    return list(page.send(session.id, turn.id, text, None))


def test_an_interview_begins_with_its_question(page: Page) -> None:
    screens = list(page.start("tiny-item", "staff", None, None))
    assert screens[0].answer == ""
    assert screens[-1].state == "waiting"
    assert "cut alert noise" in view.transcript_html(screens[-1].session)


def test_the_box_is_emptied_once_and_only_when_the_text_is_stored(page: Page) -> None:
    session = begun(page)
    screens = sent(page, session, "We deduplicate by fingerprint.")
    emptied = [screen for screen in screens if screen.answer == ""]
    assert len(emptied) == 1
    assert emptied[0].session.turns[0].answer == "We deduplicate by fingerprint."


def test_an_answer_to_an_answered_question_is_refused_and_kept_in_the_box(page: Page) -> None:
    session = begun(page)
    sent(page, session, "First.")
    turn = session.current_turn
    assert turn is not None
    screens = page.send(session.id, turn.id, "Second.", None)
    with pytest.raises(StoreConflict, match="still in the box"):
        assert all(screen.answer is None for screen in screens)


def test_a_failing_step_loses_nothing_and_can_be_continued(page: Page, grader: Grader) -> None:
    session = begun(page)
    grader.fails = True
    with pytest.raises(RuntimeError):
        sent(page, session, "We deduplicate.")
    stored = page.load(session.id, None)
    assert stored.turns[0].answer == "We deduplicate."
    assert view.is_owed(stored)
    grader.fails = False
    assert list(page.resume(session.id, None))[-1].state in ("waiting", "finished")


def test_another_users_session_does_not_exist(page: Page) -> None:
    session = begun(page)
    with pytest.raises(UsageError, match="no session"):
        page.load(session.id, "somebody-else")


def test_taking_back_shows_the_text_again(page: Page) -> None:
    session = begun(page)
    sent(page, session, "First.")
    screen = list(page.take_back(session.id, None, None))[-1]
    assert screen.answer == "First."
    assert "An earlier version" in view.transcript_html(screen.session)


def test_end_is_reported_once(page: Page) -> None:
    session = begun(page)
    screens = list(page.finish(session.id, None))
    assert [screen.ended for screen in screens if screen.ended] == [True]
    assert not any(screen.ended for screen in page.resume(session.id, None))


def test_two_followers_see_the_same_step_and_a_second_step_is_refused(page: Page) -> None:
    session = begun(page)
    go = threading.Event()

    def slow() -> Iterator[Progress]:
        yield Progress("speaking", session, "Wel")
        go.wait(5)
        yield Progress("waiting", session, "Well.")

    live = LiveSteps(2)
    live.begin(session.id, slow)
    follower = live.follow(session.id)
    assert next(follower).text == "Wel"
    with pytest.raises(StoreConflict, match="still busy"):
        live.begin(session.id, slow)
    go.set()
    assert [progress.text for progress in follower][-1:] == ["Well."]
    assert list(live.follow(session.id)) == []
    live.close()


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    session = begun(page)
    stored = sent(page, session, "<img src=x onerror=alert(1)> </div>")[-1].session
    shown = view.transcript_html(stored)
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_errors_are_told_without_their_inside() -> None:
    assert explain(BadInput("Write an answer.")) == "Write an answer."
    assert "secret" not in explain(RuntimeError("secret"))


def test_a_taken_port_is_named_with_what_to_do() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InterviewError, match=rf"Port {port} .*--port"):
            free_port("127.0.0.1", port)


def test_stage_strip_names_where_one_stands(page: Page) -> None:
    session = begun(page)
    assert "all stages count" in view.stage_strip(session)
    turn = session.turns[0]
    probe = turn.question.model_copy(update={"kind": "probe", "dimension": "depth"})
    second = turn.model_copy(update={"id": "second", "question": probe})
    after = session.model_copy(update={"turns": (turn, second)})
    assert 'class="stage now" aria-current="step"><span>Depth' in view.stage_strip(after)
    assert view.question_count(after) == "Question 2 of up to 2"
