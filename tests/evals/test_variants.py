from __future__ import annotations

import pytest

from app.errors import BadInput
from app.grading.embedded import EmbeddedGrader
from app.grading.judge import Judge
from evals.gold import load_gold
from evals.variants import VERDICTS, few_shot, variant_of
from tests.llm.models import model_at


def test_an_example_is_a_dev_answer_to_another_item_with_every_verdict() -> None:
    dev = load_gold().split("dev")
    for item in sorted({gold.item for gold, _ in dev}):
        text = few_shot(item)
        (shown,) = [gold for gold, _ in dev if gold.answer in text]
        assert shown.item != item
        assert all(f"Verdict: {verdict}" in text for verdict in VERDICTS)


def test_only_a_judge_has_variants_and_bears_their_names() -> None:
    embedded = EmbeddedGrader()
    assert variant_of(embedded, "present") is embedded
    with pytest.raises(BadInput, match="--grader judge"):
        variant_of(embedded, "few-shot")
    judge = Judge(model_at("http://127.0.0.1:9/v1"), lambda citation: "")
    assert variant_of(judge, "few-shot").name == f"{judge.name}/few-shot"
