"""How far people agree: the ceiling for any grader on the gold set."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from app.catalog import default_catalog
from evals.gold import GoldSet, load_gold
from evals.measures import accuracy, estimate, kappa, quadratic_kappa


def agreement() -> dict[str, Any]:
    """Raw agreement and kappa of every pair of labellers on the answers that both labelled."""
    gold = load_gold()
    rows: list[dict[str, Any]] = []
    for (first, own), (second, other) in combinations(sorted(gold.by_labeller().items()), 2):
        shared = [answer for answer in own if answer in other]
        pairs = [
            (answer, own[answer].verdicts[name], other[answer].verdicts[name])
            for answer in shared
            for name in own[answer].verdicts
            if name in other[answer].verdicts
        ]
        if not pairs:
            continue
        groups, left, right = zip(*pairs, strict=True)
        met_left = [label == "met" for label in left]
        met_right = [label == "met" for label in right]
        levels = (
            [own[answer].level for answer in shared],
            [other[answer].level for answer in shared],
        )
        rows.append(
            {
                "labellers": f"{first}, {second}",
                "answers": len(shared),
                "judgements": len(pairs),
                "raw, three": estimate(accuracy, groups, left, right),
                "kappa, three": estimate(kappa, groups, left, right),
                "raw, met or not": estimate(accuracy, groups, met_left, met_right),
                "kappa, met or not": estimate(kappa, groups, met_left, met_right),
                "quadratic kappa, level": estimate(quadratic_kappa, shared, *levels),
            }
        )
    return {
        "answers": len(gold.answers),
        "labellings": len(gold.labellings),
        "agreement": rows,
        "misconceptions": _on_misconceptions(gold),
    }


def _on_misconceptions(gold: GoldSet) -> list[dict[str, Any]]:
    """Agreement on which misconceptions an answer voices, of all that its rubric lists."""
    listed = {
        answer.id: [
            each.id
            for each in default_catalog()
            .rubric(default_catalog().item(answer.item).rubric)
            .misconceptions
        ]
        for answer in gold.answers
    }
    rows: list[dict[str, Any]] = []
    readings = gold.wrong_claims_by_labeller()
    for (first, own), (second, other) in combinations(sorted(readings.items()), 2):
        pairs = [
            (answer, name in own[answer].voiced, name in other[answer].voiced)
            for answer in own
            if answer in other
            for name in listed[answer]
        ]
        if not pairs:
            continue
        groups, left, right = zip(*pairs, strict=True)
        rows.append(
            {
                "labellers": f"{first}, {second}",
                "answers": len(set(groups)),
                "judgements": len(pairs),
                "voiced by the first": sum(left),
                "by the second": sum(right),
                "raw": estimate(accuracy, groups, left, right),
                "kappa": estimate(kappa, groups, left, right),
            }
        )
    return rows
