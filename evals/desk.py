"""A model endpoint with a person behind it: requests become files, replies are read from files.

`python -m evals.desk --folder DIR --port N` writes each chat request as DIR/<n>.request.json and
waits for DIR/<n>.reply.txt, what the model says, or DIR/<n>.reply.json, a whole assistant message
(`content`, `tool_calls`). A reader who sees only the request can so stand in for a strong model.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any

import typer

MODEL = "desk"
LOOK_EVERY_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 5.0
PIECE = 24


class Desk:
    """The folder where requests and replies lie, numbered in the order the requests came."""

    def __init__(self, folder: Path, patience: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.patience = patience
        self._lock = threading.Lock()
        self._last = max((int(each.name.split(".")[0]) for each in self._requests()), default=0)

    def put(self, request: dict[str, Any]) -> int:
        """Lay a request down; its number."""
        with self._lock:
            self._last += 1
            number = self._last
        text = json.dumps(request, ensure_ascii=False, indent=2)
        (self.folder / f"{number}.request.json").write_text(text + "\n", encoding="utf-8")
        return number

    def look(self, number: int) -> dict[str, Any] | None:
        """The assistant's message, once it is there and whole."""
        plain = self.folder / f"{number}.reply.txt"
        if plain.exists() and (text := plain.read_text(encoding="utf-8").strip()):
            return {"role": "assistant", "content": text}
        whole = self.folder / f"{number}.reply.json"
        if whole.exists():
            try:
                message = json.loads(whole.read_text(encoding="utf-8"))
            except ValueError:
                return None  # still being written
            if isinstance(message, dict) and not {"content", "tool_calls"} & message.keys():
                # A structured reply, laid down as it is.
                message = {"content": json.dumps(message, ensure_ascii=False)}
            return {"role": "assistant", "content": None, **message}
        return None

    def _requests(self) -> Iterator[Path]:
        return self.folder.glob("*.request.json")


class _Handler(BaseHTTPRequestHandler):
    desk: Desk

    def do_GET(self) -> None:
        listed = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
        self._json(200 if self.path.endswith("/models") else 404, listed)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        probe = _probe_reply(body)
        number = self.desk.put(body) if probe is None else 0
        streamed = bool(body.get("stream"))
        if streamed:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
        message = probe or self._wait(number, streamed)
        if message is None:
            if not streamed:
                self._json(503, {"error": {"message": "nobody wrote a reply in time"}})
            return
        if streamed:
            self._stream(body, message)
        else:
            finish = "tool_calls" if message.get("tool_calls") else "stop"
            choice = {"index": 0, "message": message, "finish_reason": finish}
            self._json(200, {**_head(body), "choices": [choice], "usage": _usage(body, message)})

    def _wait(self, number: int, streamed: bool) -> dict[str, Any] | None:
        end = time.monotonic() + self.desk.patience
        alive = time.monotonic()
        while time.monotonic() < end:
            if (message := self.desk.look(number)) is not None:
                return message
            if streamed and time.monotonic() - alive > KEEP_ALIVE_SECONDS:
                # An empty piece, or the client takes the silence for a stall.
                self._event({**_head(None), "choices": [_choice({"content": ""})]})
                alive = time.monotonic()
            time.sleep(LOOK_EVERY_SECONDS)
        return None

    def _stream(self, body: dict[str, Any], message: dict[str, Any]) -> None:
        head = _head(body)
        self._event({**head, "choices": [_choice({"role": "assistant", "content": ""})]})
        text = message.get("content") or ""
        for start in range(0, len(text), PIECE):
            self._event({**head, "choices": [_choice({"content": text[start : start + PIECE]})]})
        calls = message.get("tool_calls")
        if calls:
            numbered = [{"index": index, **call} for index, call in enumerate(calls)]
            self._event({**head, "choices": [_choice({"tool_calls": numbered})]})
        self._event({**head, "choices": [_choice({}, "tool_calls" if calls else "stop")]})
        self._event({**head, "choices": [], "usage": _usage(body, message)})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode())
        self.wfile.flush()

    def _json(self, status: int, value: dict[str, Any]) -> None:
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are seen in the folder."""


def _head(body: dict[str, Any] | None) -> dict[str, Any]:
    streamed = body is None or bool(body.get("stream"))
    kind = "chat.completion.chunk" if streamed else "chat.completion"
    return {"id": "desk", "object": kind, "created": int(time.time()), "model": MODEL}


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _usage(body: dict[str, Any], message: dict[str, Any]) -> dict[str, int]:
    """Tokens, estimated at four characters each."""
    prompt = len(json.dumps(body.get("messages"), ensure_ascii=False)) // 4
    completion = len(json.dumps(message, ensure_ascii=False)) // 4
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _probe_reply(body: dict[str, Any]) -> dict[str, Any] | None:
    """The reply to the questions of `interview doctor`, so that no person has to write those."""
    messages = body.get("messages") or [{}]
    asked = str(messages[-1].get("content"))
    if len(messages) != 1:
        return None
    if body.get("tools") and "Call the tool choose" in asked:
        function = {"name": "choose", "arguments": '{"word": "pager"}'}
        call = {"id": "call_0", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if body.get("response_format") and len(asked) < 100:
        return {"role": "assistant", "content": '{"word": "pager"}'}
    if asked == "Reply with the word ready.":
        return {"role": "assistant", "content": "ready"}
    return None


def open_desk(folder: Path, port: int = 0, patience: float = 600.0) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 that is not yet serving; port 0 takes a free one."""
    handler = type("Handler", (_Handler,), {"desk": Desk(folder, patience)})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(
    folder: Annotated[Path, typer.Option(help="Where requests and replies lie.")],
    port: Annotated[int, typer.Option(min=0, max=65535)] = 0,
    patience: Annotated[float, typer.Option(help="Seconds to wait for a reply.")] = 600.0,
) -> None:
    """Serve until interrupted."""
    server = open_desk(folder, port, patience)
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    typer.run(main)
