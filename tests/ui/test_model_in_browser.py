"""A language model that is slow, hangs or dies, as the candidate meets it in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.conftest import require
from tests.llm.model_server import Body, ModelServer, Reply
from tests.ui.browser import CHROMIUM
from tests.ui.web import Server

pytestmark = pytest.mark.slow

ANSWER = (
    "I would restate the goal: a page has to be right within one second, because customers notice "
    "after two, and I give up accuracy for it."
)
SLOW = Reply("word " * 400, pause=0.1)
HANGS = Reply("too late", pause=60.0)
DEAD = Reply(status=401)
OpenTab = Callable[..., Any]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A server whose spoken replies the test plans; it is of no use as a judge."""
    with HTTPServer(threaded=True) as http:
        yield ModelServer(http)


@pytest.fixture(scope="module")
def served(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require(CHROMIUM, "chromium is not installed: make setup-system")
    folder: Path = tmp_path_factory.mktemp("model-page")
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "k", "INTERVIEW_MODEL": "fake"}
    with Server(folder, **settings) as server:
        yield server.wait_until_open().url


@pytest.fixture
def room(model: ModelServer, open_tab: OpenTab) -> Any:
    """A tab with the opening question, which is the author's: no model was asked yet."""
    page = open_tab()
    page.get_by_label("Trade-off", exact=True).check()
    page.wait_for_selector("#items >> text=Accuracy versus latency")
    page.click("#begin")
    page.wait_for_selector("#talk .said.interviewer")
    page.wait_for_function("!document.querySelector('#send').disabled")
    return page


def send(page: Any, model: ModelServer, reply: Reply) -> None:
    def only_spoken(body: Body) -> Reply:
        return reply if body.get("stream") else Reply("I cannot judge.")

    model.default = only_spoken
    page.fill("#answer textarea", ANSWER)
    page.click("#send")


def stop(page: Any) -> float:
    """Seconds from the press of Stop until it is the candidate's turn, as the browser counts."""
    page.wait_for_selector("#stop")
    seconds = page.evaluate(
        """() => new Promise(resolve => {
          const began = performance.now();
          document.querySelector('#stop').click();
          const look = () => document.querySelector('.state.waiting')
            ? resolve((performance.now() - began) / 1000) : setTimeout(look, 20);
          look();
        })"""
    )
    return float(seconds)


def test_stop_keeps_the_partial_reply_and_what_is_being_typed(
    room: Any, model: ModelServer
) -> None:
    send(room, model, SLOW)
    room.wait_for_selector(".said.interviewer.live >> text=word word word")
    room.fill("#answer textarea", "what I want to say next")
    assert stop(room) < 1.0
    assert "word word word" in room.inner_text("#talk .said.interviewer >> nth=1")
    assert "The reply was cut off here" in room.inner_text("#talk")
    assert room.input_value("#answer textarea") == "what I want to say next"
    room.wait_for_timeout(400)
    room.reload()
    room.wait_for_selector("#talk .said.interviewer >> nth=1")
    room.wait_for_function("document.querySelector('#answer textarea').value.startsWith('what I')")
    assert "word word word" in room.inner_text("#talk")
    assert "so far" in room.inner_text(".mode")


def test_a_model_that_says_nothing_can_be_stopped_and_the_author_asks(
    room: Any, model: ModelServer
) -> None:
    send(room, model, HANGS)
    room.wait_for_selector("#talk .said.candidate")
    room.wait_for_timeout(1500)
    assert stop(room) < 1.0
    assert ANSWER in room.inner_text("#talk .said.candidate")
    assert room.locator("#talk .said.interviewer").count() == 2


def test_a_dead_endpoint_loses_nothing_and_offers_to_go_on_without_it(
    room: Any, model: ModelServer
) -> None:
    send(room, model, DEAD)
    room.wait_for_selector(".state.error")
    assert "Go on without the model" in room.inner_text("#offers")
    assert ANSWER in room.inner_text("#talk .said.candidate")
    room.click("#continue")
    room.wait_for_selector("#continue:text-is('Try again')")
    room.wait_for_selector(".state.error")
    room.click("#embedded")
    room.wait_for_function("document.querySelectorAll('#talk .said.interviewer').length === 2")
    assert "Embedded mode" in room.inner_text(".mode")
    assert "not used any more" in room.inner_text(".notice")
    room.wait_for_selector(".state.waiting")
    room.click("#end")
    room.click("#end-now")
    room.wait_for_selector(".summary")
    assert "What the model took" in room.inner_text(".report")
