"""How well a grader agrees with the gold labels, against plain baselines in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.catalog import default_catalog
from app.domain.assessment import Assessment, CriterionVerdict
from app.domain.content import Criterion, Item, Rubric, Value
from app.embedding import default_embedding
from app.grading.compare import Reader
from app.grading.compare import recall as word_recall
from app.grading.evidence import split_sentences
from app.grading.grader import Grader, GradingRequest
from app.grading.score import GradedAnswer, assess
from evals.gold import GOOD, GoldAnswer, Labelling, Split, load_gold
from evals.measures import (
    Estimate,
    accuracy,
    auc,
    best_threshold,
    estimate,
    expected_calibration_error,
    kappa,
    macro_f1,
    mean,
    precision,
    quadratic_kappa,
    recall,
    spearman,
)

_READER = Reader(default_embedding())


class Worded(Value):
    """One criterion on one answer: the label, and how near the words come to the statement."""

    answer: str
    variant: str
    criterion: str
    label: str
    recall: float
    cosine: float


class Judgement(Worded):
    """The same, and what the grader made of it."""

    verdict: str
    p_met: float


class Levelled(Value):
    """One answer: the labelled level and the grader's."""

    answer: str
    item: str
    variant: str
    label: int
    level: int | None
    score: float | None


class WrongClaim(Value):
    """One misconception on one answer: whether it is voiced, and whether the grader found it."""

    answer: str
    label: int
    voiced: bool
    found: bool


class Graded(Value):
    """What a grader made of a split."""

    judgements: list[Judgement] = []
    levels: list[Levelled] = []
    wrong_claims: list[WrongClaim] = []


def grade_gold(grader: Grader, split: Split, limit: int | None = None) -> Graded:
    """Every gold answer of a split, graded as an answer to the opening question.

    `limit` takes that many, evenly spread.
    """
    graded = Graded()
    catalog = default_catalog()
    voiced = load_gold().settled_wrong_claims()
    answers = load_gold().split(split)
    step = max(1, len(answers) // limit) if limit else 1
    for gold, labels in answers[::step][:limit]:
        item = catalog.item(gold.item)
        rubric = catalog.rubric(item.rubric)
        assessment = grade_opening(grader, item, rubric, gold.answer)
        graded.levels.append(
            Levelled(
                answer=gold.id,
                item=gold.item,
                variant=gold.variant,
                label=labels.level,
                level=assessment.level,
                score=assessment.score,
            )
        )
        graded.judgements.extend(_judgements(gold, labels, rubric, assessment))
        found = {each.misconception_id for each in assessment.misconceptions}
        graded.wrong_claims.extend(
            WrongClaim(
                answer=gold.id,
                label=labels.level,
                voiced=each.id in voiced[gold.id],
                found=each.id in found,
            )
            for each in rubric.misconceptions
            if gold.id in voiced
        )
    return graded


def grade_opening(grader: Grader, item: Item, rubric: Rubric, answer: str) -> Assessment:
    """The assessment of one answer to an opening question."""
    grading = grader.grade(
        GradingRequest(
            item=item,
            rubric=rubric,
            criteria=rubric.criteria,
            question=item.opening,
            answer=answer,
        )
    )
    return assess(rubric, [GradedAnswer(turn_id="1", grading=grading)])


def _judgements(
    gold: GoldAnswer, labels: Labelling, rubric: Rubric, assessment: Assessment
) -> list[Judgement]:
    found = {verdict.criterion_id: verdict for verdict in assessment.verdicts}
    return [
        Judgement(
            **worded.model_dump(),
            verdict=found[worded.criterion].verdict,
            p_met=p_met_of(found[worded.criterion]),
        )
        for worded in _worded(gold, labels, rubric)
    ]


def _worded(gold: GoldAnswer, labels: Labelling, rubric: Rubric) -> list[Worded]:
    """What the baselines go by: no grader is asked."""
    return [
        Worded(
            answer=gold.id,
            variant=gold.variant,
            criterion=criterion.id,
            label=labels.verdicts[criterion.id],
            recall=word_recall(_READER.read(criterion.statement), _READER.read(gold.answer)),
            cosine=_nearest_sentence(criterion, gold.answer),
        )
        for criterion in rubric.criteria
        if criterion.id in labels.verdicts
    ]


def report(grader: Grader, split: Split = "test", limit: int | None = None) -> dict[str, Any]:
    """All measures on one split; the baselines' thresholds come from all of dev in any case."""
    graded = grade_gold(grader, split, limit)
    judgements, levels = graded.judgements, graded.levels
    return {
        "grader": grader.name,
        "split": split,
        "answers": len(levels),
        "judgements": len(judgements),
        "criteria": criterion_measures(judgements),
        "baselines": _baselines(dev_rows(), judgements),
        "levels": level_measures(levels),
        "misconceptions": misconception_measures(graded.wrong_claims),
        "by_variant": _by_variant(judgements, levels),
    }


def dev_rows() -> list[Worded]:
    """Every labelled criterion of the dev split, ungraded."""
    catalog = default_catalog()
    return [
        row
        for gold, labels in load_gold().split("dev")
        for row in _worded(gold, labels, catalog.rubric(catalog.item(gold.item).rubric))
    ]


def criterion_measures(rows: Sequence[Judgement]) -> dict[str, Estimate]:
    """Agreement criterion by criterion; `decided` leaves unscored ones out."""
    decided = [row for row in rows if row.verdict != "unscored"]
    groups = [row.answer for row in rows]
    of_decided = [row.answer for row in decided]
    labels = [row.label for row in decided]
    verdicts = [row.verdict for row in decided]
    met = [row.label == "met" for row in rows]
    p_met = [row.p_met for row in rows]
    return {
        "accuracy met or not, all": estimate(accuracy, groups, met, [p >= 0.5 for p in p_met]),
        "auc of P(met), all": estimate(auc, groups, met, p_met),
        "ece of P(met), all": estimate(expected_calibration_error, groups, met, p_met),
        "share decided": estimate(
            lambda column: float(column.mean()),
            groups,
            [row.verdict != "unscored" for row in rows],
        ),
        "accuracy met or not, decided": estimate(
            accuracy,
            of_decided,
            [label == "met" for label in labels],
            [verdict == "met" for verdict in verdicts],
        ),
        "accuracy three verdicts, decided": estimate(accuracy, of_decided, labels, verdicts),
        "macro F1 three verdicts, decided": estimate(macro_f1, of_decided, labels, verdicts),
        "kappa three verdicts, decided": estimate(kappa, of_decided, labels, verdicts),
        "kappa met or not, decided": estimate(
            kappa,
            of_decided,
            [label == "met" for label in labels],
            [verdict == "met" for verdict in verdicts],
        ),
    }


def level_measures(rows: Sequence[Levelled]) -> dict[str, Any]:
    """Agreement on the level of whole answers; answers without a level are counted, not guessed."""
    placed = [row for row in rows if row.level is not None]
    names = [row.answer for row in placed]
    labels = [row.label for row in placed]
    found = [row.level for row in placed]
    difference = np.asarray(found) - np.asarray(labels)
    return {
        "without a level": len(rows) - len(placed),
        "spearman of the score": estimate(spearman, names, labels, [row.score for row in placed]),
        "quadratic kappa of the level": estimate(quadratic_kappa, names, labels, found),
        "mean error in levels": round(mean(difference), 3),
        "exact": round(mean(difference == 0), 3),
        "within one": round(mean(abs(difference) <= 1), 3),
    }


def misconception_measures(rows: Sequence[WrongClaim]) -> dict[str, Any]:
    """How many misconceptions are found, and how often a good answer is challenged for nothing."""
    names = [row.answer for row in rows]
    voiced, found = [row.voiced for row in rows], [row.found for row in rows]
    good = {row.answer for row in rows if row.label >= GOOD}
    challenged = {row.answer for row in rows if row.found and not row.voiced}
    return {
        "voiced": sum(voiced),
        "found": sum(found),
        "recall": estimate(recall, names, voiced, found),
        "precision": estimate(precision, names, voiced, found),
        f"answers of level {GOOD} and above": len(good),
        "of these challenged for nothing": len(good & challenged),
    }


def _baselines(dev: Sequence[Worded], test: Sequence[Judgement]) -> dict[str, Any]:
    groups = [row.answer for row in test]
    met = [row.label == "met" for row in test]
    majority = sum(row.label == "met" for row in dev) * 2 > len(dev)
    measured: dict[str, Any] = {
        "majority": {
            "accuracy": estimate(accuracy, groups, met, [majority] * len(met)),
            "macro F1": estimate(macro_f1, groups, met, [majority] * len(met)),
        }
    }
    for name in ("recall", "cosine"):
        cut = best_threshold(
            np.asarray([row.label == "met" for row in dev]),
            np.asarray([getattr(row, name) for row in dev]),
        )
        found = [getattr(row, name) >= cut for row in test]
        measured[f"{name} of the statement"] = {
            "accuracy": estimate(accuracy, groups, met, found),
            "macro F1": estimate(macro_f1, groups, met, found),
            "auc": estimate(auc, groups, met, [getattr(row, name) for row in test]),
            "kappa": estimate(kappa, groups, met, found),
        }
    own = [row.p_met >= 0.5 for row in test]
    measured["this grader, P(met) >= 0.5"] = {
        "accuracy": estimate(accuracy, groups, met, own),
        "macro F1": estimate(macro_f1, groups, met, own),
        "auc": estimate(auc, groups, met, [row.p_met for row in test]),
        "kappa": estimate(kappa, groups, met, own),
    }
    return measured


def _by_variant(
    judgements: Sequence[Judgement], levels: Sequence[Levelled]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for variant in dict.fromkeys(row.variant for row in levels):
        own = [row for row in judgements if row.variant == variant]
        placed = [row for row in levels if row.variant == variant]
        given = [row.level for row in placed if row.level is not None]
        rows.append(
            {
                "variant": variant,
                "answers": len(placed),
                "labelled met": round(float(np.mean([row.label == "met" for row in own])), 3),
                "graded met": round(float(np.mean([row.verdict == "met" for row in own])), 3),
                "labelled level": round(float(np.mean([row.label for row in placed])), 2),
                "graded level": round(float(np.mean(given)), 2) if given else None,
            }
        )
    return rows


def p_met_of(verdict: CriterionVerdict) -> float:
    """P(met); a judge without probabilities still ranks: met, unscored, partial, missed."""
    if verdict.p_met is not None:
        return verdict.p_met
    return {"met": 0.95, "partial": 0.4, "missed": 0.05}.get(verdict.verdict, 0.5)


def _nearest_sentence(criterion: Criterion, answer: str) -> float:
    sentences = [span.text for span in split_sentences(answer)]
    if not sentences:
        return 0.0
    embedding = default_embedding()
    return float((embedding.encode(sentences) @ embedding.encode([criterion.statement])[0]).max())
