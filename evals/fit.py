"""Fits the embedded grader's heads: from the dev split of the gold set, and from public sets.

The test split is never read here. The public sets are not committed; without them their heads stay
as they are. See evals/LOG.md for what was tried.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from app.catalog import Catalog, default_catalog
from app.domain.content import Misconception
from app.embedding import default_embedding
from app.grading.compare import Reader
from app.grading.embedded import HEADS_FILE
from app.grading.evidence import split_sentences, windows
from app.grading.examples import FEATURES, compare, read_answer, read_reference
from app.grading.gates import examine
from app.grading.statement import FEATURES as STATEMENT_FEATURES
from app.grading.statement import statement_features
from evals.gold import load_gold, read_jsonl
from evals.measures import accuracy, auc, kappa

FOLDS = 5
ROUNDS = 3
CHALLENGE_WEIGHTS = (3.0, 4.0, 0.0, 0.0, 9.0)
"""By hand: two or three examples of each misconception are too few to fit on. See LOG.md."""
WRONG_CHALLENGES = 0.01
"""Share of right sentences that may be challenged; each costs a good candidate's patience."""
STRENGTH = 0.3
"""Inverse regularisation: small, for some hundreds of examples."""
DECIDED = 0.8
"""Share of verdicts to decide: fewer, and whole answers would be left without a level."""


def fit_heads(statements: Path | None = None, references: Path | None = None) -> dict[str, Any]:
    """Fit what there is data for, write the heads, and tell how they did in cross-validation."""
    heads = json.loads(HEADS_FILE.read_text(encoding="utf-8"))
    told: dict[str, Any] = {}
    rows, labels, groups = gold_rows()
    heads["examples"], told["examples"] = _fit(rows, labels, groups, FEATURES)
    rows, labels, groups = misconception_rows(default_catalog())
    heads["misconception"], told["misconception"] = _misconception_head(rows, labels)
    for name, path in (("statement", statements), ("reference", references)):
        if path is not None:
            rows, labels, groups = statement_rows(path)
            heads[name], told[name] = _fit(rows, labels, groups, STATEMENT_FEATURES)
    HEADS_FILE.write_text(json.dumps(heads, indent=2) + "\n", encoding="utf-8")
    return told


Matrix = np.ndarray[Any, Any]
Rows = tuple[list[Matrix], list[bool], list[str]]
"""For each judgement the features of every piece (pieces, features), its label and its group."""


def gold_rows() -> Rows:
    """One row for each criterion of each dev answer that no gate stops."""
    catalog = default_catalog()
    rows: list[Matrix] = []
    labels: list[bool] = []
    groups: list[str] = []
    for gold, labelling in load_gold().split("dev"):
        item = catalog.item(gold.item)
        rubric = catalog.rubric(item.rubric)
        sentences, flags = examine(gold.answer, f"{item.opening}\n{item.context}", rubric)
        if any(flag.gate for flag in flags):
            continue
        reading = read_answer(windows(sentences, gold.answer), len(sentences), default_embedding())
        for criterion in rubric.criteria:
            rows.append(compare(reading, read_reference(criterion, default_embedding())))
            labels.append(labelling.verdicts[criterion.id] == "met")
            groups.append(gold.id)
    return rows, labels, groups


def misconception_rows(catalog: Catalog) -> Rows:
    """Each example of a misconception, left out of its own reference, against right sentences."""
    rows: list[Matrix] = []
    labels: list[bool] = []
    groups: list[str] = []
    for rubric in catalog.rubrics.values():
        right = [text for criterion in rubric.criteria for text in criterion.meets[:1]]
        for wrong in rubric.misconceptions:
            for place, text in enumerate(wrong.examples):
                rest = wrong.examples[:place] + wrong.examples[place + 1 :]
                rows.append(_features_of(text, wrong.model_copy(update={"examples": rest})))
                labels.append(True)
            for place, text in enumerate(wrong.not_examples):
                rest = wrong.not_examples[:place] + wrong.not_examples[place + 1 :]
                rows.append(_features_of(text, wrong.model_copy(update={"not_examples": rest})))
                labels.append(False)
            for text in right:
                rows.append(_features_of(text, wrong))
                labels.append(False)
            groups += [rubric.id] * (len(rows) - len(groups))
    return rows, labels, groups


def _features_of(text: str, part: Misconception) -> Matrix:
    spans = split_sentences(text)
    reading = read_answer(windows(spans, text), len(spans), default_embedding())
    return compare(reading, read_reference(part, default_embedding()))


def statement_rows(path: Path) -> Rows:
    """The training rows of a public set in the format of `bench-grading`."""
    reader = Reader(default_embedding())
    rows: list[Matrix] = []
    labels: list[bool] = []
    groups: list[str] = []
    for row in read_jsonl(path):
        if row.get("split", "train") != "train":
            continue
        features = statement_features(
            str(row["criterion"]), str(row["answer"]), str(row.get("question") or ""), reader
        )
        rows.append(np.array([[features[name] for name in STATEMENT_FEATURES]]))
        labels.append(row["label"] == "met")
        groups.append(str(row["qid"]))
    return rows, labels, groups


def _fit(
    rows: Sequence[Matrix],
    labels: Sequence[bool],
    groups: Sequence[str],
    names: Sequence[str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    y = np.array(labels)
    p = np.zeros(len(y))
    for train, test in GroupKFold(FOLDS).split(y, y, groups):
        model = _fit_best_piece([rows[i] for i in train], y[train])
        p[test] = [model.predict_proba(rows[i])[:, 1].max() for i in test]
    model = _fit_best_piece(rows, y)
    scaler, logistic = model[0], model[-1]
    weights = logistic.coef_[0] / scaler.scale_
    bias = float(logistic.intercept_[0] - (weights * scaler.mean_).sum())
    met_from, missed_below = _thresholds(y, p)
    head = {
        "weights": {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)},
        "bias": round(bias, 4),
        "met_from": met_from,
        "partial_from": round((met_from + missed_below) / 2, 3),
        "missed_below": missed_below,
    }
    decided = (p >= met_from) | (p < missed_below)
    told = {
        "rows": len(y),
        "met": round(float(y.mean()), 3),
        "auc": round(auc(y, p), 3),
        "accuracy": round(accuracy(y, p >= 0.5), 3),
        "kappa at 0.4": round(kappa(y, p >= 0.4), 3),
        "decided": round(float(decided.mean()), 3),
        "accuracy when decided": round(accuracy(y[decided], p[decided] >= met_from), 3),
        "met_from": met_from,
        "missed_below": missed_below,
    }
    return head, told


def _misconception_head(
    rows: Sequence[Matrix], labels: Sequence[bool]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hand-set weights; the bias leaves right sentences alone, but for a chosen share."""
    y = np.array(labels)
    total = np.array([(row @ np.array(CHALLENGE_WEIGHTS)).max() for row in rows])
    bias = -float(np.quantile(total[~y], 1 - WRONG_CHALLENGES))
    head = {
        "weights": dict(zip(FEATURES, CHALLENGE_WEIGHTS, strict=True)),
        "bias": round(bias, 4),
        "met_from": 0.5,
        "partial_from": 0.5,
        "missed_below": 0.5,
    }
    told = {
        "right sentences challenged": round(float((total[~y] + bias > 0).mean()), 4),
        "left-out examples found": round(float((total[y] + bias > 0).mean()), 3),
    }
    return head, told


def _fit_best_piece(rows: Sequence[Matrix], y: Matrix) -> Any:
    """A logistic model of the piece that says it best, which the model itself has to find."""
    chosen = np.array([row[int(row.sum(axis=1).argmax())] for row in rows])
    for _ in range(ROUNDS):
        model = _model().fit(chosen, y)
        chosen = np.array([row[int(model.decision_function(row).argmax())] for row in rows])
    return model


def _model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))


def _thresholds(y: Matrix, p: Matrix) -> tuple[float, float]:
    """Where to say met and below which to say missed, on cross-validated probabilities.

    Of all pairs that leave at most a fifth undecided, the one whose decided verdicts agree best
    with the labels, by kappa; the undecided lie around even odds.
    """
    best = (-1.0, 0.5, 0.5)
    for met_from in np.arange(0.4, 0.8, 0.02):
        for missed_below in np.arange(0.2, 0.52, 0.02):
            decided = (p >= met_from) | (p < missed_below)
            if decided.mean() >= DECIDED:
                agreement = kappa(y[decided], p[decided] >= met_from)
                best = max(best, (agreement, float(met_from), float(missed_below)))
    return round(best[1], 2), round(best[2], 2)
