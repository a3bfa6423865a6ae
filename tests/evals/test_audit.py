"""The audit passes only what the advisory service has told about."""

from __future__ import annotations

import json
from typing import Any

from evals.audit import problems

CLEAN = {"name": "numpy", "version": "2.3.0", "vulns": []}
UNKNOWN = {"name": "rich", "skip_reason": "Dependency not found on PyPI and could not be audited"}
WEAK = {
    "name": "pyyaml",
    "version": "5.1",
    "vulns": [{"id": "PYSEC-2020-96", "fix_versions": ["5.3.1"], "aliases": []}],
}


def told(*packages: dict[str, Any]) -> list[str]:
    return list(problems(json.dumps({"dependencies": packages, "fixes": []})))


def test_what_is_known_and_clean_passes() -> None:
    assert told(CLEAN) == []


def test_a_weakness_is_named_with_its_mend() -> None:
    assert told(CLEAN, WEAK) == ["pyyaml 5.1: PYSEC-2020-96, mended in 5.3.1"]


def test_what_the_service_does_not_know_is_no_pass() -> None:
    assert told(CLEAN, UNKNOWN) == ["NOT AUDITED: rich: the advisory service does not know them."]


def test_a_service_that_cannot_be_reached_is_no_pass() -> None:
    assert "none of the 2 packages" in told(UNKNOWN, UNKNOWN)[0]
    assert "cannot be reached" in next(problems(""))
