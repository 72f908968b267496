"""The automaton against looking for each string by itself."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.many_strings import ManyStrings

STRINGS = st.lists(st.text("ab", min_size=1, max_size=4), max_size=6, unique=True)


@given(STRINGS, st.text("abc", max_size=30))
def test_every_place_of_every_string_is_found(strings, text) -> None:
    index = ManyStrings(strings)
    found = [
        (stop, strings[number])
        for stop, node in index.find(text)
        for number in index.ending_at(node)
    ]
    wanted = [
        (stop, string)
        for stop in range(1, len(text) + 1)
        for string in sorted(strings, key=len, reverse=True)
        if text.endswith(string, 0, stop)
    ]
    assert found == wanted
