"""The interviewer that needs no model: it says what the author wrote, at the right time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.content import Fact, Item
from app.domain.session import Clarification, FollowUpDecision, PlannedItem, Session
from app.embedding import MiniLM, default_embedding
from app.interview.facts import find_fact, questions_in
from app.interview.interviewer import Revealed, Spoken, Utterance

NOT_KNOWN = (
    "I have no answer to that one. State the assumption you would make, say how you would test it, "
    "and go on."
)


_SPOKEN = {"context": "the context", "problem": "the problem", "solution": "the solution"}


class ScriptedInterviewer:
    """Deterministic and offline."""

    name = "embedded"

    def __init__(self, embedding: MiniLM | None = None) -> None:
        self._embedding = embedding or default_embedding()

    def stop(self, session_id: str) -> None:
        """Nothing to stop: everything is said at once."""

    def open_item(self, session: Session, planned: PlannedItem) -> Iterator[Utterance]:
        yield Spoken(planned.item.opening)

    def clarify(self, session: Session, clarification: Clarification) -> Iterator[Utterance]:
        turn = session.current_turn
        assert turn is not None, "a clarification belongs to a turn"
        item = session.plan.items[turn.item_index].item
        told = session.facts_told(turn.item_index)
        facts, unknown = self.match(item, questions_in(clarification.asked))
        lines = [f"As I said: {fact.answer}" if fact.id in told else fact.answer for fact in facts]
        if not facts:
            lines = [NOT_KNOWN]
        elif unknown:
            lines.append("On the rest I have nothing: state your assumption.")
        if facts:
            yield Revealed(tuple(fact.id for fact in facts), any(fact.matters for fact in facts))
        yield Spoken("\n\n".join(lines))

    def ask(self, session: Session, decision: FollowUpDecision) -> Iterator[Utterance]:
        turn = session.current_turn
        if turn is not None and turn.answer:
            yield from self._answer_questions_in(turn.answer, session, turn.item_index)
        lead = ""
        if decision.action == "challenge" and turn is not None:
            quote = challenged_quote(session, decision)
            lead = f"You said: “{quote}” " if quote else ""
        elif decision.kind == "flip":
            lead = "One thing has changed. "
        elif turn is not None and decision.dimension != turn.question.dimension:
            rubric = session.plan.items[turn.item_index].rubric
            title = next(
                (each.title for each in rubric.dimensions if each.id == decision.dimension), ""
            )
            name = _SPOKEN.get(decision.dimension or "", title.lower())
            lead = f"Let us turn to {name}. " if name else ""
        yield Spoken(lead + decision.text)

    def _answer_questions_in(
        self, answer: str, session: Session, item_index: int
    ) -> Iterator[Utterance]:
        """An answer may hold a question; one that a fact answers is not passed over."""
        item = session.plan.items[item_index].item
        facts, _ = self.match(item, questions_in(answer))
        new = [fact for fact in facts if fact.id not in session.facts_told(item_index)]
        if new:
            yield Revealed(tuple(fact.id for fact in new), any(fact.matters for fact in new))
            yield Spoken("You asked: " + " ".join(fact.answer for fact in new) + "\n\n")

    def match(self, item: Item, questions: Sequence[str]) -> tuple[list[Fact], list[str]]:
        """The facts that were asked for, in the order asked, and the questions none answers."""
        facts: list[Fact] = []
        unknown: list[str] = []
        for question in questions:
            fact = find_fact(item.facts, question, self._embedding)
            if fact is None:
                unknown.append(question)
            elif fact not in facts:
                facts.append(fact)
        return facts, unknown


def challenged_quote(session: Session, decision: FollowUpDecision) -> str:
    """The candidate's words in which the challenged claim was found."""
    for turn in reversed(session.turns):
        grading = turn.grading or turn.reading
        for finding in grading.misconceptions if grading else ():
            if finding.misconception_id == decision.misconception_id:
                return finding.quote
    return ""
