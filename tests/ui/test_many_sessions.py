"""Ten thousand past sessions: the list, its search and its filters stay quick in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.sessions.store import SessionStore
from tests.conftest import require
from tests.sessions.many import fill
from tests.ui.browser import CHROMIUM
from tests.ui.probe import answered_within
from tests.ui.web import Server

pytestmark = pytest.mark.slow

OpenTab = Callable[..., Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require(CHROMIUM, "chromium is not installed: make setup-system")
    folder: Path = tmp_path_factory.mktemp("many")
    store = SessionStore(f"sqlite:///{folder / 'sessions.db'}", folder)
    fill(store, 10_000, users=("",))
    store.close()
    with Server(folder, INTERVIEW_EMBEDDED="true") as server:
        yield server.wait_until_open().url


def test_the_list_its_pages_its_search_and_its_filters_answer_at_once(open_tab: OpenTab) -> None:
    page = open_tab()
    with answered_within(200, page):
        page.get_by_role("tab", name="Past").click()
    page.wait_for_selector(".sessions li")
    assert page.locator(".sessions li").count() == 25
    newest = page.inner_text(".sessions li >> nth=0")
    with answered_within(200, page):
        page.click("text=Older sessions")
    page.wait_for_selector("text=Back to the newest")
    assert page.inner_text(".sessions li >> nth=0") != newest
    with answered_within(200, page):
        page.fill(".filters [name=query]", "s04711")
    page.wait_for_function("document.querySelectorAll('.sessions li').length === 1")
    with answered_within(200, page):
        page.select_option(".filters [name=level]", "senior")
    page.wait_for_selector("text=Nothing fits these filters")
    with answered_within(200, page):
        page.select_option(".filters [name=level]", "")
    page.wait_for_selector(".sessions li")
    with answered_within(200, page):
        page.click(".sessions li >> nth=0 >> text=Replay")
    page.wait_for_selector(".replay[data-ready]")
