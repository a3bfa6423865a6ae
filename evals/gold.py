"""The gold set: answers written blind to the rubrics, labels made blind to any grader."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

from app.domain.content import Value

FOLDER = Path(__file__).parent / "gold"
FINAL = "final"
"""The name under which settled labels are kept; every other name is one labeller."""
GOOD, WEAKEST = 3, 1
"""Levels from which an answer is sound on the whole, and of answers with nothing sound in them."""

Label = Literal["met", "partial", "missed"]
Split = Literal["dev", "test"]


class GoldAnswer(Value):
    """One written answer to the opening question of an item."""

    id: str
    item: str
    variant: str
    split: Split
    answer: str
    missing: str = ""


class Labelling(Value):
    """One labeller's reading of one answer."""

    answer: str
    labeller: str
    level: int
    verdicts: dict[str, Label]


class WrongClaims(Value):
    """One labeller's reading of one answer for misconceptions: a quote for each that is voiced."""

    answer: str
    labeller: str
    voiced: dict[str, str]


Reading = TypeVar("Reading", Labelling, WrongClaims)


class GoldSet(Value):
    """Answers and every labelling of each; `wrong_claims` where a rubric has misconceptions."""

    answers: tuple[GoldAnswer, ...]
    labellings: tuple[Labelling, ...]
    wrong_claims: tuple[WrongClaims, ...]

    def split(self, name: Split) -> list[tuple[GoldAnswer, Labelling]]:
        """The answers of one split with their settled labels."""
        final = {each.answer: each for each in self.labellings if each.labeller == FINAL}
        return [(each, final[each.id]) for each in self.answers if each.split == name]

    def settled_wrong_claims(self) -> dict[str, dict[str, str]]:
        """By answer, the misconceptions it voices, each with its quote."""
        return {each.answer: each.voiced for each in self.wrong_claims if each.labeller == FINAL}

    def wrong_claims_by_labeller(self) -> dict[str, dict[str, WrongClaims]]:
        """Readings for misconceptions by labeller and answer, settled ones left out."""
        return _by_labeller(self.wrong_claims)

    def by_labeller(self) -> dict[str, dict[str, Labelling]]:
        """Labellings by labeller and answer, settled ones left out."""
        return _by_labeller(self.labellings)


def _by_labeller(readings: Iterable[Reading]) -> dict[str, dict[str, Reading]]:
    found: dict[str, dict[str, Reading]] = defaultdict(dict)
    for each in readings:
        if each.labeller != FINAL:
            found[each.labeller][each.answer] = each
    return dict(found)


@lru_cache(maxsize=1)
def load_gold(folder: Path = FOLDER) -> GoldSet:
    """The committed gold set."""
    return GoldSet(
        answers=tuple(
            GoldAnswer.model_validate(row) for row in read_jsonl(folder / "answers.jsonl")
        ),
        labellings=tuple(
            Labelling.model_validate(row) for row in read_jsonl(folder / "labels.jsonl")
        ),
        wrong_claims=tuple(
            WrongClaims.model_validate(row) for row in read_jsonl(folder / "misconceptions.jsonl")
        ),
    )


def read_jsonl(path: Path) -> list[dict[str, object]]:
    """The objects of a JSON-lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
