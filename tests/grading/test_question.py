from __future__ import annotations

from app.catalog import default_catalog
from app.grading.question import question_proper
from tests.llm.models import scenario


def test_told_facts_are_cut_and_what_is_asked_stays() -> None:
    item, _ = scenario()
    told = " ".join(fact.answer for fact in item.facts[:3])
    asked = "Suppose the budget is two pages a week. What do you drop first, and why?"
    proper = question_proper(f"{told}\n\n{asked}", item.facts)
    assert proper.endswith(asked)
    assert len(proper) < len(asked) + len(told) / 4


def test_a_text_that_only_tells_facts_is_left_alone() -> None:
    item, _ = scenario()
    longest = max((part for fact in item.facts for part in fact.answer.split(". ")), key=len)
    told = " ".join([f"{longest.rstrip('.')}."] * 4)
    assert question_proper(told, item.facts) == told


def test_an_opening_and_every_authored_question_stay_as_they_are() -> None:
    for item in default_catalog().items.values():
        texts = [item.opening, *(each.text for each in item.follow_ups)]
        texts += [each.text for each in item.flips]
        assert [question_proper(text, item.facts) for text in texts] == texts
