"""The classifiers that are shipped: taught by authors' examples and by labelled answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from app.domain.content import Criterion, Misconception, Rubric
from app.embedding import MiniLM
from app.grading.classifier import Classifier, Example, digest_of, examples_of, teach
from app.grading.soundness import soundness_examples

CLASSIFIERS_FILE = Path(__file__).parent.parent / "assets" / "classifiers.npz"


class Classifiers:
    """The classifier of each part of a rubric, and the one that tells sound from unsound.

    Where a rubric was changed after the shipped ones were taught, or is the user's own, its
    classifiers are taught on the spot by the author's examples alone.
    """

    def __init__(self, embedding: MiniLM, path: Path = CLASSIFIERS_FILE) -> None:
        self._embedding = embedding
        self._known = read_classifiers(path)

    def of(self, rubric: Rubric, part: Criterion | Misconception) -> Classifier:
        """The classifier of a criterion or misconception of that rubric."""
        return self._taught_by(examples_of(rubric, part))

    def of_soundness(self, rubric: Rubric) -> Classifier:
        """The classifier that tells sound sentences from unsound ones under that rubric."""
        return self._taught_by(soundness_examples(rubric))

    def _taught_by(self, examples: list[Example]) -> Classifier:
        digest = digest_of(examples)
        if digest not in self._known:
            self._known[digest] = teach(examples, self._embedding)
        return self._known[digest]


def read_classifiers(path: Path) -> dict[str, Classifier]:
    """Classifiers by digest; none if the file is absent."""
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        digests, stems, ends = file["digests"].tolist(), file["stems"].tolist(), file["ends"]
        meaning, bias = file["meaning"].astype(np.float32), file["bias"].astype(float)
        places, weights = file["places"], file["weights"].astype(float).tolist()
    starts = [0, *ends[:-1].tolist()]
    return {
        digest: Classifier(
            meaning=meaning[row],
            words={stems[places[i]]: weights[i] for i in range(starts[row], int(ends[row]))},
            bias=float(bias[row]),
        )
        for row, digest in enumerate(digests)
    }


def write_classifiers(classifiers: Mapping[str, Classifier], path: Path = CLASSIFIERS_FILE) -> None:
    """Write them as float16, in order of their digests."""
    rows = [classifiers[digest] for digest in sorted(classifiers)]
    stems = sorted({stem for row in rows for stem in row.words})
    place = {stem: number for number, stem in enumerate(stems)}
    np.savez_compressed(
        path,
        digests=np.array(sorted(classifiers)),
        stems=np.array(stems),
        ends=np.cumsum([len(row.words) for row in rows]),
        meaning=np.array([row.meaning for row in rows], np.float16),
        bias=np.array([row.bias for row in rows], np.float32),
        places=np.array([place[stem] for row in rows for stem in row.words], np.uint16),
        weights=np.array([weight for row in rows for weight in row.words.values()], np.float16),
    )
