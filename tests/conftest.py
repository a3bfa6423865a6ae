"""What every test may use."""

from __future__ import annotations

import os

import pytest


def require(condition: object, reason: str) -> None:
    """Skip, by name, a test whose means are absent; with REQUIRE_ALL=1 fail it instead."""
    if condition:
        return
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)
