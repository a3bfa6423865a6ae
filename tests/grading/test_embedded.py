"""The embedded grader on what authors wrote: quotes, fakes, limits, determinism."""

from __future__ import annotations

import pytest

from app.catalog import default_catalog
from app.domain.assessment import Grading
from app.grading.embedded import EmbeddedGrader
from app.grading.grader import GradingRequest

CATALOG = default_catalog()
SCENARIOS = [item.id for item in CATALOG.items.values() if item.kind == "scenario"]


@pytest.fixture(scope="module")
def grader() -> EmbeddedGrader:
    return EmbeddedGrader()


def request(item_id: str, answer: str) -> GradingRequest:
    item = CATALOG.item(item_id)
    rubric = CATALOG.rubric(item.rubric)
    return GradingRequest(
        item=item, rubric=rubric, criteria=rubric.criteria, question=item.opening, answer=answer
    )


def met(grading: Grading) -> int:
    return sum(verdict.verdict == "met" for verdict in grading.verdicts)


@pytest.mark.parametrize("item_id", SCENARIOS)
def test_every_credit_has_a_quote_that_stands_in_the_answer(
    grader: EmbeddedGrader, item_id: str
) -> None:
    answer = CATALOG.item(item_id).exemplars["principal"]
    graded = grader.grade(request(item_id, answer))
    assert [each.criterion_id for each in graded.verdicts] == [
        criterion.id for criterion in CATALOG.rubric(item_id).criteria
    ]
    credited = [each for each in graded.verdicts if each.verdict in ("met", "partial")]
    assert credited
    assert all(each.quote in answer for each in credited)


@pytest.mark.parametrize("item_id", SCENARIOS)
def test_a_weak_answer_meets_far_less_than_a_principal_one(
    grader: EmbeddedGrader, item_id: str
) -> None:
    exemplars = CATALOG.item(item_id).exemplars
    weak, strong = (
        grader.grade(request(item_id, exemplars[name])) for name in ("weak", "principal")
    )
    assert met(weak) * 4 <= met(strong)


def test_the_same_answer_is_graded_the_same_twice(grader: EmbeddedGrader) -> None:
    answer = CATALOG.item("concept-drift").exemplars["staff"]
    assert grader.grade(request("concept-drift", answer)) == EmbeddedGrader().grade(
        request("concept-drift", answer)
    )


@pytest.mark.parametrize("item_id", SCENARIOS)
def test_denied_examples_and_shuffled_terms_are_met_in_at_most_five_per_cent(
    grader: EmbeddedGrader, item_id: str
) -> None:
    criteria = CATALOG.rubric(item_id).criteria
    denied = " ".join(
        f"It is not true that {criterion.meets[0].split('. ')[0].rstrip('.')}."
        for criterion in criteria
    )
    terms = ", ".join(term for criterion in criteria for group in criterion.terms for term in group)
    for fake in (denied, terms):
        assert met(grader.grade(request(item_id, fake))) <= 0.05 * len(criteria)


def test_words_beyond_the_limit_are_not_read(grader: EmbeddedGrader) -> None:
    item_id = "root-cause-analysis-in-30-seconds"
    filler = "We looked at many things in many ways and talked about them with many people. " * 7
    answer = filler + CATALOG.item(item_id).exemplars["principal"]
    assert met(grader.grade(request(item_id, answer))) == 0


def test_a_stated_misconception_is_found_and_its_refutation_is_not(grader: EmbeddedGrader) -> None:
    rubric = CATALOG.rubric("streaming-pipeline")
    wrong = next(each for each in rubric.misconceptions if "exactly" in each.claim.lower())
    stated = grader.grade(request("streaming-pipeline", wrong.examples[0]))
    refuted = grader.grade(request("streaming-pipeline", wrong.not_examples[0]))
    assert wrong.id in {each.misconception_id for each in stated.misconceptions}
    assert wrong.id not in {each.misconception_id for each in refuted.misconceptions}


def test_a_criterion_without_examples_is_read_by_its_statement(grader: EmbeddedGrader) -> None:
    asked = request("concept-drift", "The cat sat on the mat near the old door all day long.")
    bare = asked.criteria[0].model_copy(
        update={"statement": "A cat sat on a mat.", "meets": (), "near_misses": (), "terms": ()}
    )
    verdict = grader.grade(asked.model_copy(update={"criteria": (bare,)})).verdicts[0]
    assert verdict.verdict == "met"
