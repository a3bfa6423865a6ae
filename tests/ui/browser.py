"""A served page, and a browser that notes every request which leaves this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import require
from tests.ui.web import Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
READY = "#begin, #talk .said, .report, .replay, .sessions, .shelf, .empty"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page that runs as its own process, as a user starts it."""
    require(CHROMIUM, "chromium is not installed: make setup-system")
    with Server(tmp_path_factory.mktemp("page"), INTERVIEW_EMBEDDED="true") as server:
        yield server.wait_until_open().url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's own browser, driven by playwright."""
    from playwright.sync_api import sync_playwright

    require(CHROMIUM, "chromium is not installed: make setup-system")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Any, served: str) -> Iterator[Callable[..., Any]]:
    """Opens tabs; at the end no request may have left for another host, and nothing thrown."""
    contexts: list[Any] = []
    outside: list[str] = []
    thrown: list[str] = []
    own = (served, served.replace("http", "ws"), "data:", "blob:")

    def noted(request: Any) -> None:
        if not request.url.startswith(own):
            outside.append(request.url)

    def open_one(
        query: str = "", *, width: int = 1280, dark: bool = False, beside: Any = None
    ) -> Any:
        if beside is None:
            scheme = "dark" if dark else "light"
            viewport = {"width": width, "height": 900}
            contexts.append(chromium.new_context(viewport=viewport, color_scheme=scheme))
        page = contexts[-1].new_page() if beside is None else beside.context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", noted)
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(served + query)
        page.locator(READY).locator("visible=true").first.wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert outside == []
    assert thrown == []
