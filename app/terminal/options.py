"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, Literal

import typer

Level = Literal["senior", "staff", "principal"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Grader = Annotated[
    Literal["embedded", "judge"] | None,
    typer.Option("--grader", help="Default: embedded, unless a language model is configured."),
]
SessionId = Annotated[str, typer.Argument(help="Session id, or the beginning of one.")]


def use_models(
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", help="An OpenAI-compatible server: http://host:port/v1."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="The interviewer's model, or a .gguf file.")
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option("--judge-model", help="The judge's model, if it is another one.")
    ] = None,
    judge_samples: Annotated[
        int | None,
        typer.Option(
            "--judge-samples", min=1, max=9, help="Gradings an answer, to see the spread."
        ),
    ] = None,
) -> None:
    """Let these flags win over the environment and every file of settings."""
    from app.settings import use_flags

    use_flags(
        openai_base_url=base_url,
        model=model,
        judge_model=judge_model,
        judge_samples=judge_samples,
    )


def with_models(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of `use_models`, which runs before it."""
    chosen = signature(use_models, eval_str=True).parameters
    own = signature(command, eval_str=True)

    @wraps(command)
    def both(**given: Any) -> None:
        use_models(**{name: given.pop(name) for name in chosen})
        command(**given)

    together: list[Parameter] = [*own.parameters.values(), *chosen.values()]
    # Typer reads a command's options from here.
    both.__signature__ = own.replace(parameters=together)  # type: ignore[attr-defined]
    return both
