import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.rules.shadow import make_shadow
from tests.strategies import notes

PLAIN = {
    "536\u201122\u20116789": "536-22-6789",
    "3\u201314\u201419": "3-14-19",
    "5\u22124": "5-4",
    "３／１４": "3/14",
    "٣": "3",
    "a\u00a0b\u2009c\u3000d": "a b c d",
    "a\u2028b": "a\nb",
    "5\u200b36": "536",
    "Jose\u0301": "Jose",
    "\u202eabc\u202c": "abc",
    "\ufeffabc": "abc",
    "ＭＲＮ": "MRN",
    "José 日本 🩺": "José 日本 🩺",
    "½ ﬁ": "½ ﬁ",  # these would become several characters
    "": "",
}


@pytest.mark.parametrize("note", PLAIN)
def test_rules_see_plain_characters(note: str) -> None:
    assert make_shadow(note).text == PLAIN[note]


def test_ascii_is_its_own_shadow() -> None:
    note = "Tel. 617-555-0198\r\n\t<x>"
    assert make_shadow(note).text is note


def test_what_is_hidden_inside_a_range_belongs_to_it() -> None:
    note = "MRN 5\u200b\u200b36\u200b-22 x"
    shadow = make_shadow(note)
    start = shadow.text.index("536")
    found = shadow.span(start, start + len("536-22"))
    assert note[slice(*found)] == "5\u200b\u200b36\u200b-22"


# Every kind of change: nothing, another character, none.
odd_notes = st.one_of(
    notes,
    st.text(st.sampled_from("a1 \u200b\u0301\u2011\u00a0３é\n"), max_size=40),
    st.text(max_size=40),
)


@given(odd_notes)
def test_every_character_of_a_shadow_is_one_of_the_note(note: str) -> None:
    shadow = make_shadow(note)
    places = [shadow.span(place, place + 1) for place in range(len(shadow.text))]
    assert all(stop == start + 1 for start, stop in places)
    starts = [start for start, _ in places]
    assert starts == sorted(set(starts))
    left_out = set(range(len(note))) - set(starts)
    assert all(unicodedata.category(note[place]) in {"Cf", "Mn", "Me"} for place in left_out)
    assert all(make_shadow(note[start]).text == shadow.text[i] for i, start in enumerate(starts))


@given(st.data(), odd_notes)
def test_a_range_maps_back_to_the_text_it_was_made_of(data: st.DataObject, note: str) -> None:
    shadow = make_shadow(note)
    start = data.draw(st.integers(0, len(shadow.text)))
    stop = data.draw(st.integers(start, len(shadow.text)))
    first, last = shadow.span(start, stop)
    assert 0 <= first <= last <= len(note)
    assert make_shadow(note[first:last]).text == shadow.text[start:stop]


def test_a_shadow_shows_no_text() -> None:
    assert "Roe" not in repr(make_shadow("Jane Roe"))
