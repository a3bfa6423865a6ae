"""The commands as a user types them: what they print, and how they fail."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.__main__ import main
from app.settings import settings

ITEM = "false-positives-vs-false-negatives"
STRONG = (
    "A missed Sev1 costs far more than a false page, but on-call can take two pages a shift, so "
    "the false-positive rate follows from that budget. At a base rate of one positive window in "
    "fourteen thousand, one per cent false positives give a precision below one per cent. I would "
    "page only on the symptom alerts and send the rest to tickets, and reverse that if misses "
    "reach one a month."
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("INTERVIEW_DATA_DIR", str(tmp_path / "data"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "INTERVIEW_MODEL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def execute(*words: str | Path) -> tuple[int, str, str]:
        settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["interview", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        settings.cache_clear()
        return int(ended.value.code or 0), out, err

    return execute


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.txt"
    path.write_text(f"{STRONG}\n---\nWe would use machine learning for that.\n")
    return path


def played(run: Run, answers: Path) -> dict[str, object]:
    code, out, err = run("chat", "--scenario", ITEM, "--answers", answers, "--json")
    assert code == 0, err
    report: dict[str, object] = json.loads(out)
    return report


def test_answers_from_a_file_play_an_interview_that_is_saved_and_listed(
    run: Run, answers: Path
) -> None:
    report = played(run, answers)
    assert report["status"] == "finished"
    code, out, _ = run("sessions", "--json")
    assert code == 0
    assert [row["id"] for row in json.loads(out)] == [report["session_id"]]


def test_replay_gives_the_same_report_from_events_alone(run: Run, answers: Path) -> None:
    report = played(run, answers)
    code, out, _ = run("replay", str(report["session_id"]), "--json")
    assert code == 0
    assert json.loads(out)["report"] == report


def test_the_export_holds_question_answer_reason_and_versions(run: Run, answers: Path) -> None:
    report = played(run, answers)
    code, out, _ = run("export", str(report["session_id"]), "--format", "md")
    assert code == 0
    for part in (STRONG[:60], "## Conversation", "## Versions", "opening", "schema 1"):
        assert part in out


def test_regrading_with_the_same_grader_changes_nothing_and_keeps_both(
    run: Run, answers: Path
) -> None:
    report = played(run, answers)
    code, out, _ = run("regrade", str(report["session_id"]), "--json")
    assert code == 0
    assert [item["changes"] for item in json.loads(out)["items"]] == [[]]


def test_more_answers_than_questions_exit_1_and_are_saved(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("\n---\n".join(f"Answer {n} about tickets and pages." for n in range(12)))
    code, _, err = run("chat", "--scenario", ITEM, "--answers", path)
    assert code == 1
    assert "more answers" in err
    assert json.loads(run("sessions", "--json")[1])[0]["status"] == "finished"


def test_grade_prints_the_published_shape_with_quotes_that_stand_in_the_answer(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "answer.txt"
    path.write_text(STRONG)
    code, out, err = run("grade", "--scenario", ITEM, "--answer", path, "--json")
    assert code == 0
    assert "Grader: embedded/" in err
    result = json.loads(out)
    assert list(result["stages"]) == ["context", "problem", "solution", "tradeoffs", "production"]
    graded = [each for stage in result["stages"].values() for each in stage["criteria"]]
    credited = [each for each in graded if each["verdict"] in ("met", "partial")]
    assert credited
    assert all(each["quote"] in STRONG for each in credited)


def test_better_answers_get_higher_levels(run: Run, tmp_path: Path) -> None:
    rows = [
        {"scenario": ITEM, "answer": "Accuracy matters and we need AI for the alerts.", "who": "a"},
        {"scenario": ITEM, "answer": STRONG, "who": "b"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = run("grade", "--jsonl", path)
    assert code == 0
    weak, strong = map(json.loads, out.splitlines())
    assert (weak["who"], strong["who"]) == ("a", "b")
    assert weak["level"] < strong["level"]


def test_a_bad_line_gives_an_error_in_its_place_and_exit_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = json.dumps({"scenario": ITEM, "answer": STRONG})
    path.write_text(f'{good}\n{{"scenario": "{ITEM}"}}\nnot json\n{good}\n')
    code, out, _ = run("grade", "--jsonl", path)
    assert code == 1
    lines = [json.loads(line) for line in out.splitlines()]
    assert ["error" in line for line in lines] == [False, True, True, False]
    assert "'answer' is missing" in lines[1]["error"]


def test_an_empty_answer_is_level_1_with_a_flag(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"scenario": ITEM, "answer": " ... "}) + "\n")
    result = json.loads(run("grade", "--jsonl", path)[1])
    assert (result["level"], result["flags"]) == (1, ["empty"])


def test_search_shows_document_heading_and_score(run: Run) -> None:
    code, out, _ = run("search", "how many pages can on-call take", "--json")
    assert code == 0
    best = json.loads(out)[0]
    assert best["score"] > 0
    assert best["heading"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("chat", "--scenario", "nowhere", "--answers", "x"), 2, "There is no file x"),
        (("grade", "--scenario", "nowhere", "--answer", "ANSWER"), 2, "no item 'nowhere'"),
        (("grade", "--scenario", ITEM, "--answer", "BINARY"), 2, "not UTF-8 text"),
        (("replay", "261123"), 2, "261123"),
        (("search", "  "), 2, "The search is empty"),
        (("grade", "--scenario", ITEM, "--answer", "ANSWER", "--grader", "judge"), 2, "judge"),
        (("index", "--add", "missing.pdf"), 2, "missing.pdf"),
    ],
)
def test_bad_input_is_told_with_the_mend_and_no_traceback(
    run: Run, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "answer").write_text(STRONG)
    (tmp_path / "binary").write_bytes(b"\x89PNG\xff\x00")
    named = {"ANSWER": str(tmp_path / "answer"), "BINARY": str(tmp_path / "binary")}
    ended, _, err = run(*(named.get(word, word) for word in words))
    assert ended == code
    assert told in err
    assert "Traceback" not in err


def test_every_command_that_may_use_a_model_takes_the_same_options() -> None:
    from typer.main import get_command

    from app.__main__ import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    wanted = {"base_url", "model", "judge_model", "judge_samples"}
    with_model = {name for name, each in commands.items() if "model" in _names(each)}
    assert with_model == {"serve", "chat", "grade", "regrade", "doctor"}
    assert all(wanted <= _names(commands[name]) for name in with_model)


def _names(command: object) -> set[str]:
    return {parameter.name for parameter in command.params}  # type: ignore[attr-defined]
