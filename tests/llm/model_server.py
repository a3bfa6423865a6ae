"""A loopback server that speaks the OpenAI protocol as a test tells it to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

Body = dict[str, Any]


@dataclass
class Reply:
    """One reply, well or ill formed, streamed or whole as the request asks."""

    text: str = ""
    tool_calls: tuple[tuple[str, Body], ...] = ()
    finish: str | None = "stop"
    refusal: str = ""
    status: int = 200
    error: Body | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None
    cut_after: int | None = None
    """Characters after which the connection is closed in mid-body."""
    pause: float = 0.0
    """Seconds before each piece of a stream."""
    piece: int = 12


@dataclass
class ModelServer:
    """Answers chat requests in order: each from `replies`, then from `default`."""

    http: HTTPServer
    default: Callable[[Body], Reply] = lambda body: Reply("ready")
    replies: list[Reply | Callable[[Body], Reply]] = field(default_factory=list)
    requests: list[Body] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http.expect_request("/v1/chat/completions").respond_with_handler(self._chat)
        self.http.expect_request("/v1/models").respond_with_json(
            {"object": "list", "data": [{"id": "fake", "max_model_len": 8192}]}
        )

    @property
    def base_url(self) -> str:
        return str(self.http.url_for("/v1"))

    def add(self, *replies: Reply | Callable[[Body], Reply]) -> None:
        """Queue replies."""
        self.replies.extend(replies)

    def _chat(self, request: Request) -> Response:
        body = request.get_json()
        self.requests.append(body)
        planned = self.replies.pop(0) if self.replies else self.default
        reply = planned if isinstance(planned, Reply) else planned(body)
        if reply.status != 200:
            error = reply.error or {"error": {"message": f"status {reply.status}"}}
            return Response(json.dumps(error), reply.status, reply.headers, "application/json")
        if reply.raw is not None:
            return Response(reply.raw, 200, reply.headers, content_type="text/html")
        if body.get("stream"):
            return self._stream(body, reply)
        text = json.dumps(_whole(body, reply))
        if reply.cut_after is not None:
            return _cut(iter([text[: reply.cut_after]]), "application/json")
        return Response(text, 200, content_type="application/json")

    def _stream(self, body: Body, reply: Reply) -> Response:
        def events() -> Iterator[str]:
            for chunk in _chunks(body, reply):
                if reply.pause:
                    time.sleep(reply.pause)
                yield f"data: {json.dumps(chunk)}\n\n"
            if reply.finish is not None:
                yield "data: [DONE]\n\n"

        if reply.cut_after is not None:
            return _cut(events(), "text/event-stream", reply.cut_after)
        return Response(events(), 200, content_type="text/event-stream")


def _cut(parts: Iterator[str], content_type: str, characters: int | None = None) -> Response:
    """A response that promises more than it sends."""

    def begun() -> Iterator[str]:
        sent = 0
        for part in parts:
            yield part
            sent += len(part)
            if characters is not None and sent >= characters:
                return

    return Response(begun(), 200, {"Content-Length": "1000000"}, content_type=content_type)


def _calls(reply: Reply) -> list[Body]:
    return [
        {
            "index": index,
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for index, (name, arguments) in enumerate(reply.tool_calls)
    ]


def _whole(body: Body, reply: Reply) -> Body:
    message: Body = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        message["tool_calls"] = _calls(reply)
    if reply.refusal:
        message.update(content=None, refusal=reply.refusal)
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": _usage(body, reply),
    }


def _chunks(body: Body, reply: Reply) -> Iterator[Body]:
    def chunk(delta: Body, finish: str | None = None) -> Body:
        return {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }

    yield chunk({"role": "assistant", "content": ""})
    for start in range(0, len(reply.text), reply.piece):
        yield chunk({"content": reply.text[start : start + reply.piece]})
    if reply.refusal:
        yield chunk({"refusal": reply.refusal})
    if reply.tool_calls:
        yield chunk({"tool_calls": _calls(reply)})
    if reply.finish is None:
        return
    yield chunk({}, reply.finish)
    if body.get("stream_options", {}).get("include_usage"):
        yield {**chunk({}), "choices": [], "usage": _usage(body, reply)}


def _usage(body: Body, reply: Reply) -> Body:
    prompt = len(json.dumps(body["messages"])) // 4
    completion = max(1, len(reply.text) // 4)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
