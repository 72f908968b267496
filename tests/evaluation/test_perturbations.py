import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.perturbations import (
    PERTURBATIONS,
    PerturbedNote,
    perturb,
)
from spacy_modernbert_bio.evaluation.spans import Span

TEXT = "Seen by Anna Morn on 05-12, SSN 536-22-6789."
SPANS = ((8, 17, "DOCTOR"), (21, 26, "DATE"), (32, 43, "SSN"))


def marked(note: PerturbedNote) -> list[str]:
    return [note.text[start:stop] for start, stop, _ in note.spans]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("no-break blanks", "Seen by Anna\u00a0Morn on 05-12, SSN 536-22-6789."),
        ("no-break hyphens", "Seen by Anna Morn on 05\u201112, SSN 536\u201122\u20116789."),
        ("upper case", "SEEN BY ANNA MORN ON 05-12, SSN 536-22-6789."),
        ("lower case", "seen by anna morn on 05-12, ssn 536-22-6789."),
        ("scanned", "5een by Anna Mom on OS-l2, 55N S36-22-6789."),
    ],
)
def test_damage_is_what_its_name_says(kind: str, text: str):
    assert perturb(TEXT, SPANS, kind).text == text


def test_line_breaks_take_the_place_of_blanks_or_stand_by_marks():
    name, date, number = marked(perturb(TEXT, SPANS, "line breaks"))
    assert name == "Anna\nMorn"
    assert date == "05\n-12"
    assert number in {"536\n-22-6789", "536-22\n-6789"}
    (whole,) = marked(perturb("Smith", [(0, 5, "A")], "line breaks"))
    assert re.fullmatch(r"\w+\n\w+", whole)
    assert perturb("x", [(0, 1, "A")], "line breaks").text == "x"


def test_zero_width_marks_stand_inside_of_spans():
    note = perturb(TEXT, SPANS, "zero width")
    for found in marked(note):
        assert found[1:-1].count("\u200b") == 1
    assert note.text.count("\u200b") == 3
    assert perturb("x", [(0, 1, "A")], "zero width").text == "x"


def test_same_seed_same_note_and_other_seed_another():
    text = "l0rn5 " * 50
    one = perturb(text, (), "scanned", rate=0.3, seed=1)
    assert perturb(text, (), "scanned", rate=0.3, seed=1).text == one.text
    assert perturb(text, (), "scanned", rate=0.3, seed=2).text != one.text


def test_rate_is_the_share_of_places():
    text = "0" * 2000
    damaged = perturb(text, (), "scanned", rate=0.2).text
    assert damaged.count("O") == pytest.approx(400, abs=60)
    assert perturb(text, (), "scanned", rate=0.0).text == text


def test_damage_across_the_border_of_a_span_is_left_out():
    assert perturb("barn", [(0, 3, "A")], "scanned").text == "barn"
    assert perturb("barn", [(0, 2, "A")], "scanned").text == "bam"


def test_what_goes_before_a_span_moves_it():
    note = perturb("rn m Ann", [(5, 8, "A")], "scanned")
    assert (note.text, note.spans) == ("m rn Ann", ((5, 8, "A"),))
    note = perturb("m Ann", [(2, 5, "A")], "scanned")
    assert (note.text, note.spans) == ("rn Ann", ((3, 6, "A"),))


ALIKE = str.maketrans({"0": "o", "1": "l", "5": "s", "\u2011": "-", "\u200b": None})


def undone(text: str) -> str:
    """The same for a text and any damage of it."""
    return re.sub(r"\s", "", text.casefold().translate(ALIKE).replace("rn", "m"))


EDGES = st.integers(0, 20)
SPAN = st.tuples(EDGES, EDGES, st.just("A")).filter(lambda span: span[0] < span[1])
NOTES = st.text("rnm0O1l5S -.aB\u00df\n", min_size=20, max_size=30)
KINDS = st.sampled_from(sorted(PERTURBATIONS))


@given(NOTES, st.lists(SPAN, max_size=4), KINDS, st.floats(0, 1), st.integers(0, 9))
def test_spans_still_cover_what_they_covered(text, spans: list[Span], kind, rate, seed):
    note = perturb(text, spans, kind, rate=rate, seed=seed)
    assert [label for _, _, label in note.spans] == [label for _, _, label in spans]
    for (start, stop, _), (new_start, new_stop, _) in zip(spans, note.spans, strict=True):
        assert undone(note.text[new_start:new_stop]) == undone(text[start:stop])
        # Nothing of it got out, nothing else got in.
        assert undone(note.text[:new_start]) == undone(text[:start])
        assert undone(note.text[new_stop:]) == undone(text[stop:])


@given(NOTES, st.lists(SPAN, max_size=4), st.integers(0, 9))
def test_kinds_for_spans_leave_the_rest_as_it_is(text, spans: list[Span], seed):
    inside = {at for start, stop, _ in spans for at in range(start, stop)}
    outside = "".join(c for at, c in enumerate(text) if at not in inside)
    for kind in ("line breaks", "no-break blanks", "no-break hyphens", "zero width"):
        note = perturb(text, spans, kind, seed=seed)
        moved = {at for start, stop, _ in note.spans for at in range(start, stop)}
        assert "".join(c for at, c in enumerate(note.text) if at not in moved) == outside


@pytest.mark.parametrize(
    ("spans", "kind", "options", "message"),
    [
        ((), "rain", {}, "found 'rain'; wanted one of line breaks, no-break blanks,"),
        ((), "scanned", {"rate": 1.5}, "found 1.5; wanted a number from 0 to 1"),
        ((), "scanned", {"seed": -1}, "found -1; wanted 0 or more"),
        (((0, 9, "A"),), "scanned", {}, "found a span from 0 to 9; wanted one that is not empty"),
    ],
)
def test_impossible_input_is_refused(spans, kind, options, message):
    with pytest.raises(ConfigError, match=message):
        perturb("Roe", spans, kind, **options)


def test_a_note_is_not_in_its_repr():
    assert "Anna" not in repr(perturb(TEXT, SPANS, "lower case"))
