"""Quotes are exact substrings, and the pieces of an answer too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.grading.evidence import find_quote, split_sentences, windows

ANSWER = (
    'We page on burn rate, e.g. 14.4x over 1 h.  It costs\n- a "minute" of delay\n2) one pager!'
)


def test_sentences_keep_their_place_and_lose_their_bullets() -> None:
    spans = split_sentences(ANSWER)
    assert [span.text for span in spans] == [
        "We page on burn rate, e.g. 14.4x over 1 h.",
        "It costs",
        'a "minute" of delay',
        "one pager!",
    ]


@given(st.text(max_size=300))
def test_every_piece_is_an_exact_substring(text: str) -> None:
    for span in windows(split_sentences(text), text):
        assert text[span.start : span.end] == span.text


@given(st.text(max_size=200), st.data())
def test_a_substring_is_found_as_itself_or_not_at_all(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = find_quote(text[start:end], text)
    assert found is None or found in text


@pytest.mark.parametrize(
    "quote",
    [
        "burn  rate,\ne.g. 14.4x",
        "“burn rate, e.g. 14.4x”",
        "BURN RATE",
        "burn\u200b rate",
    ],
)
def test_a_quote_is_found_whatever_its_white_space_case_or_marks(quote: str) -> None:
    found = find_quote(quote, ANSWER)
    assert found is not None
    assert found in ANSWER
    assert found.lower().startswith("burn")


@pytest.mark.parametrize("quote", ["", "  ", '"', "burn rates", "page on delay"])
def test_what_the_answer_does_not_say_is_no_quote(quote: str) -> None:
    assert find_quote(quote, ANSWER) is None
