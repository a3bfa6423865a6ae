"""The interview as it stands -> what the page shows: pure functions from a session to HTML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from app.domain.session import Clarification, Hint, ModelUse, Session, Turn
from app.feedback.costs import total_cost
from app.feedback.rendering import markdown_html, text_html
from app.feedback.transcript import FINISHED
from app.interview.hints import hints_ahead

KINDS: dict[str, str] = {
    "scenario": "System design",
    "tradeoff": "Trade-off",
    "topic": "Topic questions",
    "drill": "Drill",
    "behavioural": "Behavioural",
    "summary": "30-second summary",
    "full_loop": "Full loop",
}
KIND_HELP: dict[str, str] = {
    "scenario": "One open design question, then probes at every stage. The core of the interview.",
    "tradeoff": "Choose between two good things and defend the choice.",
    "topic": "Several short questions on one subject.",
    "drill": "One part of the answer pattern, trained on its own.",
    "behavioural": "Tell what you did: situation, actions, result.",
    "summary": "A whole system in 75 words.",
    "full_loop": "A mixed interview as on the day, drawn anew each time.",
}
QUESTION_NAMES = {
    "opening": "Opening question",
    "probe": "Follow-up",
    "challenge": "Challenge",
    "flip": "Changed requirement",
}


_ACRONYMS = {
    "ai": "AI",
    "llm": "LLM",
    "mlops": "MLOps",
    "slo": "SLO",
    "rca": "RCA",
    "aiops": "AIOps",
    "apm": "APM",
    "jvm": "JVM",
}


def topic_name(slug: str) -> str:
    """A topic's id as a title."""
    words = [_ACRONYMS.get(word, word) for word in slug.split("-")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def draft_key(session: Session) -> str:
    """Names the text that is being typed: it changes whenever something sent has been stored."""
    turn = session.current_turn
    if turn is None or not turn.is_open or session.status == "finished":
        return ""
    return f"{session.id}/{turn.id}/{len(turn.clarifications)}.{len(turn.earlier_answers)}"


def is_owed(session: Session) -> bool:
    """Whether the interviewer still owes a reply: a step was cut off and can be continued."""
    turn = session.current_turn
    if session.status == "finished":
        return False
    return turn is None or not turn.is_open or any(c.reply is None for c in turn.clarifications)


def header_html(session: Session, now: datetime | None = None) -> str:
    """Title, question n of N, clock and stage strip."""
    now = now or datetime.now(UTC)
    used = session.active_seconds
    running = session.status == "interviewing" and not session.paused
    if running:
        used += max(0.0, (now - session.updated_at).total_seconds())
    state = "running" if running else ("paused" if session.paused else "stopped")
    return (
        f'<header class="room-head" data-session="{text_html(session.id)}">'
        f'<div class="room-title"><p class="eyebrow">{text_html(_kind_line(session))}</p>'
        f"<h2>{text_html(session.plan.title)}</h2></div>"
        f'<div class="room-meter"><p class="count">{text_html(question_count(session))}</p>'
        f'<p class="clock" role="timer" data-clock="{state}" data-used="{used:.0f}" '
        f'data-total="{session.plan.minutes * 60}">{_clock_text(used, session)}</p></div>'
        f"</header>{stage_strip(session)}"
    )


def question_count(session: Session) -> str:
    """`Question 3 of up to 8`, counted over the whole plan."""
    most = sum(planned.max_answers for planned in session.plan.items)
    number = max(1, len(session.turns))
    text = f"Question {number} of up to {max(most, number)}"
    turn = session.current_turn
    if turn is not None and len(session.plan.items) > 1:
        text = f"Part {turn.item_index + 1} of {len(session.plan.items)} · {text}"
    return text


def stage_strip(session: Session) -> str:
    """The rubric's stages in order: which one is asked about, which ones were."""
    turn = session.current_turn
    index = turn.item_index if turn else 0
    planned = session.plan.items[index]
    now = turn.question.dimension if turn and session.status == "interviewing" else None
    been = {
        each.question.dimension for each in session.item_turns(index) if each.answer is not None
    }
    cells = []
    for dimension in planned.rubric.dimensions:
        if dimension.id == now:
            kind, mark, word = "now", ' aria-current="step"', "now"
        elif dimension.id in been:
            kind, mark, word = "been", "", "probed"
        else:
            kind, mark, word = "open", "", ""
        remark = f'<span class="stage-word">{word}</span>' if word else ""
        cells.append(
            f'<li class="stage {kind}"{mark}><span>{text_html(dimension.title)}</span>{remark}</li>'
        )
    note = (
        '<p class="strip-note">The opening question is open: all stages count, in this order.</p>'
        if turn and turn.question.kind == "opening" and session.status == "interviewing"
        else ""
    )
    return f'<ol class="stages" aria-label="Stages of the answer">{"".join(cells)}</ol>{note}'


def transcript_html(session: Session, speaking: str = "") -> str:
    """The conversation so far; `speaking` is what the interviewer is saying just now."""
    parts: list[str] = []
    item_index = -1
    for turn in session.turns:
        if turn.item_index != item_index:
            item_index = turn.item_index
            if len(session.plan.items) > 1:
                planned = session.plan.items[item_index]
                parts.append(f'<h3 class="part">{text_html(planned.item.title)}</h3>')
        parts += _turn_html(turn, last=turn is session.turns[-1])
    if speaking:
        parts.append(
            f'<article class="said interviewer live"><h4>Interviewer</h4>'
            f'<div class="words">{markdown_html(speaking)}</div></article>'
        )
    if session.status == "finished" and session.finish_reason is not None:
        parts.append(f'<p class="closing">{FINISHED[session.finish_reason]}</p>')
    return f'<div class="talk">{"".join(parts)}</div>'


def state_html(state: str, session: Session | None = None, detail: str = "") -> str:
    """One line that says what goes on, in words."""
    words = {
        "saved": "Saved. Your answer is stored.",
        "grading": "Saved. Reading your answer …",
        "speaking": "The interviewer is replying …",
        "waiting": "Your turn. Everything you have sent is saved.",
        "paused": "Paused. The clock stands still; sending an answer starts it.",
        "finished": "Finished and saved. The feedback is ready.",
        "stopped": "Stopped. What you sent is saved; press Continue to go on from there.",
        "error": "",
    }[state]
    text = detail or words
    busy = state in ("saved", "grading", "speaking")
    late = ""
    if state == "waiting" and session is not None and _seconds_left(session) <= 0:
        late = " The time is up: your next answer is the last one."
    role = "alert" if state == "error" else "status"
    return (
        f'<p class="state {state}" role="{role}"><span class="dot" aria-hidden="true"></span>'
        f"{text_html(text + late)}</p>" + ('<div class="bar" aria-hidden="true"></div>' * busy)
    )


def hints_left(session: Session) -> int:
    """How many hints there still are to the present question."""
    turn = session.current_turn
    return len(hints_ahead(session, turn)) if turn is not None and turn.is_open else 0


def mode_html(
    interviewer: str,
    grader: str,
    notices: tuple[str, ...] = (),
    uses: tuple[ModelUse, ...] = (),
) -> str:
    """The mode, always in sight: embedded, or which model and what it took so far."""
    embedded = interviewer.startswith("embedded") and grader.startswith("embedded")
    if embedded:
        text = (
            '<strong>Embedded mode</strong> · no language model<span class="more">: an author '
            "wrote the questions, a small offline grader reads the answers</span>."
        )
    else:
        text = (
            f"Interviewer <strong>{text_html(interviewer)}</strong> · "
            f"grader <strong>{text_html(grader)}</strong>"
        )
    if uses:
        so_far = total_cost(uses)
        counted = f"{so_far.tokens:,} tokens, " if so_far.tokens else ""
        text += f" · so far {counted}{so_far.seconds:.0f} s"
    extra = "".join(f'<p class="notice">{text_html(notice)}</p>' for notice in notices)
    return f'<p class="mode">{text}</p>{extra}'


# --- inside ------------------------------------------------------------------------------------


def _turn_html(turn: Turn, *, last: bool) -> Iterator[str]:
    question = turn.question
    cut = '<p class="aside">The reply was cut off here.</p>' if question.interrupted else ""
    live = ' aria-live="polite"' if last else ""
    yield (
        f'<article class="said interviewer" id="turn-{turn.id}"{live}>'
        f'<h4>Interviewer <span class="tag">{QUESTION_NAMES[question.kind]}</span></h4>'
        f'<div class="words">{markdown_html(question.text)}</div>{cut}</article>'
    )
    for earlier in turn.earlier_answers:
        yield (
            '<details class="said earlier"><summary>An earlier version of your answer</summary>'
            f'<div class="words typed">{text_html(earlier)}</div></details>'
        )
    for each in turn.clarifications:
        yield from _clarification_html(each)
    for hint in turn.hints:
        yield _hint_html(hint)
    if turn.answer is not None:
        yield (
            '<article class="said candidate"><h4>You '
            f'<button type="button" class="link" data-action="edit" data-turn="{turn.id}">'
            f'Edit</button></h4><div class="words typed">{text_html(turn.answer)}</div></article>'
        )
    elif turn.skipped:
        yield '<article class="said candidate skipped"><h4>You</h4><p>Skipped.</p></article>'


def _clarification_html(each: Clarification) -> Iterator[str]:
    yield (
        '<article class="said candidate"><h4>You <span class="tag">question</span></h4>'
        f'<div class="words typed">{text_html(each.asked)}</div></article>'
    )
    if each.reply is not None:
        yield (
            '<article class="said interviewer" aria-live="polite"><h4>Interviewer '
            '<span class="tag">reply</span></h4>'
            f'<div class="words">{markdown_html(each.reply)}</div></article>'
        )


def _hint_html(hint: Hint) -> str:
    return (
        f'<aside class="said hint" aria-live="polite"><h4>Hint {hint.step} of 3</h4>'
        f'<div class="words">{markdown_html(hint.text)}</div></aside>'
    )


def _kind_line(session: Session) -> str:
    return f"{KINDS.get(session.plan.kind, session.plan.kind)} · {session.plan.level} role"


def _seconds_left(session: Session) -> float:
    return session.plan.minutes * 60 - session.active_seconds


def _clock_text(used: float, session: Session) -> str:
    left = session.plan.minutes * 60 - used
    minutes, seconds = divmod(int(abs(left)), 60)
    return f"{minutes}:{seconds:02d} left" if left >= 0 else f"{minutes}:{seconds:02d} over"
