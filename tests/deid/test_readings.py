"""Plainer forms of a text: what they drop, and that offsets lead back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.readings import (
    fold,
    read_digits,
    read_letters_and_digits,
    read_plain,
    read_with_one_blank,
)

TEXTS = st.text(st.sampled_from("aZé\u0301ßﬁ1٣-\u2011 \n\u00a0'\u2019İ_."), max_size=20)
FORMS = (lambda plain: plain, read_with_one_blank, read_letters_and_digits, read_digits)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Smith, JOHN", "smith, john"),
        ("  Smith\n\tJohn ", "smith john"),
        ("Muñoz", "munoz"),
        ("Mun\u0303oz", "munoz"),
        ("STRAUẞ", "strauss"),
        ("O\u2019Brien", "o'brien"),
        ("536\u201122\u00a06789", "536-22 6789"),
        ("\uff15\uff13", "53"),
        ("Smi\u200bth", "smith"),
        ("\ufb01", "fi"),
        ("", ""),
    ],
)
def test_what_looks_alike_is_read_alike(text, folded) -> None:
    assert fold(text) == folded


@given(TEXTS)
def test_every_character_of_a_form_comes_from_its_place(text) -> None:
    plain = read_plain(text)
    for form in FORMS:
        reading = form(plain)
        assert len(reading.text) == len(reading.places)
        assert list(reading.places) == sorted(reading.places)
        for character, place in zip(reading.text, reading.places, strict=True):
            assert character in read_plain(text[place]).text or (character, text[place]).count(" ")


def test_digits_and_letters_stay_alone() -> None:
    plain = read_plain("A-1_b (2)")
    assert read_letters_and_digits(plain).text == "a1b2"
    assert read_digits(plain).text == "12"
    assert read_digits(plain).span(0, 2) == (2, 8)
