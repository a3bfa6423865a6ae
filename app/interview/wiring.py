"""Puts the parts together from the settings: the one place that chooses implementations."""

from __future__ import annotations

from app.catalog import Catalog, default_catalog
from app.domain.content import Rubric
from app.domain.session import Session
from app.errors import BadInput
from app.grading.grader import Grader
from app.interview.engine import Engine
from app.sessions.store import SessionStore
from app.settings import Settings

EMBEDDED_MODE = (
    "Embedded mode: no language model is configured. The scenario's author wrote the questions, "
    "and a small offline grader reads the answers. It quotes what it credits and leaves open what "
    "it cannot tell."
)


def open_store(settings: Settings) -> SessionStore:
    """The session store named by the settings."""
    return SessionStore(settings.store_url, settings.data_dir)


def make_grader(name: str | None) -> Grader:
    """The grader of that name; the embedded one unless another is asked for."""
    if name not in (None, "embedded"):
        raise BadInput(
            f"The grader {name!r} is not available: no language model is configured. "
            "Use --grader embedded."
        )
    from app.grading.embedded import EmbeddedGrader

    return EmbeddedGrader()


def open_engine(settings: Settings, grader: str | None = None) -> Engine:
    """An engine on the configured store, with the configured interviewer and grader."""
    from app.interview.scripted import ScriptedInterviewer

    return Engine(open_store(settings), ScriptedInterviewer(), make_grader(grader))


def present_rubrics(session: Session, catalog: Catalog | None = None) -> list[Rubric]:
    """The rubrics of a session's items as they are today; the pinned one where none is left."""
    rubrics = (catalog or default_catalog()).rubrics
    return [rubrics.get(each.rubric.id, each.rubric) for each in session.plan.items]
