"""Finds out once what a model server can do, and remembers it: names of models tell nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from app.domain.content import Value

if TYPE_CHECKING:
    from openai import OpenAI

    from app.llm.endpoint import Endpoint

Method = Literal["json_schema", "function_calling", "json_mode", "prompted"]
TIMEOUT_SECONDS = 30.0
MAX_TOKENS = 300
"""Small, and yet enough for a model that thinks before a reply of ten words."""

_WORD = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": ["pager", "ticket"]}},
    "required": ["word"],
    "additionalProperties": False,
}


class Capabilities(Value):
    """What a probe of one model on one server found."""

    base_url: str
    model: str
    probed_at: datetime
    failure: str = ""
    context_tokens: int | None = None
    streaming: bool = False
    usage: bool = False
    temperature: bool = False
    tools: bool = False
    json_schema: bool = False
    json_mode: bool = False
    latency_seconds: float | None = None

    @property
    def usable(self) -> bool:
        """Whether the model answered at all."""
        return not self.failure

    @property
    def method(self) -> Method:
        """The surest way to a structured reply that works here."""
        if self.json_schema:
            return "json_schema"
        if self.tools:
            return "function_calling"
        return "json_mode" if self.json_mode else "prompted"


def capabilities_of(endpoint: Endpoint, data_dir: Path, *, again: bool = False) -> Capabilities:
    """What the endpoint can do: from the cache, or probed now. A failed probe is not kept."""
    path = data_dir / "endpoints.json"
    known = _read(path)
    name = endpoint.identity
    if not again and name in known:
        return known[name]
    found = probe(endpoint)
    known.pop(name, None)
    if found.usable:
        known[name] = found
    _write(path, known)
    return found


def probe(endpoint: Endpoint) -> Capabilities:
    """Ask the server for its models and the model for five short replies."""
    from openai import OpenAI

    client = OpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key.get_secret_value(),
        max_retries=0,
        timeout=TIMEOUT_SECONDS,
    )
    with client:
        return _Probe(endpoint, client).run()


def offered_models(endpoint: Endpoint) -> list[str]:
    """The names of the models that the server lists; CallFailed if it cannot be asked."""
    from openai import OpenAI

    from app.llm.outcomes import classify

    try:
        with OpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.key.get_secret_value(),
            max_retries=0,
            timeout=TIMEOUT_SECONDS,
        ) as client:
            return [model.id for model in client.models.list()]
    except Exception as error:
        raise classify(error) from error


class _Probe:
    def __init__(self, endpoint: Endpoint, client: OpenAI) -> None:
        self._endpoint = endpoint
        self._client = client
        self._options: dict[str, Any] = {"max_completion_tokens": MAX_TOKENS}
        if "api.openai.com" not in endpoint.base_url:
            self._options = {"max_tokens": MAX_TOKENS}

    def run(self) -> Capabilities:
        from app.llm.outcomes import classify

        began = time.monotonic()
        found: dict[str, Any] = {}
        try:
            found["temperature"] = self._accepts({"temperature": 0})
            if found["temperature"]:
                self._options["temperature"] = 0
            else:
                self._say("Reply with the word ready.")
        except Exception as error:
            return self._result(failure=str(classify(error)))
        found["latency_seconds"] = round(time.monotonic() - began, 2)
        found["usage"] = self._works(lambda: self._streams({"include_usage": True}))
        found["streaming"] = found["usage"] or self._works(lambda: self._streams(None))
        found["tools"] = self._works(self._calls_a_tool)
        found["json_schema"] = self._works(self._follows_a_schema)
        found["json_mode"] = self._works(self._speaks_json)
        return self._result(**found, context_tokens=self._context())

    def _result(self, **found: Any) -> Capabilities:
        return Capabilities(
            base_url=self._endpoint.base_url,
            model=self._endpoint.model,
            probed_at=datetime.now(UTC),
            **found,
        )

    def _accepts(self, option: dict[str, Any]) -> bool:
        from openai import BadRequestError

        try:
            self._say("Reply with the word ready.", **option)
        except BadRequestError:
            return False
        return True

    @staticmethod
    def _works(check: Callable[[], bool]) -> bool:
        # A capability is whatever works: any failure of a check means that it does not.
        try:
            return check()
        except Exception:
            return False

    def _say(self, text: str, **options: Any) -> Any:
        reply = self._client.chat.completions.create(
            model=self._endpoint.model,
            messages=[{"role": "user", "content": text}],
            **self._options,
            **options,
        )
        return reply.choices[0].message

    def _streams(self, stream_options: dict[str, bool] | None) -> bool:
        extra: dict[str, Any] = {"stream_options": stream_options} if stream_options else {}
        finished = counted = False
        with self._client.chat.completions.create(
            model=self._endpoint.model,
            messages=[{"role": "user", "content": "Reply with the word ready."}],
            stream=True,
            **self._options,
            **extra,
        ) as chunks:
            for chunk in chunks:
                finished = finished or any(each.finish_reason for each in chunk.choices)
                counted = counted or chunk.usage is not None
        return finished and (counted or stream_options is None)

    def _calls_a_tool(self) -> bool:
        function = {"name": "choose", "description": "Choose where it goes.", "parameters": _WORD}
        message = self._say(
            "An alert wakes an engineer. Call the tool choose with the word pager.",
            tools=[{"type": "function", "function": function}],
        )
        call = (message.tool_calls or [None])[0]
        return call is not None and _is_word(call.function.arguments)

    def _follows_a_schema(self) -> bool:
        # The prompt asks for something else on purpose: only a server that enforces it passes.
        schema = {"name": "choice", "strict": True, "schema": _WORD}
        message = self._say(
            "Where does an alert go? Name a place.",
            response_format={"type": "json_schema", "json_schema": schema},
        )
        return _is_word(message.content)

    def _speaks_json(self) -> bool:
        message = self._say(
            'Reply with the JSON object {"word": "pager"}.', response_format={"type": "json_object"}
        )
        return isinstance(json.loads(message.content or ""), dict)

    def _context(self) -> int | None:
        """The context in tokens, in the field in which this kind of server tells it, if it does."""
        import httpx2

        root = self._endpoint.base_url
        headers = {"Authorization": f"Bearer {self._endpoint.key.get_secret_value()}"}
        try:
            with httpx2.Client(timeout=5.0, headers=headers) as client:
                if root.endswith("/v1"):
                    reply = client.get(f"{root.removesuffix('/v1')}/props")  # llama.cpp
                    if reply.status_code == 200:
                        settings = reply.json().get("default_generation_settings", {})
                        if isinstance(settings.get("n_ctx"), int):
                            return int(settings["n_ctx"])
                listed = client.get(f"{root}/models").json()["data"]
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return None
        for entry in listed:
            if isinstance(entry, dict) and entry.get("id") == self._endpoint.model:
                fields = {**entry, **(entry.get("meta") or {})}
                for name in ("max_model_len", "context_length", "context_window", "n_ctx_train"):
                    if isinstance(fields.get(name), int):
                        return int(fields[name])
        return None


def _is_word(text: str | None) -> bool:
    value = json.loads(text or "")
    return isinstance(value, dict) and value.get("word") in ("pager", "ticket")


def _read(path: Path) -> dict[str, Capabilities]:
    # A cache that cannot be read is no cache: everything in it can be found out again.
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {name: Capabilities.model_validate(each) for name, each in raw.items()}
    except (OSError, ValueError, ValidationError, AttributeError):
        return {}


def _write(path: Path, known: dict[str, Capabilities]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partly = path.with_name(f"{path.name}.{os.getpid()}")
    text = json.dumps(
        {name: each.model_dump(mode="json") for name, each in known.items()}, indent=2
    )
    partly.write_text(text + "\n", encoding="utf-8")
    partly.replace(path)
