"""The command line: `interview serve | chat | grade | search | index | check | sessions | …`."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.errors import InterviewError
from app.terminal.options import AsJson, Grader, Level, SessionId, with_models

app = typer.Typer(
    name="interview",
    help="A mock interviewer for AIOps architects: asks, challenges, grades with quotes, replays.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
@with_models
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 7860,
) -> None:
    """Open the page: choose, interview, feedback, past sessions."""
    from app.settings import settings
    from app.ui.gradio_app import run

    run(settings(), host=host, port=port)


@app.command()
@with_models
def chat(
    scenario: Annotated[
        str, typer.Option("--scenario", help="Any item's id, a topic's id, or full-loop.")
    ] = "anomaly-detection-system",
    level: Annotated[
        Level, typer.Option(help="Changes probes and the target, never the score.")
    ] = "principal",
    minutes: Annotated[int | None, typer.Option(min=1, max=240)] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Play answers from a file, divided by lines of ---.")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with a session.")] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes the draw of a full loop.")] = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="No language model, even if one is configured.")
    ] = False,
    grader: Grader = None,
    as_json: AsJson = False,
) -> None:
    """Hold an interview in the terminal."""
    from app.settings import use_flags
    from app.terminal.chat import Chat

    use_flags(embedded=embedded or None)
    session = Chat.open(grader)
    finished = session.run(
        scenario=scenario,
        level=level,
        minutes=minutes,
        answers=answers,
        resume=resume,
        seed=seed,
        as_json=as_json,
    )
    raise typer.Exit(0 if finished else 1)


@app.command()
@with_models
def grade(
    scenario: Annotated[str | None, typer.Option("--scenario", help="Any item's id.")] = None,
    answer: Annotated[
        Path | None, typer.Option(help="File with one answer; - for standard input.")
    ] = None,
    jsonl: Annotated[Path | None, typer.Option(help="Lines of {scenario, answer, ...}.")] = None,
    grader: Grader = None,
    as_json: AsJson = False,
) -> None:
    """Grade an answer to an opening question, or many from a file."""
    from app.terminal.commands import grade_file, grade_lines

    if jsonl is not None:
        raise typer.Exit(0 if grade_lines(jsonl, grader) else 1)
    if scenario is None or answer is None:
        raise typer.BadParameter("give --scenario ID and --answer FILE, or --jsonl FILE")
    grade_file(scenario, answer, grader, as_json)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    count: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Find passages in the preparation documents and your own."""
    from app.terminal.commands import show_search

    show_search(query, count, as_json)


@app.command()
def index(
    add: Annotated[
        Path | None, typer.Option(help="Add your own Markdown, text or PDF file.")
    ] = None,
    remove: Annotated[str | None, typer.Option(help="Remove an own document by its id.")] = None,
    rebuild: Annotated[bool, typer.Option(help="Build anew from the documents.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the search index up to date and tell what is in it."""
    from app.terminal.commands import update_index

    update_index(add, remove, rebuild, as_json)


@app.command()
@with_models
def doctor(as_json: AsJson = False) -> None:
    """Ask the configured models what they can do, and show how they will be used."""
    from app.terminal.doctor import show_doctor

    raise typer.Exit(0 if show_doctor(as_json) else 1)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Validate all content and its cross references."""
    from app.catalog import Catalog
    from app.content_checks import check as check_content
    from app.terminal.commands import print_counts

    print_counts(check_content(Catalog()), as_json)


@app.command()
def sessions(
    query: Annotated[str, typer.Option(help="Part of a title.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List past sessions, newest first."""
    from app.terminal.commands import show_sessions

    show_sessions(query, limit, as_json)


@app.command()
def replay(
    session_id: SessionId,
    at: Annotated[int | None, typer.Option(min=1, help="Only the first N events.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a session again from its events, with why each question was asked."""
    from app.terminal.commands import show_replay

    show_replay(session_id, at, as_json)


@app.command()
@with_models
def regrade(
    session_id: SessionId,
    grader: Grader = None,
    as_json: AsJson = False,
) -> None:
    """Grade a session again, keep both gradings, and print the difference."""
    from app.terminal.commands import show_regrading

    show_regrading(session_id, grader, as_json)


@app.command()
def export(
    session_id: SessionId,
    format: Annotated[
        Literal["md", "json", "html"], typer.Option("--format", help="md, json or html.")
    ] = "md",
    output: Annotated[Path | None, typer.Option(help="File to write; default: print.")] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Leave out the candidate's own words.")
    ] = False,
) -> None:
    """Write a session with report, conversation and versions."""
    from app.terminal.commands import export_session

    export_session(session_id, format, output, redact)


users = typer.Typer(help="Who may sign in to the page.", no_args_is_help=True)
app.add_typer(users, name="users")


@users.command("add")
def users_add(name: str) -> None:
    """Add a user, or give one a new password; it is asked for, or read from standard input."""
    from app.terminal.users import add_user

    add_user(name)


@users.command("remove")
def users_remove(name: str) -> None:
    """Take a user off the list; the sessions stay."""
    from app.terminal.users import remove_user

    remove_user(name)


@users.command("list")
def users_list(as_json: AsJson = False) -> None:
    """Who may sign in."""
    from app.terminal.users import show_users

    show_users(as_json)


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the session store to the newest schema; a SQLite file is copied first."""
    from app.terminal.store import migrate_store

    migrate_store(as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file; one that exists is never replaced.")],
    as_json: AsJson = False,
) -> None:
    """Write all sessions to one file while others go on, and read it back."""
    from app.terminal.store import backup_store

    backup_store(file, as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `interview backup` wrote.")],
    as_json: AsJson = False,
) -> None:
    """Add the sessions of a backup: all, or none if it is damaged; nothing is overwritten."""
    from app.terminal.store import restore_store

    restore_store(file, as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file of `interview export --format json`.")],
    as_json: AsJson = False,
) -> None:
    """Add an exported session; importing it again changes nothing."""
    from app.terminal.store import import_session

    import_session(file, as_json)


def main() -> None:
    """Run a command; every failure a user can meet ends in words, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an answer may hold what no encoding can print
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except InterviewError as error:
        _say(f"Error: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("\nStopped. What you had sent is saved: `interview sessions` lists it.")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except PermissionError as error:
        _say(
            f"Error: no permission for {error.filename}. Set INTERVIEW_DATA_DIR to a folder that "
            "you can write to."
        )
        sys.exit(1)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
