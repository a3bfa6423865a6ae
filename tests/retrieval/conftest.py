"""A few tiny documents, and settings that keep everything under tmp_path."""

from pathlib import Path

import pytest

from app.domain.content import Document, Source
from app.settings import Settings

ALERTS = """# Alert budgets
## Deriving the budget
A shift can work on two incidents, so two pages a shift is the budget [@sre-book].
From it follows the tolerable false-positive rate of each detector.

## Precision at low prevalence
When anomalies are rare, even a small false-positive rate drowns the true alerts.
"""
CAUSES = """# Root cause analysis
## Topology
A service graph narrows the suspects to the dependencies of the failing service.

## Change events
Most incidents follow a deployment or a configuration change, so rank recent changes first.
"""
DRIFT = """# Concept drift
## Detecting drift
Compare the error of the model over two windows; a rise that lasts is drift.

## Retraining
Retrain when the loss from drift exceeds the cost of a new model, and keep the old one ready.
"""


def make_document(document_id: str, text: str, title: str = "") -> Document:
    sources = (Source(id="sre-book", title="SRE"),) if "[@sre-book]" in text else ()
    title = title or text.partition("\n")[0].lstrip("# ")
    return Document(id=document_id, title=title, topics=("test",), sources=sources, text=text)


@pytest.fixture
def documents() -> list[Document]:
    return [
        make_document("alert-budgets", ALERTS),
        make_document("root-cause-analysis", CAUSES),
        make_document("concept-drift", DRIFT),
    ]


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "Our Runbook.md"
    path.write_text("# Our runbook\n## Failover\nDrain the zebra cluster before failover.\n")
    return path


@pytest.fixture
def folder_settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", chroma_host=None)
