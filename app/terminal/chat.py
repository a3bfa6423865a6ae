"""An interview in the terminal: typed by a person, or played from a file of answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from app.catalog import default_catalog
from app.domain.content import SeniorityLevel
from app.domain.session import Session
from app.errors import BadInput, InterviewError, UsageError
from app.feedback.report import make_report
from app.feedback.transcript import FINISHED
from app.interview.engine import Engine
from app.interview.loop import Progress
from app.interview.plans import make_plan
from app.interview.wiring import describe_mode, open_engine
from app.settings import settings
from app.terminal.output import print_report, printable, remark, say

HELP = """\
Write as many lines as you like; an empty line sends. A question is answered, an answer is graded.
  /hint   the next of three hints      /skip   leave this question
  /undo   take the last answer back    /pause  stop the clock (anything you send starts it)
  /end    end and see the feedback     /help   this text
  /embedded  go on without the language model, if one is in use and fails"""


class Chat:
    """One interview at the terminal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._drafts = settings().data_dir / "drafts"

    @classmethod
    def open(cls, grader: str | None) -> Chat:
        """A chat on the configured store and interviewer."""
        return cls(open_engine(settings(), grader))

    def run(
        self,
        *,
        scenario: str,
        level: SeniorityLevel,
        minutes: int | None,
        answers: Path | None,
        resume: str | None,
        seed: int | None,
        as_json: bool,
    ) -> bool:
        """Hold the interview and print the feedback; False if answers were left over."""
        played = read_answers(answers) if answers is not None else None
        if resume is not None:
            steps = self._engine.resume(self._engine.store.resolve(resume))
        else:
            plan = make_plan(default_catalog(), scenario, level, minutes, seed)
            steps = self._engine.start(plan)
        remark(describe_mode(self._engine))
        quiet = as_json
        session = self._show(steps, quiet)
        remark(f"Session {session.id}. It is saved as you go.")
        if played is not None:
            session, left = self._play(session, played, quiet)
        else:
            session, left = self._converse(session), 0
        print_report(make_report(session), as_json)
        remark(f"`interview replay {session.id}` shows it again.")
        if left:
            remark(
                f"Error: {left} more answer{'s' if left > 1 else ''} in {answers}: the interview "
                "was over before. It is saved; shorten the file."
            )
        return left == 0

    def _play(self, session: Session, answers: list[str], quiet: bool) -> tuple[Session, int]:
        for position, answer in enumerate(answers):
            if session.status == "finished":
                return session, len(answers) - position
            if not quiet:
                say(f"\nYou: {answer}")
            session = self._send(session, answer, quiet)
        if session.status != "finished":
            session = self._show(self._engine.finish(session), quiet)
        return session, 0

    def _converse(self, session: Session) -> Session:
        remark(HELP)
        while session.status != "finished":
            text = self._read(session)
            if text is None:
                break
            try:
                session = self._command(session, text)
            except InterviewError as error:
                # Nothing typed is lost: the text becomes the draft of the next prompt.
                self._keep_draft(session, text)
                remark(f"{error}")
        return session

    def _command(self, session: Session, text: str) -> Session:
        turn = session.current_turn
        assert turn is not None, "an open interview has a question"
        match text.strip().lower():
            case "/help":
                remark(HELP)
            case "/hint":
                session, hint = self._engine.hint(session, turn.id)
                say(f"\nHint {hint.step} of 3: {hint.text}")
            case "/skip":
                session = self._show(self._engine.skip(session, turn.id))
            case "/pause":
                session = self._engine.pause(session)
                remark("The clock stands still.")
            case "/embedded":
                session = self._show(self._engine.use_embedded(session))
            case "/end":
                session = self._show(self._engine.finish(session))
            case "/undo":
                session = self._undo(session)
            case command if command.startswith("/") and " " not in command:
                raise UsageError(f"{command} is no command: /help lists them.")
            case _:
                session = self._send(self._engine.unpause(session), text)
        return session

    def _undo(self, session: Session) -> Session:
        answered = [turn for turn in session.turns if not turn.is_open]
        if not answered:
            raise UsageError("There is no answer to take back yet.")
        turn = answered[-1]
        session = self._engine.reopen(session, turn.id)
        say(f"\nInterviewer: {turn.question.text}")
        remark(f"Taken back. You had written:\n{turn.answer or '(skipped)'}")
        return session

    def _send(self, session: Session, text: str, quiet: bool = False) -> Session:
        turn = session.current_turn
        assert turn is not None, "an open interview has a question"
        return self._show(self._engine.message(session, turn.id, text), quiet)

    def _show(self, steps: Iterator[Progress], quiet: bool = False) -> Session:
        shown = ""
        progress: Progress | None = None
        for progress in steps:
            if progress.state == "speaking" and not quiet:
                if not progress.text.startswith(shown):  # the next thing that is said
                    print()
                    shown = ""
                piece = progress.text[len(shown) :]
                print(printable(piece if shown else f"\nInterviewer: {piece}"), end="", flush=True)
                shown = progress.text
        assert progress is not None, "every step reports at least once"
        if shown:
            print()
        if quiet:
            return progress.session
        if progress.state == "waiting" and shown:
            return progress.session
        if progress.state == "waiting" and progress.text:
            say(f"\nInterviewer: {progress.text}")
        elif progress.state == "waiting" and progress.session.current_turn is not None:
            say(f"\nInterviewer: {progress.session.current_turn.question.text}")
        elif progress.session.finish_reason is not None:
            print(f"\n{FINISHED[progress.session.finish_reason]}\n")
        return progress.session

    def _read(self, session: Session) -> str | None:
        """Lines up to an empty one. What was typed before Ctrl-C is kept as a draft."""
        draft = self._draft_path(session)
        lines: list[str] = []
        if draft.exists():
            lines = draft.read_text(encoding="utf-8").splitlines()
            remark("Your unsent text from before (an empty line sends it):\n" + "\n".join(lines))
        print("\nYou: ", end="", flush=True)
        try:
            for line in sys.stdin:
                if not line.strip() and lines:
                    break
                if line.strip():
                    lines.append(line.rstrip("\n"))
                if len(lines) == 1 and lines[0].startswith("/"):
                    break
            else:
                if not lines:
                    remark("\nThe interview stays open: `interview chat --resume` goes on with it.")
                    return None
        except KeyboardInterrupt:
            if lines:
                self._keep_draft(session, "\n".join(lines))
            raise
        draft.unlink(missing_ok=True)
        return "\n".join(lines)

    def _keep_draft(self, session: Session, text: str) -> None:
        path = self._draft_path(session)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _draft_path(self, session: Session) -> Path:
        return self._drafts / f"{session.id}.txt"


def read_answers(path: Path) -> list[str]:
    """The answers of a file, divided by lines of `---`. BadInput if it holds none or is no text."""
    text = read_text_file(path)
    parts = [""]
    for line in text.splitlines(keepends=True):
        if line.strip() == "---":
            parts.append("")
        else:
            parts[-1] += line
    answers = [part.strip() for part in parts if part.strip()]
    if not answers:
        raise BadInput(f"{path} holds no answer. Write answers divided by lines of ---.")
    return answers


def read_text_file(path: Path) -> str:
    """A UTF-8 text file, `-` for standard input. BadInput if it is missing or binary."""
    if str(path) == "-":
        return sys.stdin.read()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text: save it as plain text.") from None
    if "\x00" in text:
        raise BadInput(f"{path} holds binary data: give a plain text file.")
    return text
