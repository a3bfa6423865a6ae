"""Search over a real index of a few tiny documents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.content import Document
from app.errors import BadInput
from app.retrieval.documents import load_own
from app.retrieval.index import Index
from app.retrieval.search import Searcher, fuse
from app.settings import Settings


@pytest.fixture
def index(folder_settings: Settings, documents: list[Document]) -> Iterator[Index]:
    with Index.open(folder_settings) as index:
        index.sync(documents)
        yield index


def test_each_mode_puts_the_passage_that_says_it_first(index: Index) -> None:
    searcher = Searcher(index)
    for mode in ("fused", "dense", "lexical"):
        found = searcher.search("how many pages a shift can take", k=2, mode=mode)  # type: ignore[arg-type]
        assert str(found[0].citation) == "alert-budgets#Deriving the budget"


def test_a_paraphrase_is_found_by_its_vector(index: Index) -> None:
    query = "somebody shipped a new release"
    searcher = Searcher(index)
    best = searcher.search(query, k=1, mode="dense")[0]
    assert str(best.citation) == "root-cause-analysis#Change events"


def test_another_form_of_a_word_is_found_by_its_stem(index: Index) -> None:
    best = Searcher(index).search("deployments", k=1, mode="lexical")[0]
    assert str(best.citation) == "root-cause-analysis#Change events"


def test_a_fused_passage_tells_both_ranks(index: Index) -> None:
    best = Searcher(index).search("retrain the model", k=1)[0]
    assert (best.dense_rank, best.lexical_rank) == (1, 1)
    assert best.score == pytest.approx(1.5 / 3)


def test_k_limits_the_passages(index: Index) -> None:
    assert len(Searcher(index).search("drift", k=2)) == 2
    assert len(Searcher(index).search("drift", k=100, mode="dense")) == 6


def test_lexical_search_leaves_out_what_shares_no_word(index: Index) -> None:
    assert Searcher(index).search("xylophone", mode="lexical") == []
    assert Searcher(index).search("!?", mode="lexical") == []


def test_an_empty_search_is_refused(index: Index) -> None:
    with pytest.raises(BadInput):
        Searcher(index).search("  ")
    with pytest.raises(BadInput):
        Searcher(index).search("drift", k=0)


def test_a_search_notices_a_document_added_after_it_began(index: Index, own_file: Path) -> None:
    searcher = Searcher(index)
    assert searcher.search("zebra", mode="lexical") == []
    index.add_own(load_own(own_file))
    for mode in ("fused", "dense", "lexical"):
        found = searcher.search("zebra cluster failover", k=1, mode=mode)  # type: ignore[arg-type]
        assert found[0].heading == "Failover"
    assert searcher.search("zebra", mode="lexical", collections=["documents"]) == []


def test_a_search_finds_the_searchers_own_documents_and_nobody_elses(
    index: Index, own_file: Path
) -> None:
    searcher = Searcher(index)
    index.add_own(load_own(own_file), owner="ann")
    for mode in ("fused", "dense", "lexical"):
        found = searcher.search("zebra cluster failover", k=1, mode=mode, owner="ann")  # type: ignore[arg-type]
        assert found[0].heading == "Failover"
        for owner in ("bob", ""):
            others = searcher.search("zebra cluster failover", k=50, mode=mode, owner=owner)  # type: ignore[arg-type]
            assert "Failover" not in {each.heading for each in others}


def test_the_same_search_gives_the_same_passages(index: Index) -> None:
    first = Searcher(index).search("false alarms and drift", k=6)
    assert Searcher(index).search("false alarms and drift", k=6) == first


def test_an_empty_index_finds_nothing(folder_settings: Settings) -> None:
    with Index.open(folder_settings) as index:
        assert Searcher(index).search("drift") == []


def test_fusion_adds_weighted_reciprocal_ranks() -> None:
    assert fuse(dense=["a", "b"], lexical=["b"]) == {
        "a": pytest.approx(0.5 / 3),
        "b": pytest.approx(0.5 / 4 + 1.0 / 3),
    }
