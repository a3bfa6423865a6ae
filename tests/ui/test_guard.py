"""What never reaches Gradio: other sites, foreign host names, bodies that are too large."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.ui.guard import LARGEST_BODY, Guard


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


def visit(host: str, local_only: bool = False) -> httpx.Client:
    from starlette.testclient import TestClient

    inner = Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])])
    return TestClient(Guard(inner, local_only), base_url=f"http://{host}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://practice.example:81", "http://practice.example.evil",
     "http://evil.example/practice.example", "http://practice.example@evil.example", "http://[",
     ""],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_request_from_another_site_is_refused(origin: str, method: str) -> None:
    answer = visit("practice.example").request(method, "/", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://practice.example", "https://PRACTICE.example"])
def test_the_page_itself_is_answered(origin: str) -> None:
    assert visit("practice.example").post("/", headers={"Origin": origin}).status_code == 200
    assert visit("practice.example").get("/").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.7", "0.0.0.0"])
def test_an_open_page_answers_to_this_machines_names_only(host: str) -> None:
    assert visit(host, local_only=True).get("/").status_code == 403
    assert visit(host).get("/").status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST", "127.0.0.53"]
)
def test_this_machines_names_are_answered(host: str) -> None:
    assert visit(host, local_only=True).get("/").status_code == 200


def test_a_body_that_is_too_large_or_of_unknown_length_is_refused_unread() -> None:
    visitor = visit("localhost")
    assert visitor.post("/", content=b"x" * LARGEST_BODY).text == f"{LARGEST_BODY} bytes"
    assert visitor.post("/", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert visitor.post("/", headers={"Content-Length": "many"}).status_code == 413
    chunked = visitor.post("/", content=iter([b"x"]), headers={"Transfer-Encoding": "chunked"})
    assert chunked.status_code == 411


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [{"path": "https://a.example/x", "meta": {"_type": "gradio.FileData"}}]}',
        '{"data": [{"a": [{"path": "\\u0068ttp://a.example/x"}]}]}',
        '{"path": "x", "path": "http://a.example/x"}',
    ],
)
def test_a_file_that_is_only_an_address_is_refused(body: str) -> None:
    for headers in ({"Content-Type": "application/json"}, {"Content-Type": "text/plain"}, {}):
        answer = visit("localhost").post("/", content=body.encode(), headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [{"path": "/tmp/x.md", "url": "http://localhost/gradio_api/file=/tmp/x.md"}]}',
        '{"data": ["Send it to http://a.example/path"]}',
        "not JSON",
        "[" * 100_000,
        "",
    ],
)
def test_every_other_body_reaches_the_application_whole(body: str) -> None:
    assert visit("localhost").post("/", content=body.encode()).text == f"{len(body)} bytes"


def test_every_answer_forbids_frames_and_foreign_content() -> None:
    for answer in (visit("a.example").get("/"), visit("a.example", local_only=True).get("/")):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy, "no other site is named"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
