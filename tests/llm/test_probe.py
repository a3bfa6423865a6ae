from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.llm.endpoint import Endpoint
from app.llm.probe import capabilities_of
from tests.llm.model_server import ModelServer, Reply


def _able(body: dict[str, Any]) -> Reply:
    if body.get("tools"):
        return Reply(tool_calls=(("choose", {"word": "pager"}),))
    if body.get("response_format"):
        return Reply('{"word": "pager"}')
    return Reply("ready")


def _prose(body: dict[str, Any]) -> Reply:
    if body.get("temperature") is not None or body.get("response_format"):
        return Reply(status=400)
    return Reply("Sure! The alert goes to a pager.")


def test_a_server_that_can_do_everything_is_asked_once_and_remembered(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.default = _able
    endpoint = Endpoint(model_server.base_url, "fake")
    found = capabilities_of(endpoint, tmp_path)
    assert found.usable
    assert (found.streaming, found.usage, found.temperature) == (True, True, True)
    assert (found.tools, found.json_schema, found.json_mode) == (True, True, True)
    assert found.method == "json_schema"
    assert found.context_tokens == 8192
    asked = len(model_server.requests)
    assert asked == 5
    assert capabilities_of(endpoint, tmp_path) == found
    assert len(model_server.requests) == asked
    capabilities_of(endpoint, tmp_path, again=True)
    assert len(model_server.requests) == 2 * asked


def test_a_server_that_only_writes_prose_gets_the_last_rung(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.default = _prose
    found = capabilities_of(Endpoint(model_server.base_url, "fake"), tmp_path)
    assert found.usable
    assert not found.temperature
    assert not any((found.tools, found.json_schema, found.json_mode))
    assert found.method == "prompted"


def test_a_server_that_ignores_the_schema_is_found_out(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.default = lambda body: Reply('{"place": "the moon"}')
    found = capabilities_of(Endpoint(model_server.base_url, "fake"), tmp_path)
    assert not found.json_schema
    assert found.json_mode
    assert found.method == "json_mode"


def test_an_address_where_nothing_listens_is_told_and_not_remembered(tmp_path: Path) -> None:
    found = capabilities_of(Endpoint("http://127.0.0.1:9/v1", "fake"), tmp_path)
    assert not found.usable
    assert "cannot be reached" in found.failure
    assert json.loads((tmp_path / "endpoints.json").read_text()) == {}


def test_a_broken_cache_is_no_cache(model_server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text("[1, 2")
    model_server.default = _able
    assert capabilities_of(Endpoint(model_server.base_url, "fake"), tmp_path).usable
