"""Feedback around the grades: marked quotes, shape, habits, redaction, progress, exports."""

from __future__ import annotations

import json
import re

import pytest

from app.domain.assessment import CriterionVerdict, Grading
from app.domain.content import Citation, Document
from app.domain.session import Session
from app.feedback.export import export_text
from app.feedback.observations import observe
from app.feedback.pieces_html import marked
from app.feedback.progress import progress
from app.feedback.rendering import markdown_html, text_html
from app.feedback.report import make_report
from app.feedback.report_html import feedback_html
from app.feedback.shape import shape
from app.interview.passages import find_passage
from app.sessions.events import AnswerGraded, SessionEvent, SessionFinished, fold
from tests.factories import answered, asked, moment, started, tiny_item, tiny_plan

ANSWER = (
    "My goal is one alert per fault. We deduplicate alerts by fingerprint, which costs late "
    "merges. I would stop if operators still mute it. <b>Bold</b> & raw."
)
QUOTE = "We deduplicate alerts by fingerprint, which costs late merges."
DOCUMENTS = {
    "alerts": Document(
        id="alerts",
        title="Alerts <i>",
        topics=("alerting",),
        text="# Top\n\n## Noise\n\nMost alerts are noise [@a-paper].\n\n### Why\n\nMore."
        "\n\n## Next\n\nNo.",
    )
}


def history(answer: str = ANSWER, quote: str = QUOTE) -> tuple[SessionEvent, ...]:
    """A finished session of one answer: one criterion met, one that could not be decided."""
    met = CriterionVerdict(
        criterion_id="dedupe", quote=quote, rationale="said so", verdict="met", turn_id="t1"
    )
    unscored = CriterionVerdict(criterion_id="plain", rationale="unsure", verdict="unscored")
    grading = Grading(grader="embedded", verdicts=(met, unscored))
    return (
        started(user="ann"),
        asked(),
        answered(answer),
        AnswerGraded(at=moment(3), turn_id="t1", grading=grading),
        SessionFinished(at=moment(4), reason="completed"),
    )


def session(answer: str = ANSWER, quote: str = QUOTE) -> Session:
    return fold("s1", history(answer, quote))


def test_a_quote_is_marked_in_the_answer_and_linked_to() -> None:
    html = feedback_html(session(), make_report(session()), DOCUMENTS)
    assert 'href="#q-0-dedupe"' in html
    assert f'id="q-0-dedupe"><mark class="met">{text_html(QUOTE)}</mark>' in html
    assert html.count('id="q-0-dedupe"') == 1


def test_what_could_not_be_graded_is_said_plainly() -> None:
    html = feedback_html(session(), make_report(session()), DOCUMENTS)
    assert "1 of 2 points could not be decided; they count neither for nor against you" in html


def test_overlapping_quotes_keep_every_character_once() -> None:
    html = marked("abcdef", [("a", "abcd", "met"), ("b", "cdef", "partial"), ("c", "zz", "met")])
    assert re.sub("<[^>]+>", "", html) == "abcdef"
    assert html.count('id="a"') == html.count('id="b"') == 1


def test_markup_of_others_is_shown_and_not_obeyed() -> None:
    html = feedback_html(session(), make_report(session()), DOCUMENTS)
    assert "<b>Bold" not in html
    assert "&lt;b&gt;Bold" in html
    hostile = "<script>x</script> ![i](http://a.b/c.png) [l](javascript:x) <img src=x>"
    rendered = markdown_html(hostile)
    assert "<script" not in rendered
    assert "<img" not in rendered
    assert "javascript:" not in re.findall(r'href="([^"]*)"', rendered)


def test_a_passage_holds_its_subsections_and_ends_at_the_next_heading() -> None:
    passage = find_passage(DOCUMENTS, Citation(document="alerts", heading="Noise"))
    assert passage is not None
    assert "More." in passage.text
    assert "No." not in passage.text
    assert find_passage(DOCUMENTS, Citation(document="gone", heading="Noise")) is None


def test_shape_shares_add_up_and_follow_the_quotes() -> None:
    found = shape(session(), 0)
    assert sum(stage.share for stage in found.stages) == pytest.approx(1.0)
    assert found.stages[0].words >= len(QUOTE.split())


def test_habits_quote_the_answer() -> None:
    found = {each.kind: each for each in observe(session())}
    assert found["headline_first"].good
    assert found["would_change"].quote == "I would stop if operators still mute it."
    for each in found.values():
        assert each.quote in ANSWER


def test_a_name_without_mechanism_is_noticed() -> None:
    found = observe(session("AI-powered Kafka and Kubernetes.", "AI-powered Kafka"))
    assert [each.quote for each in found if each.kind == "buzzword"] == [
        "AI-powered Kafka and Kubernetes."
    ]


@pytest.mark.parametrize("format", ["md", "json", "html"])
def test_every_export_holds_the_words_and_the_redacted_one_none(format: str) -> None:
    whole = export_text("s1", history(), format, DOCUMENTS)  # type: ignore[arg-type]
    bare = export_text("s1", history(), format, DOCUMENTS, without_own_words=True)  # type: ignore[arg-type]
    assert "deduplicate alerts by fingerprint" in whole
    assert "deduplicate alerts by fingerprint" not in bare
    assert "ann" not in re.findall(r'"user": "([^"]*)"', bare)
    assert tiny_plan().items[0].rubric_hash in whole


def test_the_html_file_asks_for_nothing_outside() -> None:
    html = export_text("s1", history(), "html", DOCUMENTS)
    assert "default-src 'none'" in html
    assert not re.findall(r'(?:src|href)="(?!#)', html)


def test_a_json_export_is_read_back_by_its_events() -> None:
    data = json.loads(export_text("s1", history(), "json", DOCUMENTS))
    assert [event["kind"] for event in data["events"]][-1] == "session_finished"


def test_progress_counts_only_what_was_graded() -> None:
    found = progress([session()], [tiny_item(), tiny_item("other")])
    assert len(found.points) == 1
    assert found.coverage == 0.5
    assert found.weakest == ()
    assert progress([], [tiny_item()]).points == ()
