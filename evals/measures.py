"""Agreement measures with bootstrap intervals: thin wrappers around scikit-learn and SciPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from app.domain.content import Value

RESAMPLES = 500
Array = NDArray[Any]


class Estimate(Value):
    """A measure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(
    measure: Callable[..., float], groups: Sequence[Any], *columns: Sequence[Any]
) -> Estimate:
    """A measure over columns, resampled by group: judgements on one answer are not independent.

    All nan without a row, as of a grader that decided nothing.
    """
    if not len(groups):
        return Estimate(value=float("nan"), low=float("nan"), high=float("nan"))
    arrays = [np.asarray(column) for column in columns]
    names = np.asarray(groups)
    rows_of = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
    draw = np.random.default_rng(7)
    values = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a resample may hold one class only
        for _ in range(RESAMPLES):
            chosen = np.concatenate(
                [rows_of[i] for i in draw.integers(0, len(rows_of), len(rows_of))]
            )
            values.append(measure(*(array[chosen] for array in arrays)))
        whole = measure(*arrays)
        low, high = np.nanquantile(values, [0.025, 0.975])
    return Estimate(
        value=round(float(whole), 4), low=round(float(low), 4), high=round(float(high), 4)
    )


def accuracy(truth: Array, found: Array) -> float:
    """Share of equal labels."""
    return float(accuracy_score(truth, found)) if len(truth) else float("nan")


def precision(truth: Array, found: Array) -> float:
    """Share of what was found that is true; 0 if nothing was found."""
    return float(precision_score(truth, found, zero_division=0.0))


def recall(truth: Array, found: Array) -> float:
    """Share of what is true that was found; 0 if nothing is true."""
    return float(recall_score(truth, found, zero_division=0.0))


def macro_f1(truth: Array, found: Array) -> float:
    """Unweighted mean of F1 over the classes of `truth`."""
    labels = sorted(set(truth.tolist()))
    if not labels:
        return float("nan")
    return float(f1_score(truth, found, labels=labels, average="macro", zero_division=0))


def kappa(truth: Array, found: Array) -> float:
    """Cohen's kappa."""
    return float(cohen_kappa_score(truth, found)) if len(truth) else float("nan")


def quadratic_kappa(truth: Array, found: Array) -> float:
    """Cohen's kappa with quadratic weights, for levels."""
    return float(cohen_kappa_score(truth, found, weights="quadratic"))


def spearman(truth: Array, found: Array) -> float:
    """Rank correlation."""
    return float(spearmanr(truth, found).statistic)


def auc(truth: Array, probability: Array) -> float:
    """Area under the ROC curve; nan where only one class is present."""
    if len(set(truth.tolist())) < 2:
        return float("nan")
    return float(roc_auc_score(truth, probability))


def mean(numbers: Sequence[float] | Array) -> float:
    """The mean; nan of nothing."""
    return float(np.mean(numbers)) if len(numbers) else float("nan")


def expected_calibration_error(truth: Array, probability: Array, bins: int = 10) -> float:
    """Mean distance between predicted and observed share, weighted by bin size."""
    places = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            total += inside.sum() * abs(truth[inside].mean() - probability[inside].mean())
    return float(total / len(truth))


def best_threshold(truth: Array, score: Array) -> float:
    """The cut that gives the best accuracy; to be chosen on dev only."""
    cuts = np.unique(np.quantile(score, np.linspace(0, 1, 101)))
    return float(max(cuts, key=lambda cut: accuracy(truth, score >= cut)))
