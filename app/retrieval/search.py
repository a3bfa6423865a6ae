"""Hybrid search: nearest vectors and BM25, fused by reciprocal rank."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.errors import BadInput
from app.retrieval.documents import Chunk
from app.retrieval.index import COLLECTIONS, CollectionName, Index
from app.retrieval.own import LOCAL_USER

if TYPE_CHECKING:
    from bm25s import BM25

Mode = Literal["fused", "dense", "lexical"]
DENSE_WEIGHT, LEXICAL_WEIGHT = 0.5, 1.0
RRF_K = 2
"""Measured on one example sentence of each of 451 criteria: the passage that the criterion cites
stood first for 42 % and among the first five for 65 % of them; with the usual k of 60 and equal
weights for 33 % and 59 %. The first places of a ranking deserve more than k 60 gives them.
"""
DEPTH = 50
"""How far down either ranking a chunk may stand and still be fused."""

LEXICONS = 16
"""How many are kept: one for each user who searches and has documents of their own."""

_WORD = re.compile(r"[^\W_]+")


class Passage(Chunk):
    """A chunk that was found. `score` is cosine, BM25 or the fused score, as the mode has it."""

    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None


class _Lexicon:
    """The chunks of some collections at one revision, and BM25 over them."""

    def __init__(self, revision: str, chunks: list[Chunk]) -> None:
        self.revision = revision
        self.chunks = {chunk.id: chunk for chunk in chunks}
        self._ids = list(self.chunks)
        self._bm25 = _bm25([_searched(chunk) for chunk in chunks]) if chunks else None

    def best(self, query: str, k: int) -> list[tuple[str, float]]:
        """Ids and BM25 scores of the k best chunks that share a word with the query."""
        tokens = words(query)
        if self._bm25 is None or not tokens:
            return []
        scores = self._bm25.get_scores(tokens)
        order = np.argsort(-scores, kind="stable")[:k]
        return [(self._ids[place], float(scores[place])) for place in order if scores[place] > 0]


class Searcher:
    """Search over an index. Any thread may call it; it notices when the index has changed."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lexicons: dict[tuple[tuple[CollectionName, ...], tuple[str, ...]], _Lexicon] = {}
        self._building = threading.Lock()

    def search(
        self,
        query: str,
        k: int = 5,
        mode: Mode = "fused",
        collections: Iterable[CollectionName] = COLLECTIONS,
        owner: str = LOCAL_USER,
    ) -> list[Passage]:
        """The k best passages that a user may see, best first; equal scores in order of chunk id.

        BadInput for an empty query; SearchIndexError if the index cannot be used.
        """
        if not query.strip():
            raise BadInput("The search is empty: give a few words to look for.")
        if k < 1:
            raise BadInput(f"k is {k}: ask for one passage or more.")
        names = tuple(collections)
        lexicon = self._lexicon(names, owner)
        depth = max(DEPTH, k)
        dense = self._index.nearest(query, depth, names, owner) if mode != "lexical" else []
        lexical = lexicon.best(query, depth) if mode != "dense" else []
        if mode == "fused":
            scores = fuse(
                [chunk_id for chunk_id, _ in dense], [chunk_id for chunk_id, _ in lexical]
            )
        else:
            scores = dict(dense or lexical)
        dense_ranks = {chunk_id: rank for rank, (chunk_id, _) in enumerate(dense, 1)}
        lexical_ranks = {chunk_id: rank for rank, (chunk_id, _) in enumerate(lexical, 1)}
        best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
        return [
            Passage(
                **lexicon.chunks[chunk_id].model_dump(),
                score=scores[chunk_id],
                dense_rank=dense_ranks.get(chunk_id),
                lexical_rank=lexical_ranks.get(chunk_id),
            )
            for chunk_id in best
            if chunk_id in lexicon.chunks  # else it was added since the lexicon was built
        ][:k]

    def _lexicon(self, names: tuple[CollectionName, ...], owner: str) -> _Lexicon:
        revision = self._index.revision(names)
        # All who have no documents of their own share one.
        seen = (names, self._index.own_ids(owner))
        with self._building:
            lexicon = self._lexicons.pop(seen, None)
            if lexicon is None or lexicon.revision != revision:
                lexicon = _Lexicon(revision, self._index.chunks(names, owner))
            self._lexicons[seen] = lexicon
            if len(self._lexicons) > LEXICONS:
                del self._lexicons[next(iter(self._lexicons))]  # the one unused for longest
            return lexicon


def fuse(dense: Iterable[str], lexical: Iterable[str]) -> dict[str, float]:
    """Reciprocal rank fusion: the sum of weight / (k + rank) over the rankings that hold an id."""
    scores: dict[str, float] = {}
    for weight, ranking in ((DENSE_WEIGHT, dense), (LEXICAL_WEIGHT, lexical)):
        for rank, chunk_id in enumerate(ranking, 1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + weight / (RRF_K + rank)
    return scores


def words(text: str) -> list[str]:
    """The stems of a text's words, as BM25 compares them."""
    from Stemmer import Stemmer

    # A stemmer may not be shared by threads; a new one costs microseconds.
    stems: list[str] = Stemmer("english").stemWords(_WORD.findall(text.lower()))
    return stems


def _searched(chunk: Chunk) -> list[str]:
    """The words a chunk is found by: its own and those of the questions it answers."""
    return words("\n".join((chunk.embedded_text, *chunk.questions)))


def _bm25(tokens: list[list[str]]) -> BM25:
    from bm25s import BM25

    bm25 = BM25()
    bm25.index(tokens, show_progress=False)
    return bm25
