"""Takes the pictures of the README: `make screenshots`. A short interview is held for them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.ui.browser import CHROMIUM
from tests.ui.web import Server

FOLDER = Path(__file__).parents[2] / "docs" / "images"
ITEM = "Anomaly detection for a multi-tenant platform"
ASKED = "Who is woken by a detection, and how many pages can they take?"
ANSWERS = (
    "I would restate the goal: minutes until the right team knows that its users are hurting, "
    "without more pages than a shift can take. Most deviations are harmless, so a page needs a "
    "consumer who acts on it. With one primary in a twelve-hour shift I allow two pages a shift, "
    "and the tolerable false-positive rate follows from that: sixty teams, so about 240 a day.",
    "Labels are few and late, so they judge and do not train. A seasonal baseline per service "
    "with robust quantiles comes first; a heavier model has to beat it in shadow.",
    "I give up recall on slow burns for precision of pages: they become tickets. I would reverse "
    "that if one severe incident a month were found by a ticket only.",
)
# name, query ("" for the start page, "room" while interviewing), width, height, dark
SHOTS = (
    ("choose-light", "", 1180, 900, False),
    ("choose-phone-dark", "", 375, 760, True),
    ("room-light", "room", 1180, 1000, False),
    ("room-phone-dark", "room", 375, 760, True),
    ("feedback-light", "feedback", 1180, 1500, False),
    ("feedback-dark", "feedback", 1180, 1100, True),
    ("feedback-phone-light", "feedback", 375, 1100, False),
    ("replay-dark", "replay", 1180, 900, True),
    ("past-light", "past", 1180, 560, False),
    ("progress-light", "progress", 1180, 1000, False),
    ("library-dark", "library", 1180, 900, True),
)


def main() -> None:
    """Write all pictures to docs/images, with few colours so that they stay small."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        Server(Path(data), INTERVIEW_EMBEDDED="true") as server,
        sync_playwright() as playwright,
    ):
        server.wait_until_open()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.goto(server.url)
        session = _interview(page)
        for shot in SHOTS[:4]:
            _shoot(browser, server.url, session, *shot)
        page.click("#end")
        page.click("#end-now")
        page.wait_for_selector(".summary")
        for shot in SHOTS[4:]:
            _shoot(browser, server.url, session, *shot)
        browser.close()


def _interview(page: Any) -> str:
    page.get_by_label(ITEM, exact=True).check()
    page.click("#begin")
    page.wait_for_selector("#talk .said.interviewer")
    for text in (ASKED, *ANSWERS):
        before = page.locator("#talk .said.interviewer").count()
        page.wait_for_function("!document.querySelector('#send').disabled")
        page.fill("#answer textarea", text)
        page.click("#send")
        page.wait_for_function(
            f"document.querySelectorAll('#talk .said.interviewer').length > {before}"
        )
    page.wait_for_timeout(500)
    return str(page.evaluate("new URLSearchParams(location.search).get('session')"))


def _shoot(
    browser: Any, url: str, session: str, name: str, view: str, width: int, height: int, dark: bool
) -> None:
    scheme = "dark" if dark else "light"
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.set_default_timeout(120_000)
    query = {
        "": "",
        "room": f"?session={session}",
        "feedback": f"?session={session}&view=feedback",
        "replay": f"?session={session}&view=replay&step=9",
    }.get(view, f"?view={view}")
    page.goto(url + query)
    ready = {"": "#begin", "room": ".said", "feedback": ".summary", "replay": ".replay[data-ready]"}
    page.wait_for_selector(ready.get(view, ".sessions, .report.progress, .shelf"))
    page.wait_for_timeout(2000)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    page.close()
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(48, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
