"""Text as every encoding can write it."""

from __future__ import annotations


def well_formed(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, and halves of a pair joined.

    A lone surrogate is no character, and neither UTF-8, the tokenizer nor the browser takes one.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
