"""The shape of an answer: which share of its words went to which stage.

Each sentence goes to the stage whose credited quote it holds or, without one, to the stage whose
words (of the rubric's criteria) it shares most; a sentence that says neither stays with the one
before it. The shape describes; it earns and costs nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from app.domain.assessment import Grading
from app.domain.content import Rubric, Value
from app.domain.session import Session, Turn
from app.grading.evidence import split_sentences
from app.grading.words import content_stems, words

_Vocabulary = dict[str, dict[str, float]]  # stem -> stage -> weight

BULK = 0.6
"""From this share on, one stage crowds out the others."""
TRACE = 0.05
"""Below this share, a stage is as good as absent."""


class StageShare(Value):
    """Words spent on one stage, and their share of all words of the item."""

    dimension: str
    title: str
    words: int
    share: float


class Shape(Value):
    """The shares in the rubric's order, and what stands out in words."""

    stages: tuple[StageShare, ...]
    words: int
    remarks: tuple[str, ...]


def shape(session: Session, item_index: int) -> Shape:
    """The shape of all answers to one planned item; no words, no shares."""
    rubric = session.plan.items[item_index].rubric
    vocabulary = _vocabulary(rubric)
    spent: Counter[str] = Counter()
    for turn in session.item_turns(item_index):
        if turn.answer is not None:
            spent += _spent(turn, rubric, vocabulary)
    total = sum(spent.values())
    stages = tuple(
        StageShare(
            dimension=dimension.id,
            title=dimension.title,
            words=spent[dimension.id],
            share=spent[dimension.id] / total if total else 0.0,
        )
        for dimension in rubric.dimensions
    )
    return Shape(stages=stages, words=total, remarks=_remarks(stages, total))


def _spent(turn: Turn, rubric: Rubric, vocabulary: _Vocabulary) -> Counter[str]:
    answer = turn.answer or ""
    quoted = _quoted(turn.grading or turn.reading, rubric)
    stage = turn.question.dimension or rubric.dimensions[0].id
    spent: Counter[str] = Counter()
    for sentence in split_sentences(answer):
        stage = _stage_of(sentence.text, rubric, quoted, vocabulary) or stage
        spent[stage] += len(words(sentence.text))
    return spent


def _quoted(grading: Grading | None, rubric: Rubric) -> dict[str, str]:
    """Credited quotes, and the stage that each counts for."""
    if grading is None:
        return {}
    return {
        verdict.quote: rubric.criterion(verdict.criterion_id).dimension
        for verdict in grading.verdicts
        if verdict.quote and verdict.verdict in ("met", "partial")
    }


def _stage_of(
    sentence: str, rubric: Rubric, quoted: Mapping[str, str], vocabulary: _Vocabulary
) -> str | None:
    for quote, stage in quoted.items():
        if sentence in quote or quote in sentence:
            return stage
    scores: defaultdict[str, float] = defaultdict(float)
    for stem in set(content_stems(sentence)):
        for dimension, weight in vocabulary.get(stem, {}).items():
            scores[dimension] += weight
    if not scores:
        return None
    best = max(rubric.dimensions, key=lambda dimension: scores[dimension.id])
    return best.id if scores[best.id] >= 0.5 else None


def _vocabulary(rubric: Rubric) -> _Vocabulary:
    """For each stem of the rubric, how much more than evenly it belongs to a stage: 0 to 1."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for criterion in rubric.criteria:
        terms = " ".join(term for group in criterion.terms for term in group)
        for stem in set(content_stems(" ".join((criterion.statement, terms, *criterion.meets)))):
            counts[stem][criterion.dimension] += 1
    even = 1.0 / len(rubric.dimensions)
    return {
        stem: {
            dimension: (count / sum(by_stage.values()) - even) / (1.0 - even or 1.0)
            for dimension, count in by_stage.items()
            if count / sum(by_stage.values()) > even
        }
        for stem, by_stage in counts.items()
    }


def _remarks(stages: tuple[StageShare, ...], total: int) -> tuple[str, ...]:
    if not total or len(stages) < 2:
        return ()
    remarks = [
        f"{each.share:.0%} of your words went to {each.title.lower()}."
        for each in stages
        if each.share >= BULK
    ]
    absent = [each.title.lower() for each in stages if each.share < TRACE]
    if absent:
        remarks.append(f"Next to nothing on {_listed(absent)}.")
    return tuple(remarks)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
