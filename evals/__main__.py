"""`python -m evals …`: what is measured, each as a table or as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel

from app.errors import InterviewError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

GraderName = Literal["embedded", "judge"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Grader = Annotated[GraderName, typer.Option("--grader", help="Which grader to measure.")]


@app.command()
def bench(as_json: AsJson = False) -> None:
    """Start-up, page, index, search and grading, as ratios within one run."""
    from evals.bench import bench as run

    show({"speed": run()}, as_json)


@app.command()
def grading(
    grader: Grader = "embedded",
    split: Annotated[
        Literal["dev", "test"], typer.Option(help="Tune on dev only; test is for the report.")
    ] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Only N answers of the split.")] = None,
    prompt_variant: Annotated[
        Literal["present", "few-shot"], typer.Option(help="Of the judge's prompt.")
    ] = "present",
    base_url: Annotated[str | None, typer.Option(help="The judge's server.")] = None,
    model: Annotated[str | None, typer.Option(help="The judge's model, or a .gguf file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Agreement with the gold labels, against baselines in the same run."""
    from app.interview.wiring import make_grader
    from app.settings import use_flags
    from evals.grading import report
    from evals.variants import variant_of

    use_flags(openai_base_url=base_url, model=model)
    show(report(variant_of(make_grader(grader), prompt_variant), split, limit), as_json)


@app.command()
def labels(as_json: AsJson = False) -> None:
    """How well the labellers of the gold set agree with each other."""
    from evals.labels import agreement

    show(agreement(), as_json)


@app.command("bench-grading")
def bench_grading(
    data: Annotated[Path, typer.Option(help="JSON lines: question, criterion, answer, label.")],
    grader: Grader = "embedded",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N lines.")] = None,
    as_json: AsJson = False,
) -> None:
    """Agreement on any labelled file of statements and answers."""
    from evals.bench_grading import report

    show(report(data, grader, limit), as_json)


@app.command()
def fit(
    statements: Annotated[
        Path | None, typer.Option(help="Public set of single statements.")
    ] = None,
    short_references: Annotated[
        Path | None, typer.Option(help="Public set of short reference answers.")
    ] = None,
    references: Annotated[Path | None, typer.Option(help="Public set of long references.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fit the embedded grader's heads and write them (see evals/LOG.md)."""
    from evals.fit import fit_heads

    show(fit_heads(statements, short_references, references), as_json)


@app.command()
def interviewer(
    base_url: Annotated[str | None, typer.Option(help="An OpenAI-compatible server.")] = None,
    model: Annotated[str | None, typer.Option(help="Its model, or a .gguf file.")] = None,
    scenario: Annotated[str, typer.Option(help="Which scenario.")] = "anomaly-detection-system",
    candidate: Annotated[str | None, typer.Option(help="Only this candidate.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep the sessions here.")] = None,
    grader: Annotated[
        GraderName, typer.Option(help="The judge runs beside, if named.")
    ] = "embedded",
    as_json: AsJson = False,
) -> None:
    """Simulated candidates against the interviewer; every transcript is checked in code."""
    from app.settings import settings, use_flags
    from evals.interviewer import report

    use_flags(openai_base_url=base_url, model=model)
    show({"interviews": report(settings(), scenario, candidate, folder, grader)}, as_json)


@app.command()
def retrieval(as_json: AsJson = False) -> None:
    """Recall and nDCG of dense, lexical and fused search on natural questions."""
    from evals.retrieval import report

    show(report(), as_json)


@app.command()
def exemplars(grader: Grader = "embedded", as_json: AsJson = False) -> None:
    """Whether weak, senior, staff and principal exemplars are graded in this order."""
    from app.interview.wiring import make_grader
    from evals.exemplars import report

    show(report(make_grader(grader)), as_json)


@app.command()
def attacks(grader: Grader = "embedded", as_json: AsJson = False) -> None:
    """What it takes to fool a grader: attacks against their clean twins."""
    from app.interview.wiring import make_grader
    from evals.attacks import report

    show(report(make_grader(grader)), as_json)


@app.command()
def reliability(as_json: AsJson = False) -> None:
    """Run the proof of every promise: runs, lost, duplicated, worst recovery time."""
    from evals.reliability import report

    result = report()
    show(result, as_json)
    raise typer.Exit(0 if all(each["result"] == "proved" for each in result["promises"]) else 1)


@app.command("load")
def load_(
    most: Annotated[int, typer.Option(min=1, max=64, help="Candidates at once, at most.")] = 16,
    seconds: Annotated[float, typer.Option(min=1, max=120, help="For each number of them.")] = 8.0,
    thinking: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds of thought before each answer.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Turns a second, waiting time and memory with 1, 2, 4 … candidates at once.

    With --thinking: one candidate against `most` of them who think between their turns.
    """
    from evals.load import report, thinking_report

    if not thinking:
        show(report(most, seconds), as_json)
        return
    result = thinking_report(most, seconds, thinking)
    show(result, as_json)
    raise typer.Exit(0 if result["kept"] else 1)


@app.command("all")
def all_(as_json: AsJson = False) -> None:
    """Labels, grading, attacks, exemplars, search and candidates; writes evals/RESULTS.md."""
    from evals.results import write_results

    show(write_results(show), as_json)


def show(result: Mapping[str, Any], as_json: bool) -> None:
    """JSON, or the same as plain tables."""
    if as_json:
        print(json.dumps(_plain(result), ensure_ascii=False, allow_nan=False, indent=2))
        return
    for name, value in result.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            print(f"\n{name}")
            _print_rows([dict(row) for row in value])
        elif isinstance(value, Mapping):
            print(f"\n{name}")
            _print_mapping(value, "  ")
        else:
            print(f"{name}: {value}")


def _print_mapping(values: Mapping[str, Any], indent: str) -> None:
    for name, value in values.items():
        if isinstance(value, Mapping):
            print(f"{indent}{name}")
            _print_mapping(value, indent + "  ")
        else:
            print(f"{indent}{name:<40} {value}")


def _print_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    names = list(rows[0])
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows)) for name in names}
    print("  " + "  ".join(name.ljust(widths[name]) for name in names))
    for row in rows:
        print("  " + "  ".join(str(row[name]).ljust(widths[name]) for name in names))


def _plain(value: Any) -> Any:
    """What JSON can hold; it knows no nan, so a measure of nothing is null."""
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def main() -> None:
    """Run a measurement; what a user can mend is told in words."""
    try:
        app()
    except InterviewError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
