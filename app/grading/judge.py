"""The language model as a grader: one call an answer, a checklist back, every quote checked.

The judge sees the newest answer and the criteria still open; it has no tools and no history. What
it cannot decide in one call and one repair is `unscored`, with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import TYPE_CHECKING

from app.domain.assessment import (
    CriterionVerdict,
    Flag,
    Grading,
    MisconceptionFinding,
    Verdict,
)
from app.domain.content import Citation, Criterion
from app.errors import ModelError
from app.grading.checklist import Reading, Reply, answer_schema, read_reply
from app.grading.evidence import Span, split_sentences
from app.grading.gates import examine
from app.grading.grader import GradingRequest, behind_gate
from app.grading.question import question_proper
from app.grading.score import GradedAnswer, assess
from app.llm.calls import ModelCall, Run
from app.llm.prompts import as_data, fill, prompt_versions
from app.llm.structured import shows_schema

if TYPE_CHECKING:
    from app.llm.model import Message, Model

REFERENCE_CHARACTERS = 300
BASE_TOKENS, CRITERION_TOKENS = 500, 130
"""Room for a reply in which every criterion is credited with the longest quote."""
_ORDER: tuple[Verdict, ...] = ("missed", "partial", "met")


@dataclass(frozen=True)
class Judgement:
    """A grading, what it cost, and the failure that left it unscored, if one did."""

    grading: Grading
    calls: tuple[ModelCall, ...] = ()
    failure: ModelError | None = None


@dataclass
class _Sample:
    """One grading by the model."""

    reading: Reading = field(default_factory=Reading)
    failure: ModelError | None = None


class Judge:
    """Grades with a language model. Any thread may call it."""

    def __init__(
        self, model: Model, reference: Callable[[Citation], str], samples: int = 1
    ) -> None:
        """`reference` gives the passage behind a citation; `samples` gradings are compared."""
        self._model = model
        self._reference = reference
        self._samples = samples
        self._examples: Callable[[str], str] | None = None
        self._variant = ""

    @property
    def name(self) -> str:
        return f"judge/{self._model.name}/{prompt_versions()['judge']}{self._variant}"

    def shown(self, examples: Callable[[str], str], variant: str) -> Judge:
        """This judge, shown `examples` of grading for an item's id; `variant` joins its name."""
        judge = Judge(self._model, self._reference, self._samples)
        judge._examples, judge._variant = examples, f"/{variant}"
        return judge

    def grade(self, request: GradingRequest) -> Grading:
        """A verdict for each criterion. ModelError where the endpoint gave none at all."""
        judgement = self.judge(request)
        if judgement.failure is not None:
            raise judgement.failure
        return judgement.grading

    def judge(self, request: GradingRequest, turn_id: str | None = None) -> Judgement:
        """The grading with its cost; never raises for what a model or its server does."""
        answer = request.readable_answer
        asked = f"{request.question}\n{request.item.context}"
        kept, flags = examine(answer, asked, request.rubric, reads_denials=True)
        ungraded = behind_gate(request, self.name, flags)
        if ungraded is not None:
            return Judgement(ungraded)
        if not request.criteria and not request.rubric.misconceptions:
            return Judgement(Grading(grader=self.name, verdicts=(), flags=flags))
        from app.llm.background import wait_for

        readable = _without_dropped(answer, kept)
        runs = [Run("judge", turn_id) for _ in range(self._samples)]
        samples = wait_for(self._gather(request, readable, runs))
        calls = tuple(call for run in runs for call in run.calls)
        return self._combine(request, samples, flags, calls)

    async def _gather(
        self, request: GradingRequest, answer: str, runs: Sequence[Run]
    ) -> list[_Sample]:
        return await asyncio.gather(*(self._sample(request, answer, run) for run in runs))

    async def _sample(self, request: GradingRequest, answer: str, run: Run) -> _Sample:
        """One call and, if something in the reply cannot be used, one repair."""
        sample = _Sample()
        messages = self._messages(request, answer)
        try:
            text = await self._ask(run, messages, request, request.criteria)
            sample.reading = read_reply(text, request, answer)
            if sample.reading.problems and run.attempts_left > 0:
                wrong = sample.reading.open_criteria(request.criteria)
                told = "\n".join(f"- {each}" for each in sample.reading.problems.values())
                ids = ", ".join(each.id for each in wrong)
                repair = fill("judge_repair", problems=told, ids=ids)
                messages = [*messages, ("ai", text), ("human", repair)]
                again = await self._ask(run, messages, request, wrong)
                sample.reading = sample.reading.mended_by(read_reply(again, request, answer))
        except ModelError as failure:
            sample.failure = failure
            # Small models take long and seldom end: what they decided until then is worth keeping.
            begun = run.calls[-1].reply if run.calls else ""
            kept = read_reply(begun, request, answer, broken_off=str(failure))
            sample.reading = sample.reading.mended_by(kept)
        return sample

    async def _ask(
        self,
        run: Run,
        messages: Sequence[Message],
        request: GradingRequest,
        criteria: Sequence[Criterion],
    ) -> str:
        return await self._model.structured(
            run,
            messages,
            "checklist",
            answer_schema(
                [each.id for each in criteria],
                [each.id for each in request.rubric.misconceptions],
                # OpenAI's strict schemas know no maxLength, and its models need none.
                capped=not self._model.is_hosted,
            ),
            # Repeated gradings are to differ where the model wavers.
            temperature=0.0 if self._samples == 1 else None,
            reply_tokens=BASE_TOKENS + CRITERION_TOKENS * len(criteria),
        )

    def _messages(self, request: GradingRequest, answer: str) -> list[Message]:
        """The stable part first, so that a provider's cache can serve it."""
        wrong = request.rubric.misconceptions
        # A follow-up's question stands for itself; the situation is what an opening is about.
        context = "" if request.dimension else request.item.context
        checklist = fill(
            "judge_checklist",
            misconceptions="\n".join(f"{each.id}: {each.claim}" for each in wrong) or "(none)",
            situation=f"{request.item.title}. {context}".strip(),
            criteria="\n".join(_checklist_lines(request)),
        )
        format_ = "" if shows_schema(self._model.capabilities.method) else fill("judge_format")
        task = fill(
            "judge_answer",
            reference=self._passage(request),
            question=question_proper(request.question, request.item.facts),
            answer=as_data(answer),
            count=str(len(request.criteria)),
            format=f"\n\n{format_}" if format_ else "",
        )
        examples = self._examples(request.item.id) if self._examples else ""
        told = [part for part in (fill("judge"), examples, checklist) if part]
        return [("system", "\n\n".join(told)), ("human", task)]

    def _passage(self, request: GradingRequest) -> str:
        """What the documents say on what is asked about, as far as there is room."""
        first = next(iter((*_asked_about(request), *request.criteria)), None)
        passage = " ".join(self._reference(first.source).split()) if first else ""
        return _whole_sentences(passage, REFERENCE_CHARACTERS) or "(none)"

    def _combine(
        self,
        request: GradingRequest,
        samples: Sequence[_Sample],
        flags: tuple[Flag, ...],
        calls: tuple[ModelCall, ...],
    ) -> Judgement:
        usable = [sample for sample in samples if sample.failure is None or sample.reading.verdicts]
        failure = samples[0].failure if not usable else None
        reason = str(failure) if failure else "The model gave no usable verdict."
        verdicts = tuple(
            _median([sample.reading for sample in usable], criterion, reason)
            for criterion in request.criteria
        )
        found: dict[str, MisconceptionFinding] = {}
        for sample in usable:
            for finding in sample.reading.misconceptions:
                found.setdefault(finding.misconception_id, finding)
        agreed = tuple(
            finding
            for name, finding in found.items()
            if 2 * sum(sample.reading.claims(name) for sample in usable) > len(usable)
        )
        grading = Grading(
            grader=self.name,
            verdicts=verdicts,
            misconceptions=agreed,
            flags=flags,
            level_interval=_level_interval(request, [sample.reading for sample in usable]),
        )
        return Judgement(grading, calls, failure)


def _checklist_lines(request: GradingRequest) -> list[str]:
    """Whole criteria for the opening or for what a follow-up is after, statements for the rest.

    What an answer earns besides it must say outright, and repeating every criterion in full each
    turn would double the prompt.
    """
    asked = _asked_about(request)
    lines: list[str] = []
    elsewhere: list[str] = []
    for each in request.criteria:
        if each in asked:
            lines += [
                f"{each.id}: {each.statement}",
                f"+ {each.counts}",
                f"- {each.does_not_count}",
            ]
        else:
            elsewhere.append(f"{each.id}: {each.statement}")
    if elsewhere:
        lines += [
            "Not asked about; met only if all of it is said outright, partial if half of it is:",
            *elsewhere,
        ]
    return lines


def _asked_about(request: GradingRequest) -> Sequence[Criterion]:
    """The criteria that the question is after; those of its dimension if its author named none."""
    probed = [each for each in request.criteria if each.id in request.probes]
    return probed or [
        each for each in request.criteria if request.dimension in (None, each.dimension)
    ]


def _whole_sentences(text: str, characters: int) -> str:
    """As many whole sentences from the beginning as there is room for; at words failing that."""
    if len(text) <= characters:
        return text
    ends = [span.end for span in split_sentences(text) if span.end <= characters]
    return text[: ends[-1]] if ends else text[:characters].rsplit(" ", 1)[0] + " …"


def _without_dropped(answer: str, kept: Sequence[Span]) -> str:
    """The answer as written, less the sentences that may not serve as evidence."""
    parts: list[str] = []
    end: int | None = None
    for span in kept:
        between = answer[end : span.start] if end is not None else ""
        parts.append(between if not between.strip(" \t\r\n-*•–.)0123456789") else " […] ")
        parts.append(span.text)
        end = span.end
    return "".join(parts)


def _median(readings: Sequence[Reading], criterion: Criterion, reason: str) -> CriterionVerdict:
    """The middle verdict of the samples, the lower one of two."""
    replies = [
        reply for reading in readings if (reply := reading.verdicts.get(criterion.id)) is not None
    ]
    if not replies:
        problems = (reading.problems.get(criterion.id) for reading in readings)
        told = next((problem for problem in problems if problem), reason)
        return CriterionVerdict(criterion_id=criterion.id, verdict="unscored", rationale=told)
    middle = _ORDER[median_low(_ORDER.index(reply.verdict) for reply in replies)]
    chosen: Reply = next(reply for reply in replies if reply.verdict == middle)
    return CriterionVerdict(
        criterion_id=criterion.id,
        quote=chosen.quote,
        rationale=chosen.rationale,
        verdict=chosen.verdict,
        confidence=chosen.confidence,
    )


def _level_interval(request: GradingRequest, readings: Sequence[Reading]) -> tuple[int, int] | None:
    """Lowest and highest level over the samples; what is not asked about was met before."""
    if len(readings) < 2:
        return None
    levels = [level for each in readings if (level := _level(request, each)) is not None]
    return (min(levels), max(levels)) if levels else None


def _level(request: GradingRequest, reading: Reading) -> int | None:
    asked = {each.id for each in request.criteria}
    verdicts = tuple(
        _median([reading], each, "Not graded.")
        if each.id in asked
        else CriterionVerdict(criterion_id=each.id, quote="-", rationale="", verdict="met")
        for each in request.rubric.criteria
    )
    grading = Grading(grader="", verdicts=verdicts)
    return assess(request.rubric, [GradedAnswer(turn_id="", grading=grading)]).level
