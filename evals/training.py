"""Labelled answers that the classifiers learn from, beside the authors' examples.

Written blind to the rubrics, like the gold set, but by other writers, and labelled once, with a
quote for each verdict that is not `missed` and for each misconception that is voiced. No gold
answer is among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from app.catalog import default_catalog
from app.domain.content import Value
from app.grading.classifier import OWN_WEIGHT, Example
from app.grading.evidence import Span, split_sentences
from evals.gold import FOLDER, GOOD, WEAKEST, read_jsonl

SAID_WEIGHT = 4.0
"""A quoted sentence of a whole answer is as good as an author's example, and rarer."""
SHORTEST = 4
"""Words: fewer say nothing for or against."""

FROM_EACH = 4
"""Sentences of each other rubric that stand for what is sound and beside the question."""


class Quoted(Value):
    """What stands for one criterion in an answer."""

    criterion: str
    verdict: Literal["met", "partial"]
    quote: str


class Voiced(Value):
    """Where an answer voices a misconception."""

    misconception: str
    quote: str


class TrainingAnswer(Value):
    """One answer to an item's opening; a criterion that is not quoted is missed."""

    id: str
    item: str
    variant: str
    level: int
    answer: str
    quoted: tuple[Quoted, ...]
    voiced: tuple[Voiced, ...] = ()

    def quote_of(self, part: str) -> tuple[str, bool] | None:
        """What was quoted for a criterion or misconception, if anything, and whether in full."""
        quotes = {each.criterion: (each.quote, each.verdict == "met") for each in self.quoted}
        quotes |= {each.misconception: (each.quote, True) for each in self.voiced}
        return quotes.get(part)


@lru_cache(maxsize=1)
def load_training() -> dict[str, list[TrainingAnswer]]:
    """The training answers by the rubric they were labelled with."""
    answers = defaultdict(list)
    for row in read_jsonl(FOLDER / "training.jsonl"):
        answer = TrainingAnswer.model_validate(row)
        answers[default_catalog().item(answer.item).rubric].append(answer)
    return answers


def labelled_sentences(rubric: str, part: str) -> list[Example]:
    """The sentences of all training answers, for and against one criterion or misconception.

    A sentence that half says it is left out: it teaches neither. What the interviewer says, small
    talk, self-praise, markup and other languages speak against every part.
    """
    examples = [Example(text, False, OWN_WEIGHT) for text in (*_background(), *_asked(rubric))]
    for answer in load_training()[rubric]:
        quote, in_full = answer.quote_of(part) or ("", False)
        for sentence in split_sentences(answer.answer):
            if len(sentence.text.split()) < SHORTEST:
                continue
            if not quote or not _within(sentence, quote, answer.answer):
                examples.append(Example(sentence.text, False))
            elif in_full:
                examples.append(Example(sentence.text, True, SAID_WEIGHT))
        if in_full:
            examples.append(Example(quote, True, SAID_WEIGHT))
    return examples


def sound_sentences(rubric: str) -> list[Example]:
    """The sentences of good answers against those of the weakest.

    What says nothing is unsound too, and so is what is right about something else.
    """
    examples = [Example(text, False) for text in (*_background(), *_elsewhere(rubric))]
    for answer in load_training()[rubric]:
        if answer.level >= GOOD or answer.level == WEAKEST:
            for sentence in split_sentences(answer.answer):
                if len(sentence.text.split()) >= SHORTEST:
                    examples.append(Example(sentence.text, answer.level >= GOOD))
    return examples


@lru_cache(maxsize=1)
def _background() -> tuple[str, ...]:
    """Sentences that answer nothing; none of them occurs in the attacks."""
    return tuple((FOLDER / "background.txt").read_text(encoding="utf-8").splitlines())


def _elsewhere(rubric: str) -> Iterator[str]:
    """Some of what the authors wrote as right under every other rubric."""
    for other in default_catalog().rubrics.values():
        if other.id != rubric:
            right = [text for criterion in other.criteria for text in criterion.meets]
            yield from right[:: max(1, len(right) // FROM_EACH)][:FROM_EACH]


@lru_cache
def _asked(rubric: str) -> tuple[str, ...]:
    """The sentences of every question and brief that is graded with a rubric."""
    return tuple(
        sentence.text
        for item in default_catalog().items.values()
        if item.rubric == rubric
        for sentence in split_sentences(f"{item.opening}\n{item.context}")
    )


def _within(sentence: Span, quote: str, answer: str) -> bool:
    """Whether most of the sentence lies in the quote."""
    start = answer.index(quote)
    shared = min(sentence.end, start + len(quote)) - max(sentence.start, start)
    return 2 * shared > sentence.end - sentence.start
