"""What authors write: documents to read, items to ask, rubrics to grade by.

All values are frozen; a value that exists is valid on its own. What needs several files to judge
(a citation that resolves, a probe that names a criterion) is checked by `app.catalog`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Kind = Literal["scenario", "tradeoff", "drill", "topic", "behavioural", "summary"]
Tier = Literal["must", "should", "stretch"]
SeniorityLevel = Literal["senior", "staff", "principal"]
ExemplarLevel = Literal["weak", "senior", "staff", "principal"]

STAGES = ("context", "problem", "solution", "tradeoffs", "production")
"""The answer pattern that every scenario and trade-off rubric must use, in this order."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
ItemId = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(@[a-z0-9]+(-[a-z0-9]+)*)?$")
]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$")]


class Value(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- documents ---------------------------------------------------------------------------------


class Source(Value):
    """Where a stated fact comes from; a document's text refers to it as `[@id]`."""

    id: Slug
    title: Text
    authors: str = ""
    year: int | None = None
    url: str = ""


class Document(Value):
    """One preparation document: front matter and Markdown text."""

    id: Slug
    title: Text
    topics: tuple[Slug, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = ()
    questions: dict[str, tuple[Text, ...]] = Field(
        default={},
        description="By heading: what people ask that the section answers, in their words",
    )
    text: Text
    origin: Literal["shipped", "own"] = "shipped"


class Citation(Value):
    """A passage of a document, written `document-id#Heading` in YAML."""

    document: Slug
    heading: str

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        document, separator, heading = value.partition("#")
        if not separator or not heading.strip():
            raise ValueError(f"write a citation as 'document-id#Heading', not {value!r}")
        return {"document": document.strip(), "heading": heading.strip()}

    def __str__(self) -> str:
        return f"{self.document}#{self.heading}"


# --- rubrics -----------------------------------------------------------------------------------


def _as_group(value: Any) -> Any:
    """Accept `a | b | c` as one group of synonyms."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split("|") if part.strip())
    return value


TermGroup = Annotated[tuple[Text, ...], BeforeValidator(_as_group), Field(min_length=1)]
"""Synonyms of one expected idea; any one of them stands for it."""


AnchorLevel = Annotated[
    Literal[1, 3, 5],
    # JSON knows no numbers as keys: without this a pinned rubric could not be read back.
    BeforeValidator(lambda key: int(key) if isinstance(key, str) and key.isdecimal() else key),
]


class Dimension(Value):
    """A part of an answer with a level of its own: one of the five stages, or a rubric's own."""

    id: Key
    title: Text
    anchors: dict[AnchorLevel, Text] = Field(
        description="What an answer at level 1, 3 and 5 looks like"
    )


class Criterion(Value):
    """One decidable point that a good answer makes."""

    id: Key
    dimension: Key
    tier: Tier
    statement: Text
    counts: Text
    does_not_count: Text
    why: Text = Field(description="Why it matters; shown to a candidate who missed it")
    terms: tuple[TermGroup, ...] = ()
    meets: tuple[Text, ...] = ()
    near_misses: tuple[Text, ...] = ()
    source: Citation


class Misconception(Value):
    """A wrong claim that an interviewer challenges."""

    id: Key
    dimension: Key
    claim: Text
    why_wrong: Text
    probe: Text
    critical: bool = False
    examples: tuple[Text, ...] = Field(min_length=2, description="How people state it")
    not_examples: tuple[Text, ...] = Field(
        min_length=2, description="Sentences that resemble it and are right"
    )
    source: Citation


class Scoring(Value):
    """The arithmetic from verdicts to levels. The one place where these numbers are written.

    A misconception takes back the weight of a `should`, a critical one that of a `must`.
    """

    tier_weights: dict[Tier, float] = {"must": 3.0, "should": 2.0, "stretch": 1.0}
    partial_credit: float = 0.5
    prompted_factor: float = 0.7
    cut_points: tuple[float, float, float, float] = (0.1, 0.22, 0.42, 0.62)
    max_unscored_share: float = 0.4
    level_caps: dict[Key, int] = Field(
        default={}, description="Highest overall level where nothing in a dimension was met"
    )
    misconception_cap: int = 2

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if list(self.cut_points) != sorted(set(self.cut_points)):
            raise ValueError("cut_points must rise from level 2 to level 5")
        return self


class Rubric(Value):
    """What an answer is graded on."""

    id: Slug
    title: Text
    kind: Kind
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    misconceptions: tuple[Misconception, ...] = ()
    scoring: Scoring = Scoring()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = tuple(dimension.id for dimension in self.dimensions)
        if self.kind in ("scenario", "tradeoff") and names != STAGES:
            raise ValueError(f"dimensions must be {', '.join(STAGES)} in this order, not {names}")
        _unique("dimension id", names)
        _unique("criterion id", (criterion.id for criterion in self.criteria))
        _unique("misconception id", (wrong.id for wrong in self.misconceptions))
        for part in self.parts:
            if part.dimension not in names:
                raise ValueError(f"{part.id}: dimension {part.dimension!r} is none of {names}")
        for name in names:
            if not any(criterion.dimension == name for criterion in self.criteria):
                raise ValueError(f"dimension {name!r} has no criterion")
        for name in self.scoring.level_caps:
            if name not in names:
                raise ValueError(f"level_caps: {name!r} is none of {names}")
        return self

    @property
    def parts(self) -> tuple[Criterion | Misconception, ...]:
        """Criteria and misconceptions."""
        return (*self.criteria, *self.misconceptions)

    def criterion(self, criterion_id: str) -> Criterion:
        """The criterion of that id; KeyError if there is none."""
        for criterion in self.criteria:
            if criterion.id == criterion_id:
                return criterion
        raise KeyError(criterion_id)

    @property
    def content_hash(self) -> str:
        """First 16 hex digits of the SHA-256 over the canonical JSON of the rubric."""
        return content_hash(self)


# --- items -------------------------------------------------------------------------------------


class Fact(Value):
    """A hidden fact of the item's fiction, revealed to whoever asks for it."""

    id: Key
    question: Text
    also_asked: tuple[Text, ...] = ()
    answer: Text
    matters: bool = Field(description="Whether knowing it changes the design")
    why: Text


class FollowUp(Value):
    """A question an interviewer may ask next. Higher depth is asked later and of higher levels."""

    id: Key
    dimension: Key
    probes: tuple[Key, ...] = Field(min_length=1, description="Criteria that it gives a chance to")
    when: Literal["open", "met", "always"] = Field(
        default="open",
        description="Asked while one of the probed criteria is open, once all are met, or either",
    )
    depth: Literal[1, 2, 3] = 1
    text: Text
    good_points: tuple[Text, ...] = Field(min_length=1)


class ConstraintFlip(Value):
    """A changed requirement, put late in the interview to see the design move."""

    id: Key
    dimension: Key
    text: Text
    good_points: tuple[Text, ...] = Field(min_length=1)


class Item(Value):
    """An opening prompt with what an interviewer needs to hold the conversation about it."""

    id: ItemId
    kind: Kind
    title: Text
    topics: tuple[Slug, ...] = Field(min_length=1)
    opening: Text
    rubric: Slug
    minutes: int = Field(default=10, ge=1, le=60)
    word_limit: int | None = None
    context: str = ""
    ambiguities: tuple[Text, ...] = ()
    facts: tuple[Fact, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    hints: dict[Key, tuple[Text, Text, Text]] = {}
    flips: tuple[ConstraintFlip, ...] = ()
    exemplars: dict[ExemplarLevel, Text] = {}
    references: tuple[Citation, ...] = Field(
        default=(), description="Passages that the principal exemplar, the model answer, rests on"
    )
    default_case: Slug | None = Field(
        default=None, description="Drills only: the scenario used where none is chosen"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _unique("fact id", (fact.id for fact in self.facts))
        _unique("follow-up or flip id", (part.id for part in self.questions))
        if (self.kind == "drill") != (self.default_case is not None):
            raise ValueError("default_case belongs to drills, and each drill needs one")
        return self

    @property
    def questions(self) -> tuple[FollowUp | ConstraintFlip, ...]:
        """Everything that may be asked after the opening."""
        return (*self.follow_ups, *self.flips)

    @property
    def content_hash(self) -> str:
        """First 16 hex digits of the SHA-256 over the canonical JSON of the item."""
        return content_hash(self)


class ItemSet(Value):
    """Several short items in one file: a topic's questions, the STAR prompts, the summaries."""

    id: Slug
    kind: Kind
    title: Text
    items: tuple[Item, ...] = Field(min_length=1)


def content_hash(value: BaseModel) -> str:
    """First 16 hex digits of the SHA-256 over the value's canonical JSON."""
    canonical = json.dumps(value.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _unique(what: str, names: Iterator[str] | tuple[str, ...] | Any) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} is used twice")
        seen.add(name)
