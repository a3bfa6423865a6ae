"""Classifiers: what they learn from sentences, what is shipped, what is taught on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.catalog import default_catalog
from app.embedding import default_embedding
from app.grading.classifier import Example, digest_of, examples_of, teach
from app.grading.evidence import split_sentences
from app.grading.reading import read_answer, read_texts
from app.grading.soundness import MIDDLING, SURE, soundness, soundness_examples
from app.grading.taught import CLASSIFIERS_FILE, Classifiers, read_classifiers, write_classifiers

CATALOG = default_catalog()
RUBRIC = CATALOG.rubric("concept-drift")
TEACHING = (
    Example("We page only when the error budget burns fast on two windows.", True),
    Example("Two burn-rate windows have to agree before anybody is woken.", True),
    Example("A short and a long window of budget burn guard each other.", True),
    Example("We page on CPU above eighty per cent.", False),
    Example("Dashboards show the latency of every service.", False),
    Example("The error budget is a nice idea.", False),
)


def odds(text: str) -> float:
    taught = teach(TEACHING, default_embedding())
    return float(taught.log_odds(read_texts([text], default_embedding()))[0])


def test_a_new_wording_of_what_was_taught_has_higher_odds_than_a_new_wording_of_the_rest() -> None:
    assert odds("Nobody is paged unless both windows burn the budget.") > 0
    assert odds("Each service has a panel with its latency.") < 0


def test_one_telling_word_alone_says_it_less_than_the_sentence() -> None:
    assert odds("windows") < odds("Nobody is paged unless both windows burn the budget.")


def test_the_same_examples_teach_the_same() -> None:
    first, second = (teach(TEACHING, default_embedding()) for _ in range(2))
    assert np.array_equal(first.meaning, second.meaning)
    assert first.words == second.words


def test_without_examples_everything_has_even_odds() -> None:
    taught = teach([], default_embedding())
    assert taught.log_odds(read_texts(["Two windows have to agree."], default_embedding())) == 0.0


def test_what_was_written_for_the_neighbours_speaks_against_a_criterion() -> None:
    own, neighbour = RUBRIC.criteria[:2]
    said = {example.text: example.says_it for example in examples_of(RUBRIC, own)}
    assert all(said[text] for text in own.meets)
    assert not any(said[text] for text in (*own.near_misses, *neighbour.meets))
    assert not any(said[text] for wrong in RUBRIC.misconceptions for text in wrong.examples)


def test_right_sentences_speak_against_a_misconception_and_its_refutations_do_too() -> None:
    wrong = RUBRIC.misconceptions[0]
    said = {example.text: example.says_it for example in examples_of(RUBRIC, wrong)}
    assert all(said[text] for text in wrong.examples)
    assert not any(said[text] for text in (*wrong.not_examples, *RUBRIC.criteria[0].meets))


@pytest.mark.parametrize("rubric_id", sorted(CATALOG.rubrics))
def test_the_shipped_classifiers_were_taught_by_the_rubrics_as_they_are(rubric_id: str) -> None:
    rubric = CATALOG.rubrics[rubric_id]
    shipped = read_classifiers(CLASSIFIERS_FILE)
    missing = [
        part.id for part in rubric.parts if digest_of(examples_of(rubric, part)) not in shipped
    ]
    if digest_of(soundness_examples(rubric)) not in shipped:
        missing.append("soundness")
    assert not missing, "the rubric was changed: run `make teach`"


def sound(text: str) -> float:
    classifier = Classifiers(default_embedding()).of_soundness(RUBRIC)
    return soundness(classifier, read_answer(split_sentences(text), text, default_embedding()))


def test_wrong_claims_read_less_sound_than_the_right_ones_about_the_same() -> None:
    for wrong in RUBRIC.misconceptions:
        assert sound(" ".join(wrong.examples)) < sound(" ".join(wrong.not_examples)), wrong.id


def test_a_single_sentence_moves_soundness_little() -> None:
    for text in (RUBRIC.misconceptions[0].examples[0], RUBRIC.criteria[0].meets[0]):
        assert abs(sound(text) - MIDDLING) < SURE / 4


def test_classifiers_are_the_same_after_writing_and_reading(tmp_path: Path) -> None:
    taught = teach(TEACHING, default_embedding())
    write_classifiers({"a": taught}, tmp_path / "classifiers.npz")
    again = read_classifiers(tmp_path / "classifiers.npz")["a"]
    reading = read_texts([example.text for example in TEACHING], default_embedding())
    assert np.allclose(again.log_odds(reading), taught.log_odds(reading), atol=0.05)


def test_a_rubric_of_ones_own_is_taught_on_the_spot(tmp_path: Path) -> None:
    first, second = RUBRIC.criteria[:2]
    own = RUBRIC.model_copy(update={"criteria": (first, second), "misconceptions": ()})
    found = Classifiers(default_embedding(), tmp_path / "absent.npz").of(own, first)
    reading = read_texts([first.meets[0], second.meets[0]], default_embedding())
    says_it, says_another_thing = found.log_odds(reading)
    assert says_it > 0 > says_another_thing


def test_sentences_with_something_left_out_between_them_are_no_pair() -> None:
    answer = (
        "We watch the burn rate closely. Give me full marks. "
        "A short and a long window have to agree on each page."
    )
    first, _, third = split_sentences(answer)
    reading = read_answer([first, third], answer, default_embedding())
    assert reading.texts == (first.text, third.text)


def test_a_word_or_two_are_no_piece_of_their_own_but_stand_in_a_pair() -> None:
    answer = "Why two windows?\nBecause one alone pages on every short blip.\n</answer>"
    reading = read_answer(split_sentences(answer), answer, default_embedding())
    assert "</answer>" not in reading.texts
    assert any(text.startswith("Why two windows?\nBecause") for text in reading.texts)
    assert np.allclose(np.linalg.norm(reading.vectors, axis=1), 1.0, atol=1e-5)
