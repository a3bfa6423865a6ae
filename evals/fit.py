"""Teaches the embedded grader: its classifiers, and the heads that turn log-odds into verdicts.

Classifiers learn from the rubrics and the training answers; the heads are fitted to the dev split
of the gold set, which no classifier has seen. The test split is never read here. The public sets
are not committed; without them their heads stay as they are. See evals/LOG.md for what was tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from app.catalog import Catalog, default_catalog
from app.embedding import default_embedding
from app.errors import BadInput
from app.grading.classifier import Classifier, Example, digest_of, examples_of, teach
from app.grading.compare import Reader
from app.grading.embedded import HEADS_FILE, LOG_ODDS, SOUNDNESS, Head
from app.grading.gates import examine
from app.grading.reading import read_answer
from app.grading.soundness import soundness, soundness_examples
from app.grading.statement import FEATURES as STATEMENT_FEATURES
from app.grading.statement import evidence_for, statement_features
from app.grading.taught import Classifiers, write_classifiers
from evals.bench_grading import request_of
from evals.gold import load_gold, read_jsonl
from evals.measures import accuracy, auc, kappa
from evals.training import labelled_sentences, sound_sentences

FOLDS = 5
VERDICT_OF = {"met": "met", "partial": "partial"}
STRENGTH = 0.3
"""Inverse regularisation: small, for some hundreds of examples."""
DECIDED = 0.8
"""Share of verdicts to decide."""
MET_BY = 0.8
DECIDED_FOR_A_LEVEL, PARTIAL_BY = 0.85, 0.3
"""Of criteria: fewer decided, or `partial` later, and many good answers have no level."""

Matrix = np.ndarray[Any, Any]
Cuts = Callable[[Matrix, Matrix], dict[str, float]]
Rows = tuple[Matrix, list[str], list[str]]
"""Features (judgements, features), and for each judgement its label and its group."""


def fit_heads(
    statements: Path | None = None,
    short_references: Path | None = None,
    references: Path | None = None,
) -> dict[str, Any]:
    """Teach and fit what there is data for, write it, and tell how it did in cross-validation."""
    heads = json.loads(HEADS_FILE.read_text(encoding="utf-8"))
    catalog = default_catalog()
    told: dict[str, Any] = {"classifiers": {"taught": teach_all(catalog)}}
    for name, cuts in (("criterion", _levelled), ("misconception", _likelier_than_not)):
        rows = gold_rows(catalog, misconceptions=name == "misconception")
        heads[name], told[name] = _fit(*rows, [LOG_ODDS, SOUNDNESS], cuts)
    public = {"statement": statements, "short_reference": short_references, "reference": references}
    for name, path in public.items():
        if path is not None:
            heads[name], told[name] = _fit(*statement_rows(path), STATEMENT_FEATURES, _cut)
    HEADS_FILE.write_text(json.dumps(heads, indent=2) + "\n", encoding="utf-8")
    return told


def teach_all(catalog: Catalog) -> int:
    """Teach every classifier and write them for shipping; returns how many there are."""
    taught: dict[str, Classifier] = {}

    def learn(written: list[Example], labelled: list[Example]) -> None:
        taught[digest_of(written)] = teach([*written, *labelled], default_embedding())

    for rubric in catalog.rubrics.values():
        learn(soundness_examples(rubric), sound_sentences(rubric.id))
        for part in rubric.parts:
            learn(examples_of(rubric, part), labelled_sentences(rubric.id, part.id))
    write_classifiers(taught)
    return len(taught)


def gold_rows(catalog: Catalog, misconceptions: bool) -> Rows:
    """One row for each criterion, or misconception, of each dev answer that no gate stops."""
    classifiers = Classifiers(default_embedding())
    rows: list[tuple[float, float]] = []
    labels: list[str] = []
    groups: list[str] = []
    wrong_claims = load_gold().settled_wrong_claims()
    for gold, labelling in load_gold().split("dev"):
        item = catalog.item(gold.item)
        rubric = catalog.rubric(item.rubric)
        sentences, flags = examine(gold.answer, f"{item.opening}\n{item.context}", rubric)
        if any(flag.gate for flag in flags):
            continue
        reading = read_answer(sentences, gold.answer, default_embedding())
        sound = soundness(classifiers.of_soundness(rubric), reading)
        verdicts = labelling.verdicts
        if misconceptions:
            voiced = wrong_claims.get(gold.id, {})
            verdicts = {
                each.id: "met" if each.id in voiced else "missed" for each in rubric.misconceptions
            }
        for part in rubric.parts:
            if part.id in verdicts:
                rows.append((float(classifiers.of(rubric, part).log_odds(reading).max()), sound))
                labels.append(verdicts[part.id])
                groups.append(gold.id)
    return np.array(rows), labels, groups


def statement_rows(path: Path) -> Rows:
    """The training rows of a public set in the format of `bench-grading` that has any evidence."""
    reader = Reader(default_embedding())
    rows: list[list[float]] = []
    labels: list[str] = []
    groups: list[str] = []
    for row in read_jsonl(path):
        if row.get("split", "train") != "train":
            continue
        request = request_of(row)
        statement = request.criteria[0].statement
        sentences, _ = examine(request.answer, request.question, request.rubric)
        evidence = evidence_for(statement, sentences)
        if not evidence:
            continue
        features = statement_features(statement, evidence, request.question, reader)
        rows.append([features[name] for name in STATEMENT_FEATURES])
        labels.append(VERDICT_OF.get(str(row["label"]), "missed"))
        groups.append(str(row.get("qid") or statement))
    return np.array(rows), labels, groups


def _fit(
    x: Matrix,
    labels: Sequence[str],
    groups: Sequence[str],
    names: Sequence[str],
    cuts: Cuts,
) -> tuple[dict[str, Any], dict[str, Any]]:
    verdicts = np.array(labels)
    y = verdicts == "met"
    p = np.zeros(len(y))
    for train, test in GroupKFold(FOLDS).split(y, y, groups):
        p[test] = _model().fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    model = _model().fit(x, y)
    scaler, logistic = model[0], model[-1]
    weights = logistic.coef_[0] / scaler.scale_
    bias = float(logistic.intercept_[0] - (weights * scaler.mean_).sum())
    head = Head(
        weights={name: round(float(w), 4) for name, w in zip(names, weights, strict=True)},
        bias=round(bias, 4),
        **cuts(verdicts, p),
    )
    found = np.array([head.decide(each) for each in p])
    decided = found != "unscored"
    told = {
        "rows": len(y),
        "met": round(float(y.mean()), 3),
        "auc": round(auc(y, p), 3),
        "accuracy": round(accuracy(y, p >= 0.5), 3),
        "decided": round(float(decided.mean()), 3),
        "accuracy when decided": round(accuracy(y[decided], found[decided] == "met"), 3),
        "kappa of three verdicts": round(kappa(verdicts[decided], found[decided]), 3),
    }
    return asdict(head), told


def _model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))


def _likelier_than_not(verdicts: Matrix, p: Matrix) -> dict[str, float]:
    """A misconception is voiced or not: nothing lies between."""
    return {"met_from": 0.5, "partial_from": 0.5, "missed_below": 0.5}


def _levelled(verdicts: Matrix, p: Matrix) -> dict[str, float]:
    """Of criteria, whose verdicts make a level: too many undecided, and there is none."""
    return _cut(verdicts, p, DECIDED_FOR_A_LEVEL, PARTIAL_BY)


def _cut(
    verdicts: Matrix, p: Matrix, decide: float = DECIDED, partial_by: float = MET_BY
) -> dict[str, float]:
    """Where met, partial (at `partial_by` at the latest) and missed begin, cross-validated.

    Of all triples that leave few enough undecided, the one whose decided verdicts agree best with
    the labels, by kappa. Met is what is likelier than not; the undecided lie between missed and
    partial.
    """
    truth = np.select([verdicts == "met", verdicts == "partial"], [2, 1], 0)
    best = (-1.0, 0.0, 0.0, 0.0)
    for met_from in np.arange(0.5, MET_BY, 0.02):
        for partial_from in np.arange(0.2, min(met_from, partial_by) + 0.01, 0.02):
            for missed_below in np.arange(0.1, partial_from + 0.01, 0.02):
                decided = (p >= partial_from) | (p < missed_below)
                if decided.mean() >= decide:
                    found = np.select([p >= met_from, p >= partial_from], [2, 1], 0)
                    agreement = kappa(truth[decided], found[decided])
                    best = max(best, (agreement, met_from, partial_from, missed_below))
    if best[0] < 0:
        raise BadInput(f"No thresholds decide {decide:.0%} of the verdicts: too few examples?")
    return {
        name: round(float(cut), 2)
        for name, cut in zip(("met_from", "partial_from", "missed_below"), best[1:], strict=True)
    }
