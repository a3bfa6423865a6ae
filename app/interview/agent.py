"""The interviewer with a language model: a LangChain agent that words what the policy decided.

It streams, may use four tools in one round, and can be stopped at any moment; what was said until
then stands. It is given the public side of an item only: no rubric, no exemplar, no verdict.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, hook_config
from langchain.tools import ToolRuntime, tool
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.tools import BaseTool

from app.domain.content import Fact, Item
from app.domain.session import Clarification, FollowUpDecision, Note, PlannedItem, Session
from app.errors import ModelError
from app.grading.evidence import find_quote
from app.grading.words import content_stems
from app.interview.briefing import ask_prompt, clarify_prompt, system_prompt
from app.interview.facts import questions_in
from app.interview.interviewer import (
    CutOff,
    EndWanted,
    ModelSpent,
    Noted,
    Revealed,
    Spoken,
    Utterance,
)
from app.interview.scripted import ScriptedInterviewer, challenged_quote
from app.llm.background import Stop, iterate
from app.llm.calls import Run, current_run, within
from app.llm.model import Model
from app.llm.outcomes import CallFailed
from app.llm.prompts import prompt_versions

PASSAGES = 2
PASSAGE_CHARACTERS = 500
TEMPERATURE = 0.7
MOST_CHARACTERS = 1500
"""Of a turn, besides the facts to be told: three times what the prompt asks for."""
OFFER = (
    "Your text is saved. Try again, or go on with the embedded interviewer, which needs no model."
)


@dataclass
class Turn:
    """What the tools need to know in one turn, and what they did."""

    item: Item
    turn_id: str
    said: str
    effects: list[Utterance] = field(default_factory=list)


Runtime = ToolRuntime[Turn, Any]


class AgentInterviewer:
    """Speaks through a language model. Any thread may call it."""

    def __init__(
        self,
        model: Model,
        search: Callable[[str], Sequence[str]],
        matcher: ScriptedInterviewer | None = None,
    ) -> None:
        """`search` gives passages of the documents; `matcher` finds the facts asked for."""
        self._model = model
        self._matcher = matcher or ScriptedInterviewer()
        self._tools = _tools(search) if model.capabilities.tools else []
        # Tools of one reply would run beside each other, and notes be taken in any order.
        self._agent = create_agent(
            model.chat(TEMPERATURE),
            self._tools,
            middleware=[_OneRound()],
            context_schema=Turn,
        ).with_config(max_concurrency=1)
        self._stops: dict[str, Stop] = {}

    @property
    def name(self) -> str:
        return f"{self._model.name}/{prompt_versions()['interviewer']}"

    def stop(self, session_id: str) -> None:
        """Cut what is being said in that session, at once."""
        stop = self._stops.get(session_id)
        if stop is not None:
            stop()

    def open_item(self, session: Session, planned: PlannedItem) -> Iterator[Utterance]:
        # The author's opening is the situation itself: every candidate gets the same one.
        yield Spoken(planned.item.opening)

    def clarify(self, session: Session, clarification: Clarification) -> Iterator[Utterance]:
        turn = session.turns[-1]
        item = session.plan.items[turn.item_index].item
        asked = questions_in(clarification.asked) or [clarification.asked]
        facts, _ = self._matcher.match(item, asked)
        context = Turn(item, turn.id, clarification.asked)
        spoken = ""
        for utterance in self._speak(
            session,
            context,
            facts,
            lambda room: clarify_prompt(
                session, clarification, facts, room, tools=bool(self._tools)
            ),
        ):
            if isinstance(utterance, Spoken):
                spoken += utterance.text
            yield utterance
        yield from _reveal(facts, spoken, lead="\n\n" if spoken else "")

    def ask(self, session: Session, decision: FollowUpDecision) -> Iterator[Utterance]:
        turn = session.turns[-1]
        item = session.plan.items[turn.item_index].item
        answer = turn.answer or ""
        told = session.facts_told(turn.item_index)
        matched, _ = self._matcher.match(item, questions_in(answer))
        facts = [fact for fact in matched if fact.id not in told]
        quote = challenged_quote(session, decision)
        if facts:
            yield Revealed(tuple(fact.id for fact in facts), any(fact.matters for fact in facts))
        context = Turn(item, turn.id, answer)
        nothing = True
        for utterance in self._speak(
            session,
            context,
            facts,
            lambda room: ask_prompt(session, decision, facts, quote, room, tools=bool(self._tools)),
        ):
            nothing = nothing and not isinstance(utterance, Spoken | CutOff)
            yield utterance
        if nothing:  # only tools were called: the decided question is asked as its author wrote it
            yield Spoken(decision.text)

    # --- the call ------------------------------------------------------------------------------

    def _speak(
        self,
        session: Session,
        context: Turn,
        telling: Sequence[Fact],
        prompt: Callable[[float], str],
    ) -> Iterator[Utterance]:
        """Everything of one run; ModelError if not a word came. A context too small gets less."""
        room_left = MOST_CHARACTERS + sum(len(fact.answer) for fact in telling)
        run = Run("interviewer", context.turn_id)
        stop = self._stops[session.id] = Stop()
        stop.then(run.stop)
        system = SystemMessage(
            system_prompt(context.item, session.plan.level, tools=bool(self._tools))
        )
        spoken = False
        failure: ModelError | None = None
        try:
            for room in (1.0, 0.25):
                messages = [system, HumanMessage(prompt(room))]
                failure = None
                try:
                    with closing(
                        iterate(lambda: self._stream(messages, context, run), stop)  # noqa: B023
                    ) as texts:
                        for text in texts:
                            spoken = True
                            yield Spoken(text)
                            room_left -= len(text)
                            if room_left < 0:
                                raise CallFailed("endless")
                except ModelError as error:
                    failure = error
                if not (isinstance(failure, CallFailed) and failure.outcome == "context_overflow"):
                    break
        finally:
            if self._stops.get(session.id) is stop:
                del self._stops[session.id]
        yield from context.effects
        for call in run.calls:
            yield ModelSpent(call.use, call.prompt, call.reply)
        if stop.is_set:
            yield CutOff("stopped")
        elif failure is not None:
            if not spoken:
                raise ModelError(f"{failure} {OFFER}") from failure
            yield CutOff(str(failure))

    async def _stream(self, messages: list[Any], context: Turn, run: Run) -> AsyncIterator[str]:
        """The words of a run as they come, without the model's own thoughts."""
        thoughts = _Thoughts()
        try:
            with within(run):
                async with asyncio.timeout(run.seconds_left):
                    async for message, _ in self._agent.astream(
                        {"messages": messages}, context=context, stream_mode="messages"
                    ):
                        if isinstance(message, AIMessage) and (text := thoughts.filter(message)):
                            yield text
        except TimeoutError as error:
            raise CallFailed("timeout") from error


class _OneRound(AgentMiddleware[Any, Turn, Any]):
    """At most one round of tools: after it, or after words, there is no further call for tools."""

    @hook_config(can_jump_to=["end"])
    async def abefore_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        said = [each for each in state["messages"] if isinstance(each, AIMessage)]
        looked_up = any(
            call["name"] in ("reveal_fact", "search_knowledge")
            for each in said
            for call in each.tool_calls
        )
        spoke = any(each.text.strip() for each in said)
        if said and ((spoke and not looked_up) or current_run().attempts_left <= 0):
            return {"jump_to": "end"}
        return None

    async def awrap_model_call(
        self, request: ModelRequest[Turn], handler: Callable[[ModelRequest[Turn]], Any]
    ) -> Any:
        if any(isinstance(each, AIMessage) for each in request.messages):
            request = request.override(tool_choice="none")
            reply = await handler(request)
            # Not every server honours `none`; what it calls for all the same is not carried out.
            for message in reply.result:
                if isinstance(message, AIMessage):
                    message.tool_calls = []
            return reply
        return await handler(request)


def _tools(search: Callable[[str], Sequence[str]]) -> list[BaseTool]:
    @tool
    def search_knowledge(query: str) -> str:
        """For yourself: check a doubtful claim that your question turns on."""
        passages = [text[:PASSAGE_CHARACTERS] for text in search(query)[:PASSAGES]]
        return "\n\n".join(passages) or "Nothing was found."

    @tool
    def reveal_fact(fact_id: str, runtime: Runtime) -> str:
        """A listed fact that they asked about."""
        turn = runtime.context
        for fact in turn.item.facts:
            if fact.id == fact_id:
                turn.effects.append(Revealed((fact.id,), fact.matters))
                return fact.answer
        return "There is no such fact: say that you have no figure."

    @tool
    def note_observation(observation: str, quote: str, runtime: Runtime) -> str:
        """Keep a telling strength or gap with their words; few in all, none twice."""
        turn = runtime.context
        note = Note(
            turn_id=turn.turn_id,
            text=observation.strip()[:400],
            quote=find_quote(quote, turn.said) or "",
        )
        if note.text:
            turn.effects.append(Noted(note))
        return "Noted."

    @tool
    def end_interview(reason: str, runtime: Runtime) -> str:
        """Only if the candidate asks to stop."""
        runtime.context.effects.append(EndWanted(reason.strip()[:200]))
        return "Say goodbye in one sentence."

    return [search_knowledge, reveal_fact, note_observation, end_interview]


class _Thoughts:
    """Leaves out what a reasoning model writes between <think> marks."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._message: str | None = None
        self._spoke = False

    def filter(self, message: AIMessage) -> str:
        """The part of a piece that is to be spoken now."""
        lead = ""
        if message.id != self._message and message.text:
            lead = "\n\n" if self._spoke else ""
            self._message = message.id
        self._held += message.text
        last = not isinstance(message, AIMessageChunk) or message.chunk_position == "last"
        text = self._release(final=last)
        self._spoke = self._spoke or bool(text)
        return lead + text if text else ""

    def _release(self, *, final: bool) -> str:
        spoken = ""
        while True:
            mark = "</think>" if self._thinking else "<think>"
            before, found, after = self._held.partition(mark)
            if found:
                spoken += "" if self._thinking else before
                self._thinking = not self._thinking
                self._held = after.lstrip()
                continue
            # A mark may arrive in pieces: what could be its beginning waits for the rest.
            wait = 0 if final else _overlap(before, mark)
            if not self._thinking:
                spoken += before[: len(before) - wait]
            self._held = before[len(before) - wait :]
            return spoken


def _overlap(text: str, mark: str) -> int:
    """Length of the longest end of `text` that begins `mark`."""
    return next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)


def _reveal(facts: Sequence[Fact], spoken: str, lead: str) -> Iterator[Utterance]:
    """Mark facts as told, and tell outright what the model's words do not convey."""
    if not facts:
        return
    yield Revealed(tuple(fact.id for fact in facts), any(fact.matters for fact in facts))
    missing = [fact.answer for fact in facts if not conveys(spoken, fact.answer)]
    if missing:
        yield Spoken(lead + "\n\n".join(missing))


def conveys(text: str, answer: str) -> bool:
    """Whether a text holds most of the content words of a fact's answer."""
    wanted = set(content_stems(answer))
    return not wanted or len(wanted & set(content_stems(text))) / len(wanted) >= 0.4
