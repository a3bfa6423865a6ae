"""What the commands other than chat do and print."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.catalog import default_catalog
from app.domain.assessment import Assessment
from app.errors import BadInput, InterviewError
from app.feedback.export import Format, export_text
from app.feedback.regrading import regrade
from app.feedback.report import make_report
from app.feedback.transcript import MARKS, steps
from app.grading.grader import Grader, GradingRequest
from app.grading.score import GradedAnswer, assess
from app.interview.wiring import make_grader, open_store, present_rubrics
from app.sessions.events import fold
from app.settings import settings
from app.terminal.chat import read_text_file
from app.terminal.output import (
    ProgressBar,
    print_json,
    print_markdown,
    print_table,
    remark,
    say,
)


def print_counts(counts: dict[str, int], as_json: bool) -> None:
    """How much content there is."""
    if as_json:
        print_json(counts)
    else:
        print_table([{"what": name, "count": count} for name, count in counts.items()])


# --- grading -----------------------------------------------------------------------------------


def grade_file(scenario: str, path: Path, grader_name: str | None, as_json: bool) -> None:
    """Grade one answer to an opening question."""
    grader = make_grader(grader_name)
    remark(f"Grader: {grader.name}")
    assessment = grade_answer(scenario, read_text_file(path), grader)
    result = grading_json(scenario, assessment)
    if as_json:
        print_json(result)
        return
    print(f"Level: {result['level'] or 'none'}")
    for note in (*assessment.notes, *(flag.detail for flag in assessment.flags)):
        print(f"  {note}")
    for part in assessment.dimensions:
        print(f"{part.dimension}: {part.level or 'no level'}")
        for verdict in part.verdicts:
            quote = f" “{verdict.quote}”" if verdict.quote else ""
            say(f"  {verdict.criterion_id} {MARKS[verdict.verdict]}{quote}")


def grade_lines(path: Path, grader_name: str | None) -> bool:
    """Grade each line of a file, in order; False if a line could not be graded."""
    grader = make_grader(grader_name)
    remark(f"Grader: {grader.name}")
    all_good = True
    for number, line in enumerate(read_text_file(path).splitlines(), 1):
        if not line.strip():
            continue
        extra: dict[str, Any] = {}
        try:
            row = _row(line, number)
            extra = {name: row[name] for name in row if name not in ("scenario", "answer")}
            result = grading_json(
                row["scenario"], grade_answer(row["scenario"], row["answer"], grader)
            )
        except InterviewError as error:
            all_good = False
            result = {"error": str(error)}
        print_json({**extra, **result}, line=True)
    return all_good


def grade_answer(scenario: str, answer: str, grader: Grader) -> Assessment:
    """The assessment of one answer to the opening question of an item."""
    catalog = default_catalog()
    item = catalog.item(scenario)
    rubric = catalog.rubric(item.rubric)
    request = GradingRequest(
        item=item,
        rubric=rubric,
        criteria=rubric.criteria,
        question=item.opening,
        answer=answer,
    )
    return assess(rubric, [GradedAnswer(turn_id="1", grading=grader.grade(request))])


def grading_json(scenario: str, assessment: Assessment) -> dict[str, Any]:
    """The published shape of a grading."""
    return {
        "scenario": scenario,
        "level": assessment.level,
        "stages": {
            part.dimension: {
                "level": part.level,
                "criteria": [
                    {
                        "id": verdict.criterion_id,
                        "verdict": verdict.verdict,
                        "quote": verdict.quote,
                        "confidence": verdict.confidence,
                    }
                    for verdict in part.verdicts
                ],
            }
            for part in assessment.dimensions
        },
        "flags": [flag.kind for flag in assessment.flags],
    }


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        raise BadInput(f"line {number} is not JSON") from None
    if not isinstance(row, dict):
        raise BadInput(f"line {number} is not an object with scenario and answer")
    for name in ("scenario", "answer"):
        if not isinstance(row.get(name), str):
            raise BadInput(f"line {number}: {name!r} is missing or not a text")
    return row


# --- knowledge ---------------------------------------------------------------------------------


def show_search(query: str, count: int, as_json: bool) -> None:
    """Print the passages nearest to a query."""
    from app.retrieval.index import Index
    from app.retrieval.search import Searcher

    with Index.open(settings()) as index:
        index.sync(default_catalog().documents.values(), ProgressBar("Embedding"))
        passages = Searcher(index).search(query, count)
    if as_json:
        print_json([passage.model_dump(mode="json") for passage in passages])
        return
    for number, passage in enumerate(passages, 1):
        print(f"{number}. {passage.document_title} › {passage.heading}  [{passage.score:.4f}]")
        print(f"   {passage.document_id}#{passage.heading}\n")
        print("   " + "\n   ".join(passage.text.splitlines()) + "\n")


def update_index(add: Path | None, remove: str | None, rebuild: bool, as_json: bool) -> None:
    """Bring the index up to date and tell what it holds."""
    from app.retrieval.documents import load_own
    from app.retrieval.index import Index

    documents = default_catalog().documents.values()
    own = load_own(add) if add is not None else None
    with Index.open(settings()) as index:
        bar = ProgressBar("Embedding")
        result = index.rebuild(documents, bar) if rebuild else index.sync(documents, bar)
        if own is not None:
            chunks = index.add_own(own, bar)
            remark(f"Added {own.title!r} as {own.id}: {chunks} passages, cited as your own.")
        if remove is not None:
            index.remove_own(remove)
            remark(f"Removed {remove}.")
        stats = index.stats()
    if as_json:
        print_json({**stats.model_dump(mode="json"), "sync": result.model_dump()})
        return
    remark(f"{result.kept} passages kept, {result.added} added, {result.deleted} deleted.")
    print_table(
        [
            {"collection": name, "documents": stats.documents[name], "passages": stats.chunks[name]}
            for name in stats.chunks
        ]
    )


# --- sessions ----------------------------------------------------------------------------------


def show_sessions(query: str, limit: int, as_json: bool) -> None:
    """Print past sessions, newest first."""
    rows = open_store(settings()).list(query=query, limit=limit).rows
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    if not rows:
        remark("No sessions yet: `interview chat` or `interview serve` begins one.")
        return
    print_table(
        [
            {
                "session": row.id,
                "began": f"{row.started_at.astimezone():%Y-%m-%d %H:%M}",
                "title": row.title,
                "role": row.level,
                "answers": row.answers,
                "level": row.overall or "-",
                "status": row.status,
            }
            for row in rows
        ]
    )


def show_replay(prefix: str, at: int | None, as_json: bool) -> None:
    """Print a session again, from its events alone."""
    store = open_store(settings())
    session_id = store.resolve(prefix)
    events = store.events(session_id)[:at]
    if as_json:
        session = fold(session_id, events)
        print_json(
            {
                "session": session.model_dump(mode="json"),
                "steps": [step.model_dump() for step in steps(events)],
                "report": make_report(session).model_dump(mode="json"),
            }
        )
        return
    for step in steps(events):
        note = f"  ({step.remark})" if step.remark else ""
        say(f"[{step.seq + 1}] {step.speaker}:{note}\n{step.text}\n")


def show_regrading(prefix: str, grader_name: str | None, as_json: bool) -> None:
    """Grade a stored session again and print what came out differently."""
    store = open_store(settings())
    grader = make_grader(grader_name)
    remark(f"Grader: {grader.name}")
    session = store.load(store.resolve(prefix))
    event, difference = regrade(session, grader, present_rubrics(session), datetime.now(UTC))
    store.append(session, [event])
    if as_json:
        print_json(difference.model_dump(mode="json"))
        return
    print(f"Before: {difference.grader_before}. Now: {difference.grader_after}. Both are kept.")
    for item in difference.items:
        rubric = " (the rubric has changed since)" if item.rubric_changed else ""
        print(f"\n{item.item_id}: level {item.level_before} -> {item.level_after}{rubric}")
        for change in item.changes:
            say(f"  {change.criterion_id}: {change.before} -> {change.after} “{change.quote}”")
        if not item.changes:
            print("  no criterion changed")


def export_session(
    prefix: str, format: Format, output: Path | None, without_own_words: bool = False
) -> None:
    """Write a session as Markdown, JSON or HTML."""
    store = open_store(settings())
    session_id = store.resolve(prefix)
    text = export_text(
        session_id,
        store.events(session_id),
        format,
        default_catalog().documents,
        without_own_words=without_own_words,
    )
    if output is None:
        print_markdown(text) if format == "md" else print(text, end="")
        return
    try:
        # A lone surrogate is no UTF-8; as an escape it is, and in JSON it is read back as it was.
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}.") from None
    remark(f"Written to {output}.")
