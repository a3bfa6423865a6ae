from __future__ import annotations

import pytest

from app.llm.repetition import Repetition


def stopped_at(text: str, piece: int = 3) -> int | None:
    """Where a reply that grows by pieces is found to loop."""
    repetition = Repetition()
    ends = range(piece, len(text) + piece, piece)
    return next((end for end in ends if repetition.is_in(text[:end])), None)


@pytest.mark.parametrize("unit", ["\n", "The answer is: ", '{"id": "", "quote": ""}, ', "x" * 100])
def test_a_loop_is_noticed_soon(unit: str) -> None:
    begun = "Before it, the model said something sensible. "
    at = stopped_at(begun + unit * 2000)
    assert at is not None
    assert at < len(begun) + 600


@pytest.mark.parametrize(
    "text",
    [
        "".join(f'"AD-{number}": "missed",\n    ' for number in range(200)),
        "It costs two pages a week. " * 12,
        "",
    ],
    ids=["a checklist of misses", "a sentence said a dozen times", "nothing"],
)
def test_what_only_resembles_a_loop_goes_on(text: str) -> None:
    assert stopped_at(text) is None
