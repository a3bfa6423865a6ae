"""What a judge hands in: the schema of its checklist, and the reading of a doubtful reply.

A criterion that is missed takes one word, `"missed"`, and yet must stand in the reply: a reply that
breaks off never counts as a list of misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from app.domain.assessment import MisconceptionFinding
from app.domain.content import Criterion
from app.grading.evidence import find_quote
from app.grading.grader import GradingRequest
from app.grading.words import words
from app.llm.structured import read_object

MIN_QUOTE_WORDS = 3
SURE_FROM = 0.5
MAX_RATIONALE = 400
MISSED = "missed"
NOT_FOUND = "Not found in this answer."


class Reply(BaseModel):
    """The model's word on one criterion."""

    quote: str = ""
    rationale: str
    verdict: Literal["met", "partial", "missed"]
    confidence: float | None = Field(ge=0.0, le=1.0)


class _Claim(BaseModel):
    id: str
    quote: str
    confidence: float = Field(ge=0.0, le=1.0)


@dataclass(frozen=True)
class Reading:
    """The usable part of a reply, and what is wrong with the rest, by criterion id."""

    verdicts: dict[str, Reply] = field(default_factory=dict)
    misconceptions: tuple[MisconceptionFinding, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)

    def open_criteria(self, criteria: Sequence[Criterion]) -> list[Criterion]:
        """The criteria still without a verdict."""
        return [each for each in criteria if each.id not in self.verdicts]

    def claims(self, misconception_id: str) -> bool:
        """Whether that misconception was found."""
        return any(each.misconception_id == misconception_id for each in self.misconceptions)

    def mended_by(self, repair: Reading) -> Reading:
        """With what a second reply adds; what was usable already stays."""
        verdicts = {**repair.verdicts, **self.verdicts}
        problems = {**self.problems, **repair.problems}
        return Reading(
            verdicts=verdicts,
            misconceptions=self.misconceptions or repair.misconceptions,
            problems={name: told for name, told in problems.items() if name not in verdicts},
        )


def answer_schema(ids: Sequence[str], claims: Sequence[str], *, capped: bool) -> dict[str, Any]:
    """A JSON schema with one required entry for each criterion id, quote before verdict.

    `claims` are the ids of the misconceptions. `capped` bounds texts and lists: a small model that
    is held to a schema may never end one.
    """
    text = {"type": "string"}
    short = {"type": "string", "maxLength": 120} if capped else text
    passage = {"type": "string", "maxLength": 300} if capped else text
    claim = {"type": "string", "enum": list(claims)} if claims else short
    found = _object({"id": claim, "quote": passage, "confidence": {"type": "number"}})
    return {
        "type": "object",
        "properties": {
            "criteria": _object({name: {"$ref": "#/$defs/check"} for name in ids}),
            "misconceptions": {
                "type": "array",
                "items": found,
                **({"maxItems": len(claims)} if capped else {}),
            },
        },
        "required": ["criteria", "misconceptions"],
        "additionalProperties": False,
        "$defs": {
            "check": {"anyOf": [{"type": "string", "enum": [MISSED]}, {"$ref": "#/$defs/credit"}]},
            "credit": _object(
                {
                    "quote": passage,
                    "rationale": short,
                    "verdict": {"type": "string", "enum": ["met", "partial"]},
                    "confidence": {"type": "number"},
                }
            ),
        },
    }


def read_reply(text: str, request: GradingRequest, answer: str, broken_off: str = "") -> Reading:
    """What a reply says about the criteria of a request, checked entry by entry.

    `answer` is the text the quotes must stand in. Nothing is guessed: an entry that is missing, has
    another shape or credits without a quote that can be found is a problem, not a verdict. Where
    the reply has `broken_off`, for the reason given, the entries before the break are read.
    """
    try:
        value = read_object(text, broken_off=bool(broken_off))
    except ValueError as error:
        told = broken_off or f"The reply is not the JSON that was asked for: {error}."
        return Reading(problems={each.id: told for each in request.criteria})
    entries = value.get("criteria")
    entries = entries if isinstance(entries, dict) else {}
    verdicts: dict[str, Reply] = {}
    problems: dict[str, str] = {}
    for criterion in request.criteria:
        result = _read_entry(criterion.id, entries.get(criterion.id), answer, request.answer)
        if isinstance(result, str):
            problems[criterion.id] = broken_off or result
        else:
            verdicts[criterion.id] = result
    return Reading(verdicts, tuple(_read_claims(value, request, answer)), problems)


def _read_entry(name: str, entry: Any, answer: str, whole: str) -> Reply | str:
    if entry is None:
        return f"{name} is missing in the reply."
    if isinstance(entry, str) and entry.strip().lower() == MISSED:
        return Reply(rationale=NOT_FOUND, verdict="missed", confidence=None)
    try:
        reply = Reply.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{name}: {place or 'entry'}: {first['msg']}."
    rationale = reply.rationale.strip()[:MAX_RATIONALE] or "No rationale was given."
    if reply.verdict == "missed":
        return reply.model_copy(update={"quote": "", "rationale": rationale})
    quote = _checked_quote(reply.quote, answer, whole)
    if quote is None:
        return f"{name}: the quote given for {reply.verdict!r} does not stand in the answer."
    return reply.model_copy(update={"quote": quote, "rationale": rationale})


def _read_claims(
    value: dict[str, Any], request: GradingRequest, answer: str
) -> list[MisconceptionFinding]:
    known = {each.id for each in request.rubric.misconceptions}
    entries = value.get("misconceptions")
    found: dict[str, MisconceptionFinding] = {}
    for entry in entries if isinstance(entries, list) else []:
        try:
            claim = _Claim.model_validate(entry)
        except ValidationError:
            continue  # a finding that cannot be read is none: it would only take credit away
        quote = _checked_quote(claim.quote, answer, request.answer)
        if claim.id in known and quote and claim.confidence >= SURE_FROM:
            found.setdefault(
                claim.id,
                MisconceptionFinding(
                    misconception_id=claim.id, quote=quote, confidence=claim.confidence
                ),
            )
    return list(found.values())


def _checked_quote(quote: str, answer: str, whole: str) -> str | None:
    """The passage as it stands in the whole answer, if it may serve as evidence."""
    if len(words(quote)) < MIN_QUOTE_WORDS or find_quote(quote, answer) is None:
        return None
    return find_quote(quote, whole)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
