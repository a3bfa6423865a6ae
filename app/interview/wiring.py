"""Puts the parts together from the settings: the one place that chooses implementations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from app.catalog import Catalog, default_catalog
from app.domain.content import Citation, Rubric
from app.domain.session import Session
from app.errors import BadInput, SearchIndexError
from app.grading.grader import Grader
from app.interview.engine import Engine
from app.interview.graders import Embedded
from app.interview.passages import find_passage
from app.sessions.store import SessionStore
from app.settings import Settings, settings

if TYPE_CHECKING:
    from app.grading.judge import Judge
    from app.retrieval.search import Searcher

EMBEDDED_MODE = (
    "Embedded mode: no language model is configured. The scenario's author wrote the questions, "
    "and a small offline grader reads the answers. It quotes what it credits and leaves open what "
    "it cannot tell."
)


def open_store(settings: Settings) -> SessionStore:
    """The session store named by the settings."""
    return SessionStore(settings.store_url, settings.data_dir)


def make_grader(name: str | None, given: Settings | None = None) -> Grader:
    """The grader of that name: the judge if a model is configured, unless embedded is asked for."""
    chosen = given or settings()
    if name == "embedded" or (name is None and not chosen.has_model):
        return _embedded_grader()
    if name in (None, "judge") and chosen.has_model:
        return _judge(chosen)
    if name not in (None, "judge"):
        raise BadInput(f"There is no grader {name!r}. Use embedded or judge.")
    raise BadInput(
        f"The grader {name!r} is not available: no language model is configured. "
        "Use --grader embedded."
    )


def open_engine(settings: Settings, grader: str | None = None) -> Engine:
    """An engine on the configured store, with the configured interviewer and grader.

    ModelError if a model is configured and does not answer: nothing is replaced silently.
    """
    from app.interview.scripted import ScriptedInterviewer

    scripted = ScriptedInterviewer()
    if not settings.has_model:
        return Engine(open_store(settings), scripted, make_grader(grader, settings))
    from app.interview.agent import AgentInterviewer
    from app.llm.configured import configured_model
    from app.llm.prompts import prompt_versions

    agent = AgentInterviewer(configured_model(settings, "interviewer"), _passages, scripted)
    embedded = Embedded(scripted, _embedded_grader())
    return Engine(
        open_store(settings),
        agent,
        embedded.grader if grader == "embedded" else make_grader(grader, settings),
        embedded=embedded,
        prompt_versions=prompt_versions(),
    )


def describe_mode(engine: Engine) -> str:
    """Who asks and who grades, and whether what the candidate writes leaves this computer."""
    if engine.embedded is None:
        return EMBEDDED_MODE
    return (
        f"Interviewer: {engine.interviewer.name}. Grader: {engine.grader.name}. What you write is "
        "sent to the model server that you configured. A model can be wrong: every point it "
        "credits shows your own sentence, found in your answer by this program."
    )


def present_rubrics(session: Session, catalog: Catalog | None = None) -> list[Rubric]:
    """The rubrics of a session's items as they are today; the pinned one where none is left."""
    rubrics = (catalog or default_catalog()).rubrics
    return [rubrics.get(each.rubric.id, each.rubric) for each in session.plan.items]


def _embedded_grader() -> Grader:
    from app.grading.embedded import EmbeddedGrader

    return EmbeddedGrader()


def _judge(settings: Settings) -> Judge:
    from app.grading.judge import Judge
    from app.llm.configured import configured_model

    return Judge(configured_model(settings, "judge"), _cited_text, settings.judge_samples)


def _cited_text(citation: Citation) -> str:
    passage = find_passage(default_catalog().documents, citation)
    return passage.text if passage is not None else ""


def _passages(query: str) -> Sequence[str]:
    """Passages for the interviewer's own information: of no user's own documents.

    What a candidate wrote is no proof of what the candidate claims.
    """
    try:
        found = _searcher().search(query, 2, collections=["documents"])
    except SearchIndexError:  # moved or lost since it was opened: once more, from the documents
        _searcher.cache_clear()
        found = _searcher().search(query, 2, collections=["documents"])
    return [passage.text for passage in found]


@lru_cache(maxsize=1)
def _searcher() -> Searcher:
    """The one searcher of this process; the index is opened when first needed, and stays open."""
    from app.retrieval.index import Index
    from app.retrieval.search import Searcher

    index = Index.open(settings())
    index.sync(default_catalog().documents.values())
    return Searcher(index)
