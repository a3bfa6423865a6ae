"""A real `interview serve` process, and visitors who speak to it over HTTP as the page does."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

START_SECONDS = 180.0
"""Far more than a start takes, for machines with much else to do."""
HEADER = "X-User"


class Server:
    """`interview serve` on a free port. Its output is kept, for what must not be in it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self._lines: queue.Queue[str] = queue.Queue()
        self._log: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", "0"],
            env={
                "INTERVIEW_DATA_DIR": str(folder),
                "HOME": str(folder),
                "PATH": os.environ["PATH"],
                "GRADIO_TEMP_DIR": str(folder / "uploads"),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._log.append(line)
            self._lines.put(line)

    def wait_until_open(self) -> Server:
        """Until the page has told its address."""
        end = time.monotonic() + START_SECONDS
        while True:
            line = self._lines.get(timeout=max(0.1, end - time.monotonic()))
            if "The page is open" in line:
                self.url = line.split()[4]
                return self

    @property
    def log(self) -> str:
        """All it has printed so far."""
        return "".join(self._log)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._process.kill()
        self._process.wait(30)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _messages(pieces: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream. `iter_lines` would also end a line at U+2028 within the JSON."""
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n\n")
        for event in whole:
            if event.startswith("data:"):
                yield json.loads(event[5:])


class Visitor:
    """One browser tab of one user."""

    def __init__(self, server: Server, user: str | None, **headers: str) -> None:
        named = {HEADER: user} if user is not None else {}
        self.http = httpx.Client(
            base_url=server.url, headers={**named, **headers}, timeout=120, trust_env=False
        )
        self._hash = uuid4().hex
        self._config: dict[str, Any] | None = None

    @property
    def config(self) -> dict[str, Any]:
        """What the page is made of: components and callbacks."""
        if self._config is None:
            self._config = self.http.get("/config").raise_for_status().json()
        return self._config

    def inputs(self, callback: dict[str, Any]) -> list[str]:
        """The names of what a callback reads."""
        components = {each["id"]: each for each in self.config["components"]}
        return [
            str(components[each]["props"].get("elem_id") or components[each]["type"])
            for each in callback["inputs"]
        ]

    def named(self, name: str) -> dict[str, Any]:
        """The callback of that function name."""
        return next(each for each in self.config["dependencies"] if each["api_name"] == name)

    def call(
        self, callback: dict[str, Any], data: list[Any], event: Any = None, query: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Press something; what the server sends back until the callback has ended."""
        body = {
            "data": data,
            "event_data": event,
            "fn_index": callback["id"],
            "trigger_id": callback["targets"][0][0],
            "session_hash": self._hash,
        }
        # As escapes in ASCII: a browser sends lone surrogates so, and httpx would refuse them.
        self.http.post(
            f"/gradio_api/queue/join?{query}",
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        ).raise_for_status()
        address = f"/gradio_api/queue/data?session_hash={self._hash}"
        with self.http.stream("GET", address) as stream:
            for message in _messages(stream.iter_text()):
                yield message
                if message["msg"] in ("process_completed", "close_stream"):
                    return

    def press(self, name: str, *data: Any, event: Any = None, query: str = "") -> str:
        """Everything a callback sent, as one text."""
        return json.dumps(list(self.call(self.named(name), list(data), event, query)))
