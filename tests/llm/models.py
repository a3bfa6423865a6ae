"""Models on loopback servers, with the capabilities a test wants."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import yaml

from app.catalog import content_root
from app.domain.content import Item, Rubric
from app.llm.endpoint import Endpoint
from app.llm.model import Model
from app.llm.probe import Capabilities


def model_at(base_url: str, **capabilities: Any) -> Model:
    """A model that can do everything, but for what is said otherwise."""
    able: dict[str, Any] = {
        "streaming": True,
        "usage": True,
        "temperature": True,
        "tools": True,
        "json_schema": True,
        "json_mode": True,
        **capabilities,
    }
    endpoint = Endpoint(base_url=base_url, model="fake")
    found = Capabilities(base_url=base_url, model="fake", probed_at=datetime.now(UTC), **able)
    return Model(endpoint, found)


@lru_cache
def scenario(name: str = "anomaly-detection-system") -> tuple[Item, Rubric]:
    """A shipped scenario and its rubric, read without the rest of the content."""
    root = content_root()
    item = Item.model_validate(
        yaml.safe_load((root / "knowledge" / "scenarios" / f"{name}.yaml").read_text("utf-8"))
    )
    rubric = Rubric.model_validate(
        yaml.safe_load((root / "rubrics" / "scenarios" / f"{name}.yaml").read_text("utf-8"))
    )
    return item, rubric
