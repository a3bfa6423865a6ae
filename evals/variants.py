"""The judge with other prompts than its own, to compare on the dev split."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from app.catalog import default_catalog
from app.errors import BadInput
from app.grading.grader import Grader
from app.grading.judge import Judge
from app.llm.prompts import fill
from evals.gold import load_gold

PromptVariant = Literal["present", "few-shot"]
VERDICTS = ("met", "partial", "missed")


def variant_of(grader: Grader, variant: PromptVariant) -> Grader:
    """The judge with that prompt; BadInput for a grader that has none."""
    if variant == "present":
        return grader
    if not isinstance(grader, Judge):
        raise BadInput("Only the judge has a prompt: add --grader judge and name a model.")
    return grader.shown(few_shot, variant)


@lru_cache
def few_shot(item_id: str) -> str:
    """One dev answer to another item with a criterion of each verdict, as the readers settled it.

    The longest such answer is taken: it leaves the least doubt about what was said.
    """
    catalog = default_catalog()
    found = [
        (gold, labels)
        for gold, labels in load_gold().split("dev")
        if gold.item != item_id and set(VERDICTS) <= set(labels.verdicts.values())
    ]
    gold, labels = max(found, key=lambda pair: (len(pair[0].answer), pair[0].id))
    item = catalog.item(gold.item)
    rubric = catalog.rubric(item.rubric)
    parts: list[str] = []
    for verdict in VERDICTS:
        each = next(each for each in rubric.criteria if labels.verdicts.get(each.id) == verdict)
        parts.append(
            f"{each.id}: {each.statement}\n+ {each.counts}\n- {each.does_not_count}\n"
            f"Verdict: {verdict}"
        )
    return fill(
        "judge_few_shot", question=item.opening, answer=gold.answer, verdicts="\n".join(parts)
    )
