"""The guide's do's and don'ts, noticed in the answers with quotes. They are never scored.

Each rule is a plain reading of words, so it can be wrong: an observation quotes what it saw and
asks, it does not judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from app.domain.content import Value
from app.domain.session import Session, Turn
from app.grading.evidence import split_sentences
from app.grading.words import words

Kind = Literal[
    "asked_first", "headline_first", "tradeoff_unprompted", "buzzword", "rambling", "would_change"
]


class Observation(Value):
    """One habit, seen or missed. `quote` is an exact piece of the answer of `turn_id`."""

    kind: Kind
    good: bool
    title: str
    text: str
    reflect: str
    quote: str = ""
    turn_id: str | None = None


_HEADLINE = re.compile(
    r"\b(i(?:'d| would| will)? (?:recommend|propose|suggest|choose|pick|start|build|design|treat|"
    r"restate|frame|want)|in (?:short|one sentence|brief)|my (?:answer|recommendation|proposal|"
    r"goal|"
    r"choice)|the (?:goal|point|answer|aim|short version|number|job|real problem)|we should|"
    r"the system (?:should|must)|before i|let me (?:challenge|restate|reframe))\b",
    re.IGNORECASE,
)
_TRADEOFF = re.compile(
    r"\b(trade[- ]?offs?|at the (?:cost|expense|price) of|in exchange for|give up|giving up|"
    r"rather than|"
    r"instead of|in return|the price is|what (?:we|i) lose|costs us|we lose|i lose|versus|"
    r"i(?:'d| would) rather|accept (?:a|an|the|more|fewer|some|that))\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(i(?:'d| would)? (?:change|revisit|reconsider|reverse|stop|drop|retire|switch|flip)|"
    r"reversal|revers(?:e|es|ed|ing) (?:the|my|this|that|it)|flips? (?:the|my|this|that)|"
    r"kill (?:criterion|criteria|it|switch)|would (?:reverse|change) (?:my|this|that|the)|"
    r"if (?:that|this|i|it) (?:turns? out|proves?|am|is|was) wrong|with more time|next time|"
    r"in hindsight|looking back|stop (?:the project|investing|if))\b",
    re.IGNORECASE,
)
_BUZZWORDS = re.compile(
    r"\b(ai[- ](?:powered|driven|based)|machine learning|deep learning|llms?|transformers?|lstms?|"
    r"autoencoders?|isolation forests?|neural networks?|big data|cutting[- ]edge|state[- ]of[- "
    r"]the[- ]art|"
    r"scalable|robust|seamless(?:ly)?|real[- ]time|cloud[- ]native|kubernetes|kafka|flink|spark|"
    r"microservices?|data lake|digital twin|generative ai|best practices?|intelligent|holistic|"
    r"prometheus|grafana|elasticsearch|datadog|splunk|mlflow|airflow)\b",
    re.IGNORECASE,
)
_MECHANISM = re.compile(
    r"\b(because|so that|since|by|which means|when|if|until|unless|per|every|therefore|otherwise|"
    r"hence|from|into|than|where|after|before|threshold|compare[sd]?|keyed|window|budget)\b|\d",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"\b(basically|you know|kind of|sort of|i mean|actually|obviously|honestly|like i said|"
    r"and so on|and stuff|etc|at the end of the day)\b",
    re.IGNORECASE,
)
_MOST_BUZZWORDS = 2
LONG_ANSWER = 320
LONG_SENTENCE = 55
LONG_MEAN = 30.0
MANY_FILLERS = 5


def observe(session: Session) -> tuple[Observation, ...]:
    """What stands out over the whole session, in the order of the guide."""
    rules: tuple[Callable[[Session], Iterator[Observation]], ...] = (
        _asked_first,
        _headline_first,
        _tradeoff_unprompted,
        _buzzwords,
        _rambling,
        _would_change,
    )
    return tuple(observation for rule in rules for observation in rule(session))


def _openings(session: Session, *kinds: str) -> Iterator[Turn]:
    """Answered opening questions, of items of these kinds only."""
    for turn in session.turns:
        item = session.plan.items[turn.item_index].item
        if turn.question.kind == "opening" and turn.answer and (not kinds or item.kind in kinds):
            yield turn


def _answered(session: Session) -> Iterator[tuple[Turn, str]]:
    for turn in session.turns:
        if turn.answer:
            yield turn, turn.answer


def _asked_first(session: Session) -> Iterator[Observation]:
    for turn in _openings(session, "scenario"):
        asked = next((each.asked for each in turn.clarifications), "")
        sentences = split_sentences(turn.answer or "")
        early = sentences[: max(3, len(sentences) // 4)]
        within = next((each.text for each in early if each.text.rstrip("\"')").endswith("?")), "")
        if asked or within:
            yield Observation(
                kind="asked_first",
                good=True,
                title="You asked before you designed",
                text="Questions first show that the design will follow from the case.",
                reflect="Which of the answers changed your design, and did you say so aloud?",
                quote=asked or within,
                turn_id=turn.id,
            )
        else:
            yield Observation(
                kind="asked_first",
                good=False,
                title="You designed before you asked",
                text="The opening was left vague on purpose; two or three questions would have "
                "told "
                "you who acts on the result and what it may cost.",
                reflect="Which one fact, had you known it, would have changed your first sentence?",
                quote=sentences[0].text if sentences else "",
                turn_id=turn.id,
            )
        return


def _headline_first(session: Session) -> Iterator[Observation]:
    for turn in _openings(session):
        sentences = split_sentences(turn.answer or "")
        # Asking first is the other good habit; the headline is what comes after the questions.
        stated = [each.text for each in sentences if not each.text.endswith("?")]
        if not stated:
            continue
        first = stated[0]
        good = bool(_HEADLINE.search(first)) and len(words(first)) <= LONG_SENTENCE
        yield Observation(
            kind="headline_first",
            good=good,
            title="Your headline came first" if good else "The headline came late",
            text="A listener knew at once where you were going."
            if good
            else "The first sentence sets a scene, but names no goal and no choice.",
            reflect="Can you say your whole answer in one sentence of twenty words?",
            quote=first,
            turn_id=turn.id,
        )
        return


def _tradeoff_unprompted(session: Session) -> Iterator[Observation]:
    for turn, answer in _answered(session):
        if turn.question.dimension == "tradeoffs" or _item_kind(session, turn) == "tradeoff":
            continue
        for sentence in split_sentences(answer):
            if _TRADEOFF.search(sentence.text):
                yield Observation(
                    kind="tradeoff_unprompted",
                    good=True,
                    title="You named a trade-off without being asked",
                    text="Saying what a choice costs is what separates a design from a list.",
                    reflect="What would you have to see to choose the other side?",
                    quote=sentence.text,
                    turn_id=turn.id,
                )
                return
    if any(_openings(session, "scenario")):
        yield Observation(
            kind="tradeoff_unprompted",
            good=False,
            title="No trade-off until you were asked",
            text="Each choice in your design gave something up; none of it was said unprompted.",
            reflect="Take your main choice: what did it cost, and who pays?",
        )


def _buzzwords(session: Session) -> Iterator[Observation]:
    found = 0
    for turn, answer in _answered(session):
        for sentence in split_sentences(answer):
            names = {match.group(0).lower() for match in _BUZZWORDS.finditer(sentence.text)}
            bare = not _MECHANISM.search(sentence.text)
            if (names and bare) or len(names) > 3:
                found += 1
                listed = ", ".join(sorted(names))
                yield Observation(
                    kind="buzzword",
                    good=False,
                    title="A name without its mechanism",
                    text=f"“{listed}” stands here without what it does with which data.",
                    reflect="Say it again without the name: what goes in, what is compared with "
                    "what, what comes out?",
                    quote=sentence.text,
                    turn_id=turn.id,
                )
                if found == _MOST_BUZZWORDS:
                    return


def _rambling(session: Session) -> Iterator[Observation]:
    for turn, answer in _answered(session):
        sentences = split_sentences(answer)
        lengths = [len(words(each.text)) for each in sentences]
        if not lengths:
            continue
        longest = max(range(len(lengths)), key=lengths.__getitem__)
        mean = sum(lengths) / len(lengths)
        fillers = len(_FILLERS.findall(answer))
        if lengths[longest] > LONG_SENTENCE:
            why = f"One sentence has {lengths[longest]} words; nobody can take notes of it."
        elif sum(lengths) > LONG_ANSWER and mean > LONG_MEAN:
            why = f"{sum(lengths)} words in sentences of {mean:.0f} on average."
        elif fillers >= MANY_FILLERS:
            why = f"{fillers} filler phrases in one answer."
        else:
            continue
        yield Observation(
            kind="rambling",
            good=False,
            title="Hard to follow here",
            text=why,
            reflect="Which sentence would you keep if you had to strike all the others?",
            quote=sentences[longest].text,
            turn_id=turn.id,
        )
        return


def _would_change(session: Session) -> Iterator[Observation]:
    for turn, answer in _answered(session):
        for sentence in split_sentences(answer):
            if _CHANGE.search(sentence.text):
                yield Observation(
                    kind="would_change",
                    good=True,
                    title="You said what would change your mind",
                    text="A reversal condition shows that the choice was a choice.",
                    reflect="How would you notice, and how soon?",
                    quote=sentence.text,
                    turn_id=turn.id,
                )
                return
    if any(_openings(session, "scenario", "tradeoff")):
        yield Observation(
            kind="would_change",
            good=False,
            title="Nothing would change your mind, it seemed",
            text="No answer says what you would do differently, or what would make you stop.",
            reflect="Looking back: what is the first thing you would change, and what would tell "
            "you?",
        )


def _item_kind(session: Session, turn: Turn) -> str:
    return session.plan.items[turn.item_index].item.kind
