"""How sound an answer reads as a whole: the company in which a claim is made.

The right words stand in confident nonsense too, and a right idea may come in words of its own. So
one classifier for each rubric tells sound sentences from unsound ones, whatever they are about, and
its mean over an answer is heard beside the piece that says a criterion best.
"""

from __future__ import annotations

import numpy as np

from app.domain.content import Rubric
from app.grading.classifier import Classifier, Example
from app.grading.reading import Reading

SURE = 4.0
"""Log-odds beyond which a piece counts no more: no single one decides."""
HELD_BACK = 8
"""Pieces taken to be of middling soundness before any is read: a short answer proves little."""
MIDDLING = 1.5
"""Log-odds, about the mean of written answers of all levels."""


def soundness_examples(rubric: Rubric) -> list[Example]:
    """What the author wrote as right or wrong, whatever it is right or wrong about."""
    sound = [text for part in rubric.criteria for text in part.meets]
    sound += [text for part in rubric.misconceptions for text in part.not_examples]
    unsound = [text for part in rubric.criteria for text in part.near_misses]
    unsound += [text for part in rubric.misconceptions for text in part.examples]
    return [Example(text, True) for text in sound] + [Example(text, False) for text in unsound]


def soundness(classifier: Classifier, reading: Reading) -> float:
    """Mean log-odds of the pieces, from -`SURE` to `SURE`; drawn to the middle if they are few."""
    odds = np.clip(classifier.log_odds(reading), -SURE, SURE)
    return float((odds.sum() + HELD_BACK * MIDDLING) / (len(odds) + HELD_BACK))
