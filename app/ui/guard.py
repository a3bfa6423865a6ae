"""What the server refuses before Gradio sees it.

Other sites, foreign host names, large bodies, and files that are only the address of one.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from app.ui.access import is_local

LARGEST_BODY = 6 * 2**20
"""Bytes: a document of 5 MB, which is the most Gradio takes, and the form around it."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# Gradio needs inline scripts and styles. Nothing is fetched from, sent to or framed by another
# site, whatever an answer, a document or a model says.
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
        b"base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class Guard:
    """Wraps the application. `local_only` also refuses any host name but this machine's own.

    The latter is what a page of another site lacks that points its own name at 127.0.0.1.
    """

    def __init__(self, app: AsgiApp, local_only: bool = False) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 403, 411 or 413, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        refused = self._refusal(scope)
        if refused is None and scope["method"] == "POST" and not _is_form(scope):
            body, receive = await _read(receive)
            if _names_an_address(body):
                refused = 403, "A file has to be uploaded: its address is not enough.\n"
        if refused is None:
            await self._app(scope, receive, send_with_headers)
            return
        status, reason = refused
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")],
        }
        await send_with_headers(start)
        await send({"type": "http.response.body", "body": reason.encode()})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = _headers(scope)
        host = headers.get(b"host", "").lower()
        if self._local_only and not is_local(_hostname(f"//{host}")):
            return 403, "This page is for its own machine: open it as 127.0.0.1 or localhost.\n"
        origin = headers.get(b"origin")
        if origin is not None and _place(origin) != host:
            return 403, "This request comes from another site.\n"
        length = headers.get(b"content-length")
        if length is None:
            chunked = b"transfer-encoding" in headers
            return (411, "Send the length of the body.\n") if chunked else None
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return 413, f"That is more than {LARGEST_BODY // 2**20} MB: send less.\n"
        return None


def _headers(scope: Scope) -> dict[bytes, str]:
    return {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _is_form(scope: Scope) -> bool:
    """Whether a body is a form, such as an upload: it stays unread here."""
    return _headers(scope).get(b"content-type", "").lower().startswith("multipart/")


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """A request's body, and what gives it to the application as if it were unread."""
    messages: list[MutableMapping[str, Any]] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)

    async def again() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else await receive()

    return body, again


def _names_an_address(body: bytes) -> bool:
    """Whether JSON holds, at any depth, a file of Gradio's whose path is a web address.

    Gradio would fetch it, from this machine and for whoever asks.
    """
    try:
        rest = [json.loads(body)] if body else []
    except (ValueError, RecursionError):
        return False  # Gradio cannot read it either
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            if "://" in str(value.get("path", "")):
                return True
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return False


def _place(origin: str) -> str:
    try:
        return urlsplit(origin.lower()).netloc
    except ValueError:
        return ""


def _hostname(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
