"""The written report: what it says of the model's use."""

from __future__ import annotations

from app.domain.session import ModelUse
from app.feedback.report import make_report
from app.feedback.report_html import feedback_html
from app.feedback.transcript import report_markdown
from app.sessions.events import ModelCalled, fold
from tests.factories import asked, moment, started


def called(turn_id: str, seconds: float) -> ModelCalled:
    use = ModelUse(
        purpose="judge",
        model="a-model",
        outcome="ok",
        prompt_characters=4000,
        prompt_tokens=1000,
        completion_tokens=50,
        seconds=seconds,
        turn_id=turn_id,
    )
    return ModelCalled(at=moment(seconds), use=use, prompt="p", reply="r")


def test_tokens_and_seconds_of_each_turn_are_shown_and_summed() -> None:
    session = fold(
        "s", [started(), asked(), called("t1", 2.0), called("t1", 3.0), called("t2", 4.0)]
    )
    text = report_markdown(make_report(session))
    assert "| 1 | 2 | 2,000 | 100 | 5.0 |" in text
    assert "| 2 | 1 | 1,000 | 50 | 4.0 |" in text
    assert "| all | 3 | 3,000 | 150 | 9.0 |" in text


def test_without_a_model_nothing_is_said_of_its_cost() -> None:
    assert "cost" not in report_markdown(make_report(fold("s", [started(), asked()])))


def test_the_page_and_the_exported_file_show_the_same_figures() -> None:
    session = fold("s", [started(), asked(), called("t1", 2.0), called("t1", 3.0)])
    html = feedback_html(session, make_report(session), {})
    assert '<tr><th scope="row">Q1</th><td>2</td><td>2,000</td><td>100</td><td>5.0</td>' in html
    assert '<tr><th scope="row">All</th><td>2</td><td>2,000</td><td>100</td><td>5.0</td>' in html


def test_without_a_model_the_feedback_has_no_table_of_costs() -> None:
    session = fold("s", [started(), asked()])
    assert "What the model took" not in feedback_html(session, make_report(session), {})
