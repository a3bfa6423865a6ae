"""What the language model was used for in a session: calls, tokens and seconds, turn by turn."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.content import Value
from app.domain.session import ModelUse


class Cost(Value):
    """The calls of one turn, or of all of them."""

    turn: str
    calls: int
    prompt_tokens: int
    reply_tokens: int
    seconds: float

    @property
    def tokens(self) -> int:
        """Read and written together."""
        return self.prompt_tokens + self.reply_tokens


def total_cost(uses: Sequence[ModelUse], turn: str = "all") -> Cost:
    """All calls together. A server that counts no tokens leaves them at 0."""
    return Cost(
        turn=turn,
        calls=len(uses),
        prompt_tokens=sum(use.prompt_tokens or 0 for use in uses),
        reply_tokens=sum(use.completion_tokens or 0 for use in uses),
        seconds=sum(use.seconds for use in uses),
    )


def turn_costs(uses: Sequence[ModelUse]) -> list[Cost]:
    """One row for each turn that took the model, in their order, then all; none without a model."""
    if not uses:
        return []
    turns = dict.fromkeys(use.turn_id for use in uses)
    rows = [
        total_cost([use for use in uses if use.turn_id == turn_id], str(number))
        for number, turn_id in enumerate(turns, 1)
    ]
    return [*rows, total_cost(uses)]
