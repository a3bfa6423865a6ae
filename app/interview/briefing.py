"""What the interviewer's model is told: the situation, what was said, and the next question.

The stable part comes first so that a provider's cache can serve it, and what was said is cut to a
fixed size, so that the last turn of an interview costs about what the first one did.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.content import Fact, Item
from app.domain.session import Clarification, FollowUpDecision, Session, Turn
from app.grading.question import question_proper
from app.llm.prompts import as_data, fill

HISTORY_CHARACTERS = 800
ANSWER_CHARACTERS = 4000
ASKED_CHARACTERS, SAID_CHARACTERS = 100, 150
"""Of an earlier turn: the words of the answer matter more, a question was worded here."""
QUESTION_CHARACTERS = 600
NOTES, NOTE_CHARACTERS = 5, 100


def system_prompt(item: Item, level: str, *, tools: bool) -> str:
    """The rules and the situation: the same text for every turn of an item."""
    return fill(
        "interviewer",
        level=level,
        tools=f"{fill('interviewer_tools')}\n" if tools else "",
        title=item.title,
        situation=item.context or item.opening,
    )


def ask_prompt(
    session: Session,
    decision: FollowUpDecision,
    facts: Sequence[Fact],
    quote: str,
    room: float,
    *,
    tools: bool,
) -> str:
    """The task to put the decided question, after the newest answer. `facts` are to be told."""
    turn = session.turns[-1]
    # The facts are listed for `reveal_fact` only where something was asked: on most turns the list
    # would be a sixth of the prompt, and what is not shown cannot slip out.
    asks = tools and "?" in (turn.answer or "")
    return fill(
        "interviewer_ask",
        **_common(session, turn, room),
        answer=as_data(shortened(turn.answer or "(skipped)", int(ANSWER_CHARACTERS * room))),
        notes=_notes(session, turn.item_index),
        facts=_listed(session, turn, facts) if asks else "",
        asked=_asked(facts, within_answer=True),
        task=_task(decision, quote),
    )


def clarify_prompt(
    session: Session,
    clarification: Clarification,
    facts: Sequence[Fact],
    room: float,
    *,
    tools: bool,
) -> str:
    """The task to answer a question of the candidate. `facts` are to be told."""
    turn = session.turns[-1]
    return fill(
        "interviewer_clarify",
        **_common(session, turn, room),
        answer=as_data(shortened(clarification.asked, int(ANSWER_CHARACTERS * room))),
        facts=_listed(session, turn, facts) if tools else "",
        asked=_asked(facts, within_answer=False),
    )


def shortened(text: str, characters: int) -> str:
    """Head and tail of a text that is too long, at words: people begin and end with the point."""
    if len(text) <= characters:
        return text
    head = text[: characters * 2 // 3].rsplit(" ", 1)[0]
    tail = text[-(characters // 3) :].split(" ", 1)[-1]
    return f"{head} […] {tail}"


def _common(session: Session, turn: Turn, room: float) -> dict[str, str]:
    item = session.plan.items[turn.item_index].item
    told = session.facts_told(turn.item_index)
    known = [f"- {fact.answer}" for fact in item.facts if fact.id in told]
    earlier = session.item_turns(turn.item_index)[:-1]
    history = _history(item, earlier, int(HISTORY_CHARACTERS * room))
    return {
        "history": history or "(this is the first turn)",
        "told": "\n".join(known) or "(none yet)",
        "question": shortened(question_proper(turn.question.text, item.facts), QUESTION_CHARACTERS),
    }


def _history(item: Item, turns: Sequence[Turn], characters: int) -> str:
    """Earlier turns of the item in two lines each, the newest whole ones that fit.

    Facts that were told are listed apart from this and never dropped.
    """
    kept: list[str] = []
    room = characters
    for turn in reversed(turns):
        question = question_proper(turn.question.text, item.facts)
        asked = shortened(" ".join(question.split()), ASKED_CHARACTERS)
        said = " ".join((turn.answer or "(skipped)").split())
        entry = f"You: {asked}\nThey: {shortened(said, SAID_CHARACTERS)}"
        if len(entry) > room:
            kept.append(f"({len(turns) - len(kept)} earlier turns are left out)")
            break
        room -= len(entry)
        kept.append(entry)
    return "\n".join(reversed(kept))


def _notes(session: Session, item_index: int) -> str:
    """The newest notes on the item, so that none is taken twice."""
    turns = {turn.id for turn in session.item_turns(item_index)}
    taken = [note.text for note in session.notes if note.turn_id in turns][-NOTES:]
    lines = "\n".join(f"- {shortened(text, NOTE_CHARACTERS)}" for text in taken)
    return f"\n# Notes you took\n{lines}\n" if taken else ""


def _listed(session: Session, turn: Turn, telling: Sequence[Fact]) -> str:
    """The facts that are neither known nor about to be told, for the tool that reveals one."""
    known = session.facts_told(turn.item_index) | {fact.id for fact in telling}
    item = session.plan.items[turn.item_index].item
    lines = [f"{fact.id}: {fact.question}" for fact in item.facts if fact.id not in known]
    return f"\n{fill('interviewer_facts', facts=chr(10).join(lines))}\n" if lines else ""


def _asked(facts: Sequence[Fact], *, within_answer: bool) -> str:
    if not facts:
        return "" if within_answer else "No fact that you know of covers it.\n"
    told = "\n".join(f"- {fact.answer}" for fact in facts)
    lead = "They asked along the way. Tell them first" if within_answer else "Tell them"
    rest = (
        "That is what is known of what they asked. If they asked more and no other fact covers it, "
        "you have no figure: have them assume one, briefly."
    )
    return f"{lead}, with every figure unchanged:\n{told}\n{rest}\n\n"


def _task(decision: FollowUpDecision, quote: str) -> str:
    if decision.action == "challenge":
        said = f' They said: "{quote}".' if quote else ""
        return f"Challenge a claim of theirs.{said} Ask this about it: {decision.text}"
    if decision.kind == "flip":
        return (
            "A requirement changes. Tell them the change with its figures, and ask how the design "
            f"moves: {decision.text}"
        )
    return f"Ask this next: {decision.text}"
