"""Every way in which a call of a model ends, in plain words, and which are worth a retry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

import httpx2
import openai
from langchain_core.exceptions import ContextOverflowError

from app.errors import ModelError

Outcome = Literal[
    "ok",
    "unreachable",
    "timeout",
    "stalled",
    "cut_off",
    "malformed",
    "empty",
    "truncated",
    "endless",
    "refused",
    "filtered",
    "unauthorized",
    "no_such_model",
    "rate_limited",
    "quota",
    "server_error",
    "context_overflow",
    "bad_request",
    "unusable",
    "stopped",
]

RETRIED: tuple[Outcome, ...] = (
    "unreachable",
    "timeout",
    "stalled",
    "cut_off",
    "malformed",
    "empty",
    "rate_limited",
    "server_error",
)
"""Trouble that a second attempt may not meet again. Everything else fails at once."""

IN_WORDS: dict[Outcome, str] = {
    "ok": "The model answered.",
    "unreachable": "The model server cannot be reached. Check that it runs and that the address "
    "(--base-url, OPENAI_BASE_URL) is right.",
    "timeout": "The model server did not answer in time.",
    "stalled": "The model server stopped sending in the middle of a reply.",
    "cut_off": "The connection broke before the reply was complete.",
    "malformed": "The server sent something that is no model reply. Check that the address ends "
    "in /v1 and belongs to a model server.",
    "empty": "The model sent an empty reply.",
    "truncated": "The reply was cut at the length limit: raise INTERVIEW_MAX_TOKENS, or take a "
    "model that says less.",
    "endless": "The model did not come to an end and was stopped. Small models do that: take a "
    "larger one.",
    "refused": "The model refused to answer.",
    "filtered": "The provider's content filter withheld the reply.",
    "unauthorized": "The model server did not accept the key. Check OPENAI_API_KEY.",
    "no_such_model": "The server does not know this model or address. `interview doctor` lists "
    "what it offers.",
    "rate_limited": "The model server allows no more requests just now.",
    "quota": "The account at the model provider has no credit left.",
    "server_error": "The model server failed.",
    "context_overflow": "The conversation does not fit into the model's context: start its server "
    "with a larger one (8,192 tokens suffice), or take another model.",
    "bad_request": "The model server did not accept the request. `interview doctor` shows what it "
    "can do.",
    "unusable": "The model's reply could not be read as a grading.",
    "stopped": "Stopped.",
}

_OVERFLOW = (
    "context_length_exceeded",
    "exceed_context_size",
    "context size",
    "context length",
    "context window",
)


_BROKEN = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)


class CallFailed(ModelError):
    """A call that gave nothing usable. `outcome` names the way, the message tells it."""

    def __init__(
        self, outcome: Outcome, detail: str = "", retry_after: float | None = None
    ) -> None:
        self.outcome: Outcome = outcome
        self.retry_after = retry_after
        super().__init__(f"{IN_WORDS[outcome]} ({detail})" if detail else IN_WORDS[outcome])


def classify(error: Exception) -> CallFailed:
    """The typed failure behind whatever the client raised."""
    if isinstance(error, CallFailed):
        return error
    if isinstance(error, ContextOverflowError):
        return CallFailed("context_overflow")
    if isinstance(error, openai.APIStatusError):
        return _by_status(error)
    if isinstance(error, openai.APITimeoutError):
        return CallFailed("timeout")
    if isinstance(error, openai.APIConnectionError):
        broke = any(isinstance(each, _BROKEN) for each in _causes(error))
        return CallFailed("cut_off" if broke else "unreachable")
    if isinstance(error, TimeoutError):  # the client's own limit between two chunks
        return CallFailed("stalled")
    if isinstance(error, httpx2.TimeoutException):
        return CallFailed("stalled")
    if isinstance(error, httpx2.HTTPError):  # raised while a body is read
        return CallFailed("cut_off")
    if isinstance(error, openai.APIError):  # an error event inside a stream
        overflow = any(sign in error.message.lower() for sign in _OVERFLOW)
        return CallFailed("context_overflow" if overflow else "server_error")
    if isinstance(error, openai.LengthFinishReasonError):
        return CallFailed("truncated")
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return CallFailed("filtered")
    if isinstance(error, json.JSONDecodeError | openai.OpenAIError):
        return CallFailed("malformed")
    # What is left comes from reading a body that has another shape than a model's reply.
    return CallFailed("malformed", type(error).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _by_status(error: openai.APIStatusError) -> CallFailed:
    status = error.status_code
    text = f"{error.message} {error.body}".lower()
    if status in (401, 403):
        return CallFailed("unauthorized")
    if status == 404:
        return CallFailed("no_such_model")
    if status == 429:
        if "insufficient_quota" in text or "billing" in text:
            return CallFailed("quota")
        return CallFailed("rate_limited", retry_after=_retry_after(error))
    if status in (400, 413, 422):
        if status == 413 or any(sign in text for sign in _OVERFLOW):
            return CallFailed("context_overflow")
        return CallFailed("bad_request", f"status {status}")
    if status == 408:
        return CallFailed("timeout")
    if status >= 500:
        # Some local servers report a prompt that is too long as a failure of their own.
        if any(sign in text for sign in _OVERFLOW):
            return CallFailed("context_overflow")
        return CallFailed("server_error", f"status {status}", retry_after=_retry_after(error))
    return CallFailed("bad_request", f"status {status}")


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds the server asks to wait; a date is rare and left to the usual pause."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None
