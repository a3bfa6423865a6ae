"""How well search finds the passage that answers, for natural questions and for criteria."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.catalog import default_catalog
from app.domain.content import Value
from app.retrieval.index import Index
from app.retrieval.search import Mode, Searcher
from app.settings import Settings
from evals.gold import read_jsonl
from evals.measures import estimate

QUESTIONS = Path(__file__).parent / "retrieval_questions.jsonl"
MODES: tuple[Mode, ...] = ("dense", "lexical", "fused")
DEPTH = 10


class Query(Value):
    """A question and the passages that answer it, as `document-id#Heading`.

    `also`: what search had found for a question it missed, and a second reader, blind to the
    ranks, judged to answer it as well.
    """

    question: str
    passages: tuple[str, ...]
    also: tuple[str, ...] = ()


def report() -> dict[str, Any]:
    """Recall@5 and nDCG@10 of every mode."""
    asked = [Query.model_validate(row) for row in read_jsonl(QUESTIONS)]
    judged = [query.model_copy(update={"passages": query.passages + query.also}) for query in asked]
    rubrics = default_catalog().rubrics.values()
    cited = [
        Query(question=part.statement, passages=(str(part.source),))
        for rubric in rubrics
        for part in rubric.criteria
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        Index.open(Settings(data_dir=Path(folder))) as index,
    ):
        index.sync(default_catalog().documents.values())
        searcher = Searcher(index)
        passages = len(index.chunks(["documents"]))
        return {
            "passages": passages,
            "natural questions": [_measure(searcher, mode, asked) for mode in MODES],
            "natural questions, second reader": [
                _measure(searcher, mode, judged) for mode in MODES
            ],
            "criteria find their passage": [_measure(searcher, mode, cited) for mode in MODES],
            "criteria that do not (fused, top 5)": [
                {"statement": query.question, "cites": query.passages[0]}
                for query in cited
                if _recall(_found(searcher, "fused", query), query, 5) < 1
            ],
        }


def _measure(searcher: Searcher, mode: Mode, queries: Sequence[Query]) -> dict[str, Any]:
    names = [str(number) for number in range(len(queries))]
    found = [_found(searcher, mode, query) for query in queries]
    recall = [_recall(hits, query, 5) for hits, query in zip(found, queries, strict=True)]
    gain = [_ndcg(hits, query) for hits, query in zip(found, queries, strict=True)]
    return {
        "mode": mode,
        "queries": len(queries),
        "recall@5": estimate(lambda column: float(column.mean()), names, recall),
        "nDCG@10": estimate(lambda column: float(column.mean()), names, gain),
    }


def _found(searcher: Searcher, mode: Mode, query: Query) -> list[str]:
    """The distinct passages found, best first; a long section may hold several chunks."""
    hits = searcher.search(query.question, 2 * DEPTH, mode=mode, collections=["documents"])
    return list(dict.fromkeys(str(hit.citation) for hit in hits))[:DEPTH]


def _recall(found: Sequence[str], query: Query, depth: int) -> float:
    """1 if a passage that answers stands among the first `depth`."""
    return float(any(name in query.passages for name in found[:depth]))


def _ndcg(found: Sequence[str], query: Query) -> float:
    gain = sum(1 / math.log2(i + 2) for i, name in enumerate(found) if name in query.passages)
    best = sum(1 / math.log2(i + 2) for i in range(min(len(query.passages), DEPTH)))
    return gain / best
