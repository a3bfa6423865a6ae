"""Notices a model that says the same thing over and over, as small ones do until they are cut."""

from __future__ import annotations

LONGEST = 100
"""Characters of the longest passage whose repetition is looked for."""
WATCHED = 400
"""Characters at the end of a text that must be nothing but repetition: four times the longest."""
LOOK_EVERY = 60


class Repetition:
    """Watches one reply grow."""

    def __init__(self) -> None:
        self._looked_at = WATCHED - LOOK_EVERY

    def is_in(self, text: str) -> bool:
        """Whether the text so far ends in a loop; looks now and then only, and costs nothing."""
        if len(text) < self._looked_at + LOOK_EVERY:
            return False
        self._looked_at = len(text)
        end = text[-WATCHED:]
        return any(end[size:] == end[:-size] for size in range(1, LONGEST + 1))
