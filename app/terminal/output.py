"""How the terminal prints: JSON on standard output, remarks on standard error."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from app.feedback.report import Report
from app.feedback.transcript import report_markdown

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text that cannot steer a terminal: what an answer or an import may hold shows as escapes."""
    lines = text.replace("\r\n", "\n")
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), lines)


def say(text: str) -> None:
    """A line for a person to read, on standard output."""
    print(printable(text))


def print_json(value: Any, *, line: bool = False) -> None:
    """One JSON value; on one line if `line`."""
    print(json.dumps(value, ensure_ascii=False, indent=None if line else 2), flush=line)


def remark(text: str) -> None:
    """Something about the run itself, kept out of what a program may read."""
    print(printable(text), file=sys.stderr)


def print_table(rows: list[dict[str, Any]]) -> None:
    """A plain table with a header; nothing is cut off where output is not a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in rows[0] if rows else ():
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(printable(str(value))) for value in row.values()))
    console.print(table)


def print_markdown(text: str) -> None:
    """Markdown, set for reading on a terminal, as it is elsewhere."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(printable(text)))


def print_report(report: Report, as_json: bool) -> None:
    """The feedback at the end of an interview."""
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_markdown(report_markdown(report))


class ProgressBar:
    """A bar on standard error for work that takes noticeable time; silent where nobody watches."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __call__(self, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            return
        filled = 30 * done // max(total, 1)
        end = "\n" if done >= total else ""
        bar = "█" * filled + "·" * (30 - filled)
        print(f"\r{self._label} {bar} {done}/{total}", end=end, file=sys.stderr, flush=True)
