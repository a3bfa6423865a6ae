from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.llm.background import wait_for
from app.llm.calls import Run
from app.llm.endpoint import Endpoint
from app.llm.model import Model
from app.llm.probe import capabilities_of
from evals.desk import open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Endpoint]:
    server = open_desk(tmp_path / "desk", patience=10.0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1", "desk")
    server.shutdown()
    server.server_close()


def reader(folder: Path, name: str, text: str) -> threading.Thread:
    """Someone who answers the first request with a file of that name."""

    def write() -> None:
        while not (folder / "1.request.json").exists():
            time.sleep(0.05)
        (folder / name).write_text(text, encoding="utf-8")

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("1.reply.txt", '{"word": "ticket"}'),
        ("1.reply.json", '{"word": "ticket"}'),
        ("1.reply.json", '{"content": "{\\"word\\": \\"ticket\\"}"}'),
    ],
)
@pytest.mark.parametrize("streaming", [True, False])
def test_a_reply_from_a_file_arrives_as_the_models(
    desk: Endpoint, tmp_path: Path, name: str, text: str, streaming: bool
) -> None:
    able = capabilities_of(desk, tmp_path)
    assert able.usable
    assert able.tools
    assert able.json_schema
    folder = tmp_path / "desk"
    assert list(folder.glob("*.request.json")) == [], "no person answers a probe"
    model = Model(desk, able.model_copy(update={"streaming": streaming}))
    answering = reader(folder, name, text)
    asked = model.structured(
        Run("judge"), [("system", "Rules."), ("human", "Which?")], "choice", {"type": "object"}
    )
    reply = wait_for(asked)
    answering.join()
    assert json.loads(reply) == {"word": "ticket"}
    request = json.loads((folder / "1.request.json").read_text(encoding="utf-8"))
    assert [message["content"] for message in request["messages"]] == ["Rules.", "Which?"]
