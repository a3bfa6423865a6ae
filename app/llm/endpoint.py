"""The only caller of the OpenAI client: one model on one server, with one retry layer.

Everything that can go wrong with a call leaves here as a `CallFailed` with a named outcome, and
every call leaves a record of what it sent, got and cost.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import httpx2
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from app.domain.session import ModelUse
from app.llm.calls import ModelCall, Run, current_run
from app.llm.outcomes import RETRIED, CallFailed, Outcome, classify
from app.llm.probe import Capabilities
from app.llm.repetition import Repetition

OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
CHUNK_SECONDS = 20.0
PAUSE_SECONDS = 0.5
NO_KEY = "none"
"""The client insists on a key; local servers want none."""


@dataclass(frozen=True)
class Endpoint:
    """A model on an OpenAI-compatible server."""

    base_url: str
    model: str
    api_key: SecretStr | None = None
    max_tokens: int = 2000
    file: str = ""
    """The model's file, where this process serves it at an address that is new each time."""

    @property
    def identity(self) -> str:
        """What its capabilities are remembered under."""
        return self.file or f"{self.base_url} {self.model}"

    @property
    def key(self) -> SecretStr:
        """What to send as the key."""
        return self.api_key or SecretStr(NO_KEY)

    def chat(
        self,
        capabilities: Capabilities,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Chat:
        """A client for this model, set up for what its server can do."""
        return Chat(
            model=self.model,
            base_url=self.base_url,
            api_key=self.key,
            temperature=temperature if capabilities.temperature else None,
            max_tokens=max_tokens or self.max_tokens,
            max_retries=0,
            timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            stream_chunk_timeout=self._patience(capabilities),
            stream_usage=capabilities.usage,
            disable_streaming=not capabilities.streaming,
            use_responses_api=False,
        )

    def _patience(self, capabilities: Capabilities) -> float:
        """Seconds without a word that count as a stall.

        A model on a small machine reads a long prompt for as long as a hosted one may hang, so a
        server that was slow to answer the probe is given more, and our own, which shares this
        machine with us, the most.
        """
        if self.file:
            return READ_SECONDS
        slow = 40 * (capabilities.latency_seconds or 0.0)
        return min(max(CHUNK_SECONDS, slow), READ_SECONDS)


class Chat(ChatOpenAI):
    """LangChain's client with our retry layer, deadline and record around each call."""

    async def _astream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        call = _Call(self, messages, kwargs)
        try:
            while True:
                call.begin_attempt()
                try:
                    async for chunk in super()._astream(messages, *args, **kwargs):
                        call.take(chunk)
                        yield chunk
                    call.check_complete()
                    return
                except Exception as error:
                    await call.pause_or_raise(classify(error), error)
        finally:
            call.record()

    async def _agenerate(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> ChatResult:
        call = _Call(self, messages, kwargs)
        try:
            while True:
                call.begin_attempt()
                try:
                    result = await super()._agenerate(messages, *args, **kwargs)
                    call.take_whole(result)
                    call.check_complete()
                    return result
                except Exception as error:
                    await call.pause_or_raise(classify(error), error)
        finally:
            call.record()

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        # Only OpenAI itself is known to read the new name; a server that ignores it never stops.
        if self.openai_api_base != OPENAI and "max_completion_tokens" in payload:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return payload

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], *args: Any, **kwargs: Any
    ) -> ChatGenerationChunk | None:
        converted = super()._convert_chunk_to_generation_chunk(chunk, *args, **kwargs)
        # LangChain drops a streamed refusal, and the reply would look empty.
        choices = chunk.get("choices") or [{}]
        refusal = (choices[0].get("delta") or {}).get("refusal")
        if converted is not None and refusal:
            converted.generation_info = {**(converted.generation_info or {}), "refusal": refusal}
        return converted


class _Call:
    """One call while it happens."""

    def __init__(self, chat: Chat, messages: list[BaseMessage], options: dict[str, Any]) -> None:
        payload = chat._get_request_payload(messages, **options)
        body = {**payload.get("extra_body", {}), **payload}
        sent = {
            name: body[name] for name in ("messages", "tools", "response_format") if name in body
        }
        self._prompt = json.dumps(sent, ensure_ascii=False)
        self._model = chat.model_name
        self._run: Run = current_run()
        self._began = time.monotonic()
        self._attempts = 0
        self._outcome: Outcome = "stopped"  # unless it gets to an end of its own
        self._start_over()

    def _start_over(self) -> None:
        self._text = ""
        self._tools = ""
        self._finish: str | None = None
        self._refused = False
        self._repetition = Repetition()
        self._tokens: tuple[int | None, int | None] = (None, None)

    def begin_attempt(self) -> None:
        if self._run.attempts_left <= 0:
            self._outcome = "server_error"
            raise CallFailed("server_error", "no attempt left in this turn")
        self._run.attempts_left -= 1
        self._attempts += 1
        self._start_over()

    def take(self, chunk: ChatGenerationChunk) -> None:
        """Note what a piece of a stream adds. CallFailed once nobody waits for more."""
        # Python 3.11 can lose a cancellation in `asyncio.wait_for`, which the client puts around
        # each piece: so neither the deadline nor Stop may rest on it alone.
        if self._run.stopped or self._run.seconds_left <= 0:
            raise CallFailed("stopped" if self._run.stopped else "timeout")
        info = chunk.generation_info or {}
        self._text += chunk.text
        self._tools += "".join(
            f"{part.get('name') or ''}{part.get('args') or ''}"
            for part in getattr(chunk.message, "tool_call_chunks", ())
        )
        self._finish = info.get("finish_reason") or self._finish
        self._refused = self._refused or bool(info.get("refusal"))
        self._take_usage(chunk.message)
        if self._repetition.is_in(self._text + self._tools):
            raise CallFailed("endless")

    def take_whole(self, result: ChatResult) -> None:
        """Note a reply that came in one piece."""
        generation = result.generations[0]
        message = generation.message
        info = {**message.response_metadata, **(generation.generation_info or {})}
        self._text = message.text
        self._tools = json.dumps(getattr(message, "tool_calls", None) or "").strip('"')
        # A body that arrived whole and parsed is complete, whether or not the server says so.
        self._finish = info.get("finish_reason") or "stop"
        self._refused = bool(message.additional_kwargs.get("refusal"))
        self._take_usage(message)

    def check_complete(self) -> None:
        """CallFailed for a reply that is none, though no error was raised."""
        if self._refused:
            raise CallFailed("refused")
        if self._finish == "content_filter":
            raise CallFailed("filtered")
        if self._finish == "length":
            raise CallFailed("truncated")
        if self._finish is None:
            raise CallFailed("cut_off" if self._text or self._tools else "malformed")
        if not self._text.strip() and not self._tools:
            raise CallFailed("empty")
        self._outcome = "ok"

    async def pause_or_raise(self, failure: CallFailed, cause: Exception) -> None:
        """Wait before the next attempt, or raise if there is to be none."""
        self._outcome = failure.outcome
        pause = failure.retry_after
        if pause is None:
            pause = PAUSE_SECONDS * 2 ** (self._attempts - 1)
        # Text that was shown cannot be taken back, so a reply that had begun is not begun again.
        begun = bool(self._text or self._tools)
        if (
            failure.outcome not in RETRIED
            or begun
            or self._run.attempts_left <= 0
            or pause >= self._run.seconds_left
        ):
            raise failure from cause
        await asyncio.sleep(pause)

    def record(self) -> None:
        """Keep what was sent, what came and what it cost."""
        if self._outcome == "stopped" and not self._run.stopped and self._run.seconds_left < 0.1:
            self._outcome = "timeout"
        use = ModelUse(
            purpose=self._run.purpose,
            model=self._model,
            outcome=self._outcome,
            prompt_characters=len(self._prompt),
            prompt_tokens=self._tokens[0],
            completion_tokens=self._tokens[1],
            seconds=round(time.monotonic() - self._began, 3),
            attempts=self._attempts,
            turn_id=self._run.turn_id,
        )
        reply = "\n".join(part for part in (self._text, self._tools) if part)
        self._run.calls.append(ModelCall(use=use, prompt=self._prompt, reply=reply))

    def _take_usage(self, message: BaseMessage) -> None:
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        if usage:
            self._tokens = (usage["input_tokens"], usage["output_tokens"])


async def complete(chat: Chat, messages: list[tuple[str, str]], options: dict[str, Any]) -> str:
    """The text, or the arguments of the tool call, that a model replies with."""
    text = ""
    arguments = ""
    async for chunk in chat.astream(messages, **options):
        text += chunk.text
        if isinstance(chunk, AIMessageChunk):
            arguments += "".join(piece["args"] or "" for piece in chunk.tool_call_chunks)
        else:  # a server that does not stream: the message comes whole
            arguments += "".join(json.dumps(each["args"]) for each in chunk.tool_calls)
    return arguments or text
