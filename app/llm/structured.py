"""Structured replies, by the surest way that an endpoint has: each rung asks for the same JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

from app.llm.probe import Method

_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def options(method: Method, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """What to send along so that the reply follows the schema."""
    if method == "json_schema":
        wanted = {"name": name, "strict": True, "schema": schema}
        return _response_format({"type": "json_schema", "json_schema": wanted})
    if method == "function_calling":
        function = {"name": name, "description": "Hand in the result.", "parameters": schema}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": name}},
        }
    if method == "json_mode":
        return _response_format({"type": "json_object"})
    return {}


def shows_schema(method: Method) -> bool:
    """Whether the server sees the schema; else the prompt must hold it."""
    return method in ("json_schema", "function_calling")


def read_object(text: str, *, broken_off: bool = False) -> dict[str, Any]:
    """The JSON object in a reply, also behind thoughts, prose or a fence. ValueError if none.

    Of a reply that is known to have `broken_off`, what came whole.
    """
    text = _THOUGHTS.sub("", text)
    start = text.find("{")
    if start < 0:
        raise ValueError("the reply holds no JSON object")
    if broken_off:
        value = from_json(text[start:], allow_partial=True)
    else:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
    if not isinstance(value, dict):
        raise ValueError("the reply holds no JSON object")
    return value


def _response_format(value: dict[str, Any]) -> dict[str, Any]:
    # In the body, not as an argument: with the argument the client parses the reply itself, and
    # what it cannot parse is then lost together with the text that a repair needs.
    return {"extra_body": {"response_format": value}}
