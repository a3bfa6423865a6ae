"""What denies a claim, and the honest sentences that merely hold a `not` or a `wrong`."""

from __future__ import annotations

import time

import pytest

from app.grading.denial import denies, is_denied

CLAIM = "A page is sent only when two windows agree."


@pytest.mark.parametrize(
    "sentence",
    [
        "It is not true that a page is sent only when two windows agree.",
        "It's a common misconception that two windows have to agree.",
        "I would never say that two windows have to agree.",
        "I don't think two windows have to agree.",
        "We reject the claim that two windows have to agree.",
        "There is no reason to wait for two windows.",
        "Anybody is mistaken who holds that two windows have to agree.",
        "Two windows have to agree, which is simply wrong.",
        "My colleague insists that two windows have to agree, but she has got it backwards.",
        "Two windows have to agree - nonsense.",
    ],
)
def test_a_denied_claim(sentence: str) -> None:
    assert is_denied(sentence)


@pytest.mark.parametrize(
    "following", ["That is false.", "No.", "This is not true.", "Rubbish, I'm afraid.", "Wrong."]
)
def test_the_next_sentence_says_no(following: str) -> None:
    assert is_denied(CLAIM, following)
    assert not is_denied(CLAIM, "A second team did not agree at first.")


@pytest.mark.parametrize(
    "sentence",
    [
        "We do not page on a single window, because noise would wake people up for nothing.",
        "At one per cent that is 144 false pages a day, and nobody reads them.",
        "The error budget that is left decides whether we freeze releases.",
        "Never let the model retrain on the outage that it failed to see.",
        "A false positive rate that looks small still means forty pages.",
        "If the label is wrong, the model learns the wrong thing.",
        "I reject the number, not the method.",
        "I don't believe in one cause.",
        "Exactly-once across the whole pipeline: no.",
    ],
)
def test_honest_sentences_with_a_not_or_a_wrong_are_no_denial(sentence: str) -> None:
    assert not is_denied(sentence)


def test_a_statement_turned_round_denies_it() -> None:
    assert denies("A page is not sent only when two windows agree", CLAIM)
    assert denies("A page is sent only when two windows agree? I deny this.", CLAIM)
    assert not denies("Pages are sent when both windows agree, never for one.", CLAIM)
    assert not denies(CLAIM, CLAIM)
    assert not denies("The circuit is not closed.", "There is no closed circuit.")


def test_a_megabyte_without_a_stop_is_read_in_time() -> None:
    start = time.perf_counter()
    is_denied("no, that is not so but " * 45_000)
    assert time.perf_counter() - start < 2
