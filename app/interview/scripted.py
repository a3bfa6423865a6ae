"""The interviewer that needs no model: it says what the author wrote, at the right time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.content import Fact, Item
from app.domain.session import Clarification, FollowUpDecision, PlannedItem, Session
from app.embedding import MiniLM, default_embedding
from app.grading.evidence import split_sentences
from app.grading.words import content_stems, words
from app.interview.interviewer import Revealed, Spoken, Utterance

FACT_FROM = 0.55
NOT_KNOWN = (
    "I have no answer to that one. State the assumption you would make, say how you would test it, "
    "and go on."
)


class ScriptedInterviewer:
    """Deterministic and offline."""

    name = "embedded"

    def __init__(self, embedding: MiniLM | None = None) -> None:
        self._embedding = embedding or default_embedding()

    def open_item(self, session: Session, planned: PlannedItem) -> Iterator[Utterance]:
        yield Spoken(planned.item.opening)

    def clarify(self, session: Session, clarification: Clarification) -> Iterator[Utterance]:
        turn = session.current_turn
        assert turn is not None, "a clarification belongs to a turn"
        item = session.plan.items[turn.item_index].item
        told = session.facts_told(turn.item_index)
        facts, unknown = self._match(item, questions_in(clarification.asked))
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
            quote = _challenged_quote(session, decision)
            lead = f"You said: “{quote}” " if quote else ""
        elif decision.kind == "flip":
            lead = "One thing has changed. "
        elif turn is not None and decision.dimension != turn.question.dimension:
            rubric = session.plan.items[turn.item_index].rubric
            title = next(
                (each.title for each in rubric.dimensions if each.id == decision.dimension), ""
            )
            lead = f"On to {title.lower()}. " if title else ""
        yield Spoken(lead + decision.text)

    def _answer_questions_in(
        self, answer: str, session: Session, item_index: int
    ) -> Iterator[Utterance]:
        """An answer may hold a question; one that a fact answers is not passed over."""
        item = session.plan.items[item_index].item
        facts, _ = self._match(item, questions_in(answer))
        new = [fact for fact in facts if fact.id not in session.facts_told(item_index)]
        if new:
            yield Revealed(tuple(fact.id for fact in new), any(fact.matters for fact in new))
            yield Spoken("You asked: " + " ".join(fact.answer for fact in new) + "\n\n")

    def _match(self, item: Item, questions: Sequence[str]) -> tuple[list[Fact], list[str]]:
        """The facts that were asked for, in the order asked, and the questions none answers."""
        facts: list[Fact] = []
        unknown: list[str] = []
        for question in questions:
            fact = self.find_fact(item, question)
            if fact is None:
                unknown.append(question)
            elif fact not in facts:
                facts.append(fact)
        return facts, unknown

    def find_fact(self, item: Item, question: str) -> Fact | None:
        """The fact nearest in meaning and words to a question, if any is near enough."""
        if not item.facts:
            return None
        asked = self._embedding.encode([question])[0]
        own = set(content_stems(question))
        best: tuple[float, Fact | None] = (0.0, None)
        for fact in item.facts:
            wordings = (fact.question, *fact.also_asked)
            nearness = float((self._embedding.encode(wordings) @ asked).max())
            shared = max(_jaccard(own, set(content_stems(wording))) for wording in wordings)
            best = max(best, (nearness + 0.3 * shared, fact), key=lambda pair: pair[0])
        return best[1] if best[0] >= FACT_FROM else None


def is_clarifying(text: str) -> bool:
    """Whether a message mostly asks: an answer may hold a question, a question holds no design."""
    asked = sum(len(words(question)) for question in questions_in(text))
    other = len(words(text)) - asked
    return asked > 0 and other < 25 and asked >= other


def questions_in(text: str) -> list[str]:
    """The sentences of a text that ask something."""
    return [span.text for span in split_sentences(text) if span.text.rstrip("\"')").endswith("?")]


def _challenged_quote(session: Session, decision: FollowUpDecision) -> str:
    for turn in reversed(session.turns):
        grading = turn.grading or turn.reading
        for finding in grading.misconceptions if grading else ():
            if finding.misconception_id == decision.misconception_id:
                return finding.quote
    return ""


def _jaccard(first: set[str], second: set[str]) -> float:
    union = first | second
    return len(first & second) / len(union) if union else 0.0
