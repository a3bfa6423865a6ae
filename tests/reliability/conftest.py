"""Databases to be killed on, and a place to record what a proof has counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sessions.conftest import (  # noqa: F401
    open_store,
    postgres_server,
    postgres_url,
    sqlite_url,
    url,
)

Proof = Callable[..., None]


@pytest.fixture
def proof(record_property: Callable[[str, object], None]) -> Proof:
    """Records counts of a proof; `python -m evals reliability` prints them as a table.

    Called as `proof(runs=, lost=, doubled=, recovery=)`, the last one in seconds.
    """

    def record(**counts: float) -> None:
        for name, value in counts.items():
            record_property(name, value)

    return record
