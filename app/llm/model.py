"""A model as the rest of the program uses it: what it can do, and structured replies from it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.llm.calls import Run, within
from app.llm.endpoint import OPENAI, Chat, Endpoint, complete
from app.llm.outcomes import CallFailed
from app.llm.probe import Capabilities
from app.llm.structured import options

Message = tuple[str, str]
"""A role, `system`, `human` or `ai`, and a text."""


@dataclass(frozen=True)
class Model:
    """One model with what a probe found."""

    endpoint: Endpoint
    capabilities: Capabilities

    @property
    def name(self) -> str:
        """The model's name."""
        return self.endpoint.model

    @property
    def is_hosted(self) -> bool:
        """Whether OpenAI itself serves it."""
        return self.endpoint.base_url == OPENAI

    def chat(self, temperature: float | None = None) -> Chat:
        """A LangChain client for it."""
        return self.endpoint.chat(self.capabilities, temperature, self._max_tokens())

    async def structured(
        self,
        run: Run,
        messages: Sequence[Message],
        name: str,
        schema: dict[str, Any],
        temperature: float | None = 0.0,
        reply_tokens: int = 0,
    ) -> str:
        """The raw text of a reply that was asked for by schema. CallFailed if there is none.

        The text is as the model wrote it: reading it as JSON is the caller's part. `reply_tokens`
        is what a whole reply may take, where that is more than the settings allow for.
        """
        chat = self.endpoint.chat(self.capabilities, temperature, self._max_tokens(reply_tokens))
        asked = options(self.capabilities.method, name, schema)
        try:
            with within(run):
                async with asyncio.timeout(run.seconds_left):
                    return await complete(chat, list(messages), asked)
        except TimeoutError as error:
            raise CallFailed("timeout") from error

    def _max_tokens(self, needed: int = 0) -> int:
        """A small context is shared: a quarter of it is for the reply."""
        wanted = max(self.endpoint.max_tokens, needed)
        context = self.capabilities.context_tokens
        return min(wanted, context // 4) if context else wanted
