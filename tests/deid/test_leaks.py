"""Leaks: each kind is found, each near miss is not, each place is told once and without a value."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.leaks import Leak, find_leaks
from spacy_modernbert_bio.deid.originals import read_originals
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import PolicyError

NAME_RULE = Rule("title", "DOCTOR", re.compile(r"Dr\. (?P<phi>[A-Z]\w+(?: [A-Z]\w+)?)"))


def found(output: str, label: str, *originals: str, **more) -> list[tuple[str, str]]:
    """Kind and text of each leak."""
    leaks = find_leaks(output, [(label, original) for original in originals], **more)
    return [(leak.kind, output[leak.start : leak.stop]) for leak in leaks]


@pytest.mark.parametrize(
    ("label", "original", "output", "kind", "where"),
    [
        ("PATIENT", "Zebrowski", "Ms. Zebrowski left.", "exact", "Zebrowski"),
        ("PATIENT", "Anna Zebrowski", "Anna Zebrowski.", "exact", "Anna Zebrowski"),
        ("PATIENT", "Zebrowski, Anna", "Ms. Zebrowski left.", "exact", "Zebrowski"),
        ("DOCTOR", "Dr. A. Lee-Ortega", "see ORTEGA", "folded", "ORTEGA"),
        ("PATIENT", "Smith", "MrSmith2019", "exact", "Smith"),
        ("PATIENT", "Smith", "smith_j@x.org", "folded", "smith"),
        ("MEDICALRECORD", "AB-1234", "chartAB-1234.", "exact", "AB-1234"),
        ("ROOM", "4B", "in bed 4B, stable", "exact", "4B"),
        ("DATE", "3/14", "since 3/14.", "exact", "3/14"),
        ("PATIENT", "Will", "Will left", "exact", "Will"),
        ("PATIENT", "will", "he will", "exact", "will"),
        ("PATIENT", "Anna Zebrowski", "ANNA\n  zebrowski", "folded", "ANNA\n  zebrowski"),
        ("PATIENT", "Muñoz", "MUNOZ", "folded", "MUNOZ"),
        ("PATIENT", "Strauß", "STRAUSS", "folded", "STRAUSS"),
        ("PATIENT", "Smith", "Smi\u200bth", "folded", "Smi\u200bth"),
        ("SSN", "536-22-6789", "536\u201122\u20116789", "folded", "536\u201122\u20116789"),
        ("PHONE", "617-555-0198", "(617) 555-\n0198", "digits", "617) 555-\n0198"),
        ("PHONE", "6175550198", "617.555.0198", "digits", "617.555.0198"),
        ("SSN", "536-22-6789", "SSN536226789", "digits", "536226789"),
        ("MEDICALRECORD", "123-45-67", "MRN001234567", "digits", "1234567"),
        ("MEDICALRECORD", "123456", "12 34 56", "digits", "12 34 56"),
        ("ID", "1234", "12-\n34", "digits", "12-\n34"),
        ("DATE", "3/14/19", "3-14-19", "digits", "3-14-19"),
        ("ZIP", "02139-4307", "02139 4307", "digits", "02139 4307"),
        ("STREET", "12 Elm St, 02139", "12 / 02139", "digits", "12 / 02139"),
        ("PATIENT", "Smith", "S m i t h", "split", "S m i t h"),
        ("PATIENT", "Smith", "Smi-\nth", "split", "Smi-\nth"),
        ("PATIENT", "John Smith", "Smi-\n   th", "split", "Smi-\n   th"),
        ("PATIENT", "Smith", "S.M.I.T.H.", "split", "S.M.I.T.H"),
        ("PATIENT", "Zebrowski", "Zebrow\nski", "split", "Zebrow\nski"),
        ("PATIENT", "O'Brien", "OBRIEN", "split", "OBRIEN"),
        ("HOSPITAL", "St. Mary", "StMary", "split", "StMary"),
        ("PATIENT", "Hasan", "Has-\nan", "split", "Has-\nan"),
        ("EMAIL", "anna@zeb.org", "anna@\nzeb.org", "split", "anna@\nzeb.org"),
    ],
)
def test_each_form_of_an_original_is_a_leak(label, original, output, kind, where) -> None:
    assert found(output, label, original) == [(kind, where)]


@pytest.mark.parametrize(
    ("label", "original", "output"),
    [
        ("PATIENT", "Ann", "Annual exam, Joanne, plan"),
        ("PATIENT", "Donald", "McDonald and MacDonald"),
        ("PATIENT", "Mary Brown", "brown sputum"),
        ("PATIENT", "Will Zed", "will follow up"),
        ("DOCTOR", "Dr. Zed", "Dr. Who"),
        ("HOSPITAL", "Mercy Hospital", "the hospital"),
        ("PATIENT", "J.S.", "J.S. and JS"),
        ("STATE", "MA", "MA"),
        ("ROOM", "4B", "4b, 14B, 4BC, 4B2"),
        ("ROOM", "412", "platelets 412"),
        ("AGE", "93", "93 mg"),
        ("AGE", "1 0 3 4", "1034"),
        ("ID", "1234", "12345 or 01234"),
        ("ID", "1234", "12 34"),
        ("ID", "1234", "12.34"),
        ("PHONE", "617-555-0198", "617 and 555 and 0198"),
        ("PHONE", "617-555-0198", "617-555-\n\n0198"),
        ("PHONE", "617-555-0198", "99617-555-0198"),
        ("DATE", "12/14", "12-14 mg"),
        ("DATE", "March 14, 2019", "14 2019"),
        ("STREET", "1234 Elm Street", "WBC 1234"),
        ("PATIENT", "Hasan", "She has an allergy. Has\nan allergy."),
        ("PATIENT", "Asa", "as a rule"),
        ("PATIENT", "Tom", "given to M. Jones"),
        ("PATIENT", "Smith", "Smi, th"),
        ("PATIENT", "Smith", "Smi\n\nth"),
        ("PATIENT", "Smith", "Smi" + " " * 50 + "th"),
        ("PATIENT", "", "anything"),
    ],
)
def test_what_only_resembles_an_original_is_no_leak(label, original, output) -> None:
    assert found(output, label, original) == []


def test_a_leak_tells_its_identifier_and_offsets_and_no_value() -> None:
    (leak,) = find_leaks("at Zebrowski's", [("PATIENT", "Zebrowski")])
    assert leak == Leak("exact", "PATIENT", 1, 3, 12)
    assert "Zebrowski" not in repr(leak)
    (leak,) = find_leaks("a plumber", [("PROFESSION", "plumber")])
    assert leak.identifier is None


def test_no_repr_shows_an_original() -> None:
    assert "Zebrowski" not in repr(read_originals([("PATIENT", "Anna Zebrowski")]))


@pytest.mark.parametrize(
    ("label", "original", "new", "leaks"),
    [
        # A surrogate that is the original, or holds it.
        ("PATIENT", "Zebrowski", "Zebrowski", ["exact"]),
        ("PATIENT", "Anna Zebrowski", "Berta Zebrowski", ["exact"]),
        ("PHONE", "617-555-0198", "(617) 555 0198", ["digits"]),
        # One that resembles it.
        ("ID", "1234567", "00-1234567", ["exact"]),
        ("ID", "123-4567", "00-1234567", []),
        # Dates meet other dates of their note.
        ("DATE", "03/24/2019", "03/24/2019", []),
        # A tag, a mask.
        ("HOSPITAL", "Hospital", "[HOSPITAL]", []),
        ("PATIENT", "Zebrowski", "*****", []),
    ],
)
def test_new_text_leaks_only_what_it_should_have_changed(label, original, new, leaks) -> None:
    output = f"Seen {new} today."
    assert [k for k, _ in found(output, label, original, new=[(5, 5 + len(new))])] == leaks


def test_an_original_beside_or_over_a_border_of_new_text_is_a_leak() -> None:
    output = "[NAME] Anna Zebrowski"
    assert found(output, "PATIENT", "Anna Zebrowski", new=[(0, 6)])
    assert found(output, "PATIENT", "Anna Zebrowski", new=[(0, 11)]) == [("exact", output[7:])]


def test_rules_find_leaks_outside_of_new_text_alone() -> None:
    output = "Dr. Miller, Dr. Jones"
    leaks = found(output, "DATE", new=[(4, 10)], rules=[NAME_RULE])
    assert leaks == [("rules", "Jones")]


def test_a_rule_that_finds_more_than_new_text_tells_of_it() -> None:
    output = "Dr. Miller Jones"
    assert found(output, "DATE", new=[(4, 10)], rules=[NAME_RULE]) == [("rules", "Miller Jones")]
    assert found(output, "DATE", new=[(4, 15)], rules=[NAME_RULE]) == []
    assert found(output, "DATE", new=[(4, 7), (7, 16)], rules=[NAME_RULE]) == []


def test_what_stands_beside_a_new_date_is_no_leak() -> None:
    span = PhiSpan(0, 18, "DATE", ("model",))
    assert found("04/13/2019, Monday", "DATE", new=[(0, 10)], model=[span]) == []


def test_the_models_spans_are_leaks_where_no_surer_kind_is() -> None:
    output = "Zebrowski saw Miller"
    spans = [PhiSpan(14, 20, "DOCTOR", ("model",), 0.06), PhiSpan(0, 9, "DOCTOR", ("model",))]
    leaks = found(output, "PATIENT", "Zebrowski", model=spans)
    assert leaks == [("exact", "Zebrowski"), ("model", "Miller")]


def test_what_the_policy_leaves_is_no_leak() -> None:
    output = "Dr. Miller, 45 y/o"
    leaks = found(
        output,
        "DATE",
        rules=[NAME_RULE],
        model=[PhiSpan(12, 18, "AGE", ("model",))],
        is_left=lambda label, text: (label, text) == ("AGE", "45 y/o"),
    )
    assert leaks == [("rules", "Miller")]


def test_rules_of_other_labels_are_weighed_before_the_policy_is_asked() -> None:
    longer = Rule("place", "CITY", re.compile("Boston, MA"))
    shorter = Rule("unit", "LOCATION", re.compile("Boston"))
    leaks = find_leaks(
        "Boston, MA", (), rules=[shorter, longer], is_left=lambda label, _: label == "CITY"
    )
    assert leaks == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"new": [(2, 9)]}, r"new=.*found a range from 2 to 9 in 4 characters; wanted offsets"),
        ({"new": [(3, 2)]}, "found a range from 3 to 2 in 4 characters"),
        ({"model": [PhiSpan(1, 5, "DATE")]}, r"model=.*found a range from 1 to 5 in 4 characters"),
        ({"model": [PhiSpan(3, 2, "DATE")]}, "found a range from 3 to 2 in 4 characters"),
        ({"model": [PhiSpan(1, 3, "DRUG")]}, "found 'DRUG'; wanted one of NAME"),
    ],
)
def test_what_is_not_of_the_output_is_refused(more, message) -> None:
    with pytest.raises(PolicyError, match=message):
        find_leaks("text", (), **more)
    with pytest.raises(PolicyError, match="found 'DRUG'; wanted one of NAME"):
        find_leaks("text", [("DRUG", "aspirin")])


WORDS = st.text(st.sampled_from("abcdEFGé"), min_size=3, max_size=8)


@given(WORDS, st.sampled_from([str, str.upper, str.lower, "\u200b".join, " ".join, "-\n".join]))
def test_a_name_is_found_in_whatever_words_it_stands(name, damage) -> None:
    output = f"Pt {damage(name)}, seen."
    leaks = find_leaks(output, [("USERNAME", name)])
    assert [(leak.start, leak.stop) for leak in leaks] == [(3, 3 + len(damage(name)))]


@given(st.lists(WORDS, max_size=4), st.text("aB1 -\n", max_size=40))
def test_leaks_are_in_order_and_do_not_overlap(names, output) -> None:
    leaks = find_leaks(output, [("PATIENT", name) for name in names])
    borders = [place for leak in leaks for place in (leak.start, leak.stop)]
    assert borders == sorted(borders)
    assert all(leak.start < leak.stop for leak in leaks)


def test_time_grows_with_the_text_and_not_with_what_stands_in_it() -> None:
    originals = [("PATIENT", "a" * length) for length in range(3, 200)]
    originals += [("ID", "1" * length) for length in range(4, 20)]

    def seconds(output: str) -> float:
        started = time.process_time()
        find_leaks(output, originals)
        return time.process_time() - started

    for hostile in ("a", "a ", "1", "1 ", "aé"):
        short, long = seconds(hostile * 1000), seconds(hostile * 4000)
        assert long < 12 * short + 0.05


NESTED = st.lists(st.text("abc", min_size=3, max_size=6), max_size=6, unique=True)


@given(NESTED, st.text("abc ", max_size=60))
def test_every_original_that_stands_as_a_word_is_told_of(names, output) -> None:
    leaks = find_leaks(output, [("USERNAME", name) for name in names])
    told = {(leak.start, leak.stop) for leak in leaks}
    words = {match.span() for match in re.finditer(r"\w+", output) if match.group() in names}
    assert all(any(a <= start and stop <= b for a, b in told) for start, stop in words)
