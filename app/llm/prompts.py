"""The prompts: Markdown files with `$names` to fill in."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent / "prompts"


def fill(name: str, /, **values: str) -> str:
    """A prompt with its blanks filled; a `$name` inside a value stays as it is."""
    return _template(name).substitute(values).strip()


@lru_cache
def _template(name: str) -> Template:
    return Template((FOLDER / f"{name}.md").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def prompt_versions() -> dict[str, str]:
    """The first 8 hex digits of each prompt's SHA-256, by name."""
    return {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for path in sorted(FOLDER.glob("*.md"))
    }


def as_data(text: str) -> str:
    """A candidate's text between markers that the text cannot know, and so cannot close."""
    marker = secrets.token_hex(4)
    return f"<<<{marker}\n{text}\n{marker}>>>"
