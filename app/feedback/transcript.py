"""A session as text: the conversation, step by step, and the report in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.content import Value
from app.domain.session import Question, Session
from app.feedback.costs import turn_costs
from app.feedback.report import CriterionReport, ItemReport, Report
from app.sessions.events import (
    AnswerGiven,
    AnswerGraded,
    ClarificationAsked,
    ClarificationGiven,
    HintGiven,
    InterviewerChanged,
    QuestionAsked,
    SessionEvent,
    SessionFinished,
    SessionRegraded,
    SessionStarted,
    TurnReopened,
    TurnSkipped,
)

MARKS = {"met": "met", "partial": "partly", "missed": "missed", "unscored": "not graded"}
FINISHED = {
    "completed": "The interview is complete.",
    "out_of_time": "The time is up.",
    "ended_by_candidate": "You ended the interview.",
    "ended_by_interviewer": "The interviewer ended the interview.",
}


class Step(Value):
    """One line of a conversation: who, what, and a remark such as why a question was asked."""

    seq: int
    speaker: str
    text: str
    remark: str = ""


def steps(events: Sequence[SessionEvent]) -> Iterator[Step]:
    """The conversation, from events alone; `seq` counts the events from 0."""
    for seq, event in enumerate(events):
        match event:
            case SessionStarted(plan=plan):
                remark = (
                    f"{plan.level}, {plan.minutes} min, interviewer {event.interviewer}, "
                    f"grader {event.grader}"
                )
                yield Step(seq=seq, speaker="session", text=plan.title, remark=remark)
            case QuestionAsked(question=question):
                yield Step(
                    seq=seq, speaker="interviewer", text=question.text, remark=_why(question)
                )
            case ClarificationAsked(text=text):
                yield Step(seq=seq, speaker="candidate", text=text, remark="clarifying question")
            case ClarificationGiven(reply=reply):
                yield Step(seq=seq, speaker="interviewer", text=reply, remark="clarification")
            case HintGiven(hint=hint):
                remark = f"hint {hint.step} on {hint.dimension}"
                yield Step(seq=seq, speaker="interviewer", text=hint.text, remark=remark)
            case AnswerGiven(text=text):
                yield Step(seq=seq, speaker="candidate", text=text)
            case AnswerGraded(grading=grading, provisional=provisional):
                if not provisional:
                    counted = ", ".join(
                        f"{sum(each.verdict == name for each in grading.verdicts)} {MARKS[name]}"
                        for name in MARKS
                    )
                    yield Step(seq=seq, speaker="grader", text=counted, remark=grading.grader)
            case TurnSkipped():
                yield Step(seq=seq, speaker="candidate", text="(skipped)")
            case TurnReopened():
                yield Step(seq=seq, speaker="candidate", text="(took the answer back)")
            case InterviewerChanged(notice=notice):
                yield Step(seq=seq, speaker="session", text=notice)
            case SessionFinished(reason=reason):
                yield Step(seq=seq, speaker="session", text=FINISHED[reason])
            case SessionRegraded(grader=grader):
                yield Step(seq=seq, speaker="grader", text="Graded again.", remark=grader)
            case _:
                continue


def report_markdown(report: Report) -> str:
    """The report for a person to read."""
    lines = [
        f"# {report.title}",
        "",
        f"**{level_text(report.level)}** ({report.level_name}); the {report.target} role asks for "
        f"level {report.target_level}. {report.active_minutes:g} minutes. "
        f"Interviewer: {report.interviewer}. Grader: {report.grader}.",
        "",
    ]
    lines += [f"> {notice}\n" for notice in report.notices]
    for item in report.items:
        lines += _item_lines(item)
    if report.next_steps:
        lines += ["## Do next", ""]
        for number, step in enumerate(report.next_steps, 1):
            lines.append(f"{number}. {step.statement} {step.why} Read: {step.source}.")
        lines.append("")
    if report.notes:
        lines += ["## The interviewer's notes", ""]
        lines += [
            f"- {note.text}" + (f" “{note.quote}”" if note.quote else "") for note in report.notes
        ]
        lines.append("")
    return "\n".join([*lines, *_cost_lines(report)])


def session_markdown(session: Session, events: Sequence[SessionEvent], report: Report) -> str:
    """The whole session: report, then conversation, then the versions behind both."""
    lines = [report_markdown(report), "## Conversation", ""]
    for step in steps(events):
        remark = f" *({step.remark})*" if step.remark else ""
        quoted = "\n".join(f"> {line}" for line in step.text.splitlines() or [""])
        lines += [f"**{step.speaker}**{remark}", "", quoted, ""]
    hashes = ", ".join(f"{each.rubric.id} {each.rubric_hash}" for each in session.plan.items)
    lines += [
        "## Versions",
        "",
        f"Session {session.id}, schema {session.schema_version}, program {session.app_version}; "
        f"rubrics: {hashes}.",
        "",
    ]
    return "\n".join(lines)


def level_text(level: int | None) -> str:
    """`Level 3 of 5`, or that there is none."""
    return f"Level {level} of 5" if level is not None else "No level"


def verdict_text(entry: CriterionReport) -> str:
    """The verdict in words, with what a probe did to it."""
    word = MARKS[entry.verdict.verdict]
    return f"{word}, after a probe" if entry.verdict.prompted else word


def _item_lines(item: ItemReport) -> list[str]:
    lines = [f"## {item.title}", "", f"{level_text(item.assessment.level)}.", ""]
    lines += [f"- {note}" for note in item.assessment.notes]
    lines += [f"- Flag: {flag.detail}" for flag in item.assessment.flags]
    if item.ungraded_turns:
        lines.append(f"- {len(item.ungraded_turns)} answers are not graded yet.")
    if item.hints:
        lines.append(f"- Hints used: {len(item.hints)}.")
    for part in item.assessment.dimensions:
        lines += ["", f"### {part.dimension.capitalize()}: {level_text(part.level).lower()}", ""]
        lines += [f"- {note}" for note in part.notes]
        for entry in item.criteria:
            if entry.criterion.dimension != part.dimension:
                continue
            lines.append(
                f"- **{verdict_text(entry)}** ({entry.criterion.id}, {entry.criterion.tier}): "
                f"{entry.criterion.statement}"
            )
            if entry.verdict.quote:
                lines.append(f"  - “{' '.join(entry.verdict.quote.split())}”")
            elif entry.verdict.verdict == "missed":
                lines.append(
                    f"  - Why it matters: {entry.criterion.why} Read: {entry.criterion.source}."
                )
            else:
                lines.append(f"  - {entry.verdict.rationale}")
    for wrong in item.misconceptions:
        state = "given up after the probe" if wrong.finding.corrected else "stands"
        lines += [
            "",
            f"- Misconception ({state}): {wrong.claim} You said: “{wrong.finding.quote}” "
            f"{wrong.why_wrong} Read: {wrong.source}.",
        ]
    lines.append("")
    return lines


def _why(question: Question) -> str:
    cut = " The stream was cut here." if question.interrupted else ""
    return f"{question.kind}: {question.reason}{cut}" if question.reason else question.kind + cut


def _cost_lines(report: Report) -> list[str]:
    """What the language model was used for, turn by turn; nothing without one."""
    rows = [
        f"| {each.turn} | {each.calls} | {each.prompt_tokens:,} | {each.reply_tokens:,} "
        f"| {each.seconds:.1f} |"
        for each in turn_costs(report.model_uses)
    ]
    if not rows:
        return []
    return [
        "## What the model cost",
        "",
        "| turn | calls | prompt tokens | reply tokens | seconds |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
