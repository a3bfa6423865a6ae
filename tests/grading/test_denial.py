"""What denies a claim, and the honest sentences that merely hold a `not` or a `wrong`."""

from __future__ import annotations

import time

import pytest

from app.grading.denial import denies, undenied
from app.grading.evidence import split_sentences

CLAIM = "A page is sent only when two windows agree."


def left(text: str) -> list[str]:
    return [span.text for span in undenied(split_sentences(text))[0]]


@pytest.mark.parametrize(
    "text",
    [
        "It is not true that a page is sent only when two windows agree.",
        "It's a common misconception that two windows have to agree.",
        "I would never say that two windows have to agree.",
        "I don't agree that two windows have to agree.",
        "We reject the claim that two windows have to agree.",
        "The idea that two windows have to agree has long been refuted.",
        "There is no reason to think that two windows have to agree.",
        "Anybody is mistaken who holds that two windows have to agree.",
        "Two windows have to agree, which is simply wrong.",
        "My colleague insists that two windows have to agree, but she has got it backwards.",
        "Two windows have to agree - nonsense.",
        f"{CLAIM} That is false.",
        f"{CLAIM} No.",
        f"{CLAIM} This is not true.",
        f"{CLAIM} Rubbish, I'm afraid.",
        f"{CLAIM} Wrong.",
    ],
)
def test_nothing_is_left_of_a_denied_claim(text: str) -> None:
    assert left(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "We do not page on a single window, because noise would wake people up for nothing.",
        "At one per cent that is 144 false pages a day, and nobody reads them.",
        "The error budget that is left decides whether we freeze releases.",
        "A false positive rate that looks small still means forty pages.",
        "If the label is wrong, the model learns the wrong thing.",
        "I reject the number, not the method.",
        "We reject messages that fail validation and keep them in a dead-letter queue.",
        "We do not assume that producer clocks are synchronised, so windows go by event time.",
        "I don't think one global threshold can work, because tenants differ too much.",
        "It would be a mistake to page on raw CPU, so I page on the burn rate.",
        "There is no point in paging when nobody can act.",
        "Exactly-once across the whole pipeline: no.",
    ],
)
def test_whoever_rejects_an_alternative_denies_nothing(text: str) -> None:
    assert left(text) == [text]


def test_a_sentence_about_something_wrong_does_not_deny_the_one_before() -> None:
    text = "The detector learns the season from four weeks. Otherwise Monday's baseline is wrong."
    assert len(left(text)) == 2


def test_behind_a_denied_claim_the_speakers_own_voice_is_kept() -> None:
    own = "the sink must be idempotent."
    assert left(f"It is a misconception that exactly-once covers side effects; {own}") == [own]


def test_a_statement_turned_round_denies_it() -> None:
    assert denies("A page is not sent only when two windows agree", CLAIM)
    assert denies("A page is sent only when two windows agree? I deny this.", CLAIM)
    assert denies("It is untrue: a page is sent only when two windows agree.", CLAIM)
    assert not denies("Pages are sent when both windows agree, never for one.", CLAIM)
    assert not denies(CLAIM, CLAIM)
    assert not denies("The circuit is not closed.", "There is no closed circuit.")


@pytest.mark.parametrize("text", ["no, that is not so but " * 45_000, "-" * 50_000, "a-" * 50_000])
def test_a_long_line_is_read_in_time(text: str) -> None:
    start = time.perf_counter()
    left(text)
    assert time.perf_counter() - start < 2
