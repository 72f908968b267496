import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.labels import CATEGORIES
from spacy_modernbert_bio.deid.ordinary_names import ORDINARY
from spacy_modernbert_bio.deid.policy import Policy, load_policy
from spacy_modernbert_bio.deid.repeats import (
    action_of_repeat,
    find_repeats,
    parts_of_name,
)
from spacy_modernbert_bio.deid.spans import PhiSpan

REDACT_ALL = Policy("redact all", dict.fromkeys(CATEGORIES, "redact"), "a test")


def found_in(
    note: str, found: str, label: str, policy: Policy = REDACT_ALL
) -> list[tuple[str, str]]:
    """Text and label of the repeats, where the first `found` of a note was found."""
    start = note.index(found)
    spans = [PhiSpan(start, start + len(found), label, ("model",))]
    return [(note[r.start : r.stop], r.label) for r in find_repeats(note, spans, policy)]


# What was found first, its label, the rest of the note; what of the rest is a repeat.
REPEATS = [
    # Whole originals, in any case, blanks as they come.
    ("Mercy Hospital", "HOSPITAL", "to MERCY\n  HOSPITAL, mercy hospital.", 2),
    ("Mercy Hospital", "HOSPITAL", "at Mercy, the hospital", 0),
    ("Hôpital Zürich", "HOSPITAL", "HOPITAL ZURICH", 1),
    ("Elm St.", "STREET", "of elm st. 5, Elm Street", 1),
    ("Smith,John", "PATIENT", "Smith , John", 1),
    ("Zebrowski", "USERNAME", "Zebrow\u200bski", 1),
    # Words end where letters end, numbers where digits end.
    ("Ann", "PATIENT", "Annual anniversary, Joann", 0),
    ("Ann", "PATIENT", "Ann's note_ann_1, ANN2", 3),
    ("0485921", "MEDICALRECORD", "chartMRN0485921, 0485921A", 2),
    ("485921", "MEDICALRECORD", "0485921 4859210", 0),
    # Too short to mean anything.
    ("Al", "PATIENT", "Al, al", 0),
    ("J.", "PATIENT", "J. J.", 0),
    ("12", "ROOM", "12 mg", 0),
    # Names by their parts.
    ("John Q. Zebrowski", "PATIENT", "Mr. Zebrowski, john, Q.", 2),
    ("ZEBROWSKI,JOHN", "NAME", "Dr. Zebrowski's John", 2),
    ("Dr. Zebrowski", "DOCTOR", "the Dr. of zebrowski", 1),
    ("Anna Smith-Zebrowski", "PATIENT", "zebrowski, Smith, Anna", 3),
    ("Mercy Hospital", "ORGANIZATION", "Mercy", 0),
    # Ordinary words as they were written.
    ("Will", "PATIENT", "He will go. WILL, Will", 2),
    ("Dr. Young", "DOCTOR", "a young man with Young", 1),
    ("YOUNG, JANE", "PATIENT", "young; Young. Jane", 2),
    ("Young Street", "STREET", "young street", 1),
    # Values that are ordinary, as a whole.
    ("nurse", "PROFESSION", "Nurse", 1),
    ("45", "AGE", "45", 0),
    ("ninety-three", "AGE", "ninety-three", 0),
    ("412", "ROOM", "glucose 412", 1),
    ("5/12", "DATE", "5/12", 1),
    # Numbers in any grouping.
    ("(617) 555-0198", "PHONE", "617.555.0198, 6175550198, 617-555-\n0198", 3),
    ("(617) 555-0198", "PHONE", "(617) 555-0198", 1),
    ("536-22-6789", "SSN", "536226789 or 536 22 6789; 5362267891", 2),
    ("048592", "MEDICALRECORD", "048-592", 0),
    ("0485921", "MEDICALRECORD", "Na 048 K 5921; 04,85,921", 0),
]


@pytest.mark.parametrize(("found", "label", "rest", "count"), REPEATS)
def test_an_original_is_found_again(found: str, label: str, rest: str, count: int) -> None:
    repeats = found_in(f"{found}; then: {rest}", found, label)
    assert len(repeats) == count
    assert {label for _, label in repeats} <= {label}


def test_punctuation_around_an_original_is_part_of_its_repeat() -> None:
    note = "(617) 555-0198 or (617) 555-0198"
    assert found_in(note, "(617) 555-0198", "PHONE") == [("(617) 555-0198", "PHONE")]


SAFE_HARBOR, SURROGATE = load_policy("safe_harbor"), load_policy("surrogate")
DATES = [
    ("3/14/2019", SAFE_HARBOR, 1),
    ("March 14", SURROGATE, 1),
    ("3/14/19", SURROGATE, 1),
    ("3/14", SURROGATE, 0),
    ("2019", SAFE_HARBOR, 0),
    ("Monday", SURROGATE, 0),
]


@pytest.mark.parametrize(("date", "policy", "count"), DATES)
def test_a_date_that_could_be_something_else_is_not_looked_for(
    date: str, policy: Policy, count: int
) -> None:
    assert len(found_in(f"on {date}: {date}", date, "DATE", policy)) == count


def test_what_the_policy_keeps_is_not_looked_for() -> None:
    assert not found_in("Ohio, Ohio", "Ohio", "STATE", SAFE_HARBOR)


def test_a_repeat_leaves_spans_and_tags_as_they_are() -> None:
    note = "Mercy General; [PATIENT] Mercy General; patient"
    spans = [
        PhiSpan(0, 13, "HOSPITAL"),
        PhiSpan(31, 38, "CITY"),
        PhiSpan(40, 47, "PATIENT"),
    ]
    repeats = find_repeats(note, spans, REDACT_ALL, untouched=[(15, 24)])
    # The rest of a repeat that is cut; nothing inside of the tag.
    assert [(r.start, r.stop, r.label) for r in repeats] == [(25, 30, "HOSPITAL")]


def test_where_repeats_overlap_the_rest_of_the_later_one_is_one_too() -> None:
    note = "Mercy General. General Street. Mercy General Street"
    spans = [PhiSpan(0, 13, "HOSPITAL"), PhiSpan(15, 29, "STREET")]
    repeats = find_repeats(note, spans, REDACT_ALL)
    assert [(note[r.start : r.stop], r.label) for r in repeats] == [
        ("Mercy General", "HOSPITAL"),
        ("Street", "STREET"),
    ]


def test_what_a_span_inside_of_a_word_leaves_is_a_word() -> None:
    note = "smithjohn, Smith"
    spans = [PhiSpan(5, 9, "PATIENT"), PhiSpan(11, 16, "DOCTOR")]
    assert [(r.start, r.stop) for r in find_repeats(note, spans, REDACT_ALL)] == [(0, 5)]


def test_a_repeat_tells_that_it_is_one() -> None:
    (repeat,) = find_repeats("Roe, Roe", [PhiSpan(0, 3, "PATIENT", ("model",))], REDACT_ALL)
    assert repeat.sources == ("repeat",)


def test_titles_initials_and_short_names_are_no_parts() -> None:
    assert set(parts_of_name("Dr. John Q. van der Zebrowski Jr., MD", "DOCTOR")) == {
        "John",
        "Zebrowski",
    }
    assert not parts_of_name("Bo Ng", "PATIENT")
    assert not parts_of_name("John Zebrowski", "HOSPITAL")


def test_a_short_number_gets_no_surrogate() -> None:
    assert action_of_repeat("surrogate", "412") == "redact"
    assert action_of_repeat("surrogate", "4-12") == "redact"
    assert action_of_repeat("surrogate", "04120") == "surrogate"
    assert action_of_repeat("surrogate", "B412") == "surrogate"
    assert action_of_repeat("mask", "412") == "mask"


def test_ordinary_words_are_folded() -> None:
    assert {word.casefold() for word in ORDINARY} == ORDINARY


WORDS = st.sampled_from(["Ann", "ANN", "Lee", "lee", "ann", "x", "617", "5550198", "Mercy", "may"])
NOTES = st.lists(st.tuples(WORDS, st.sampled_from([" ", "\n", "", ", ", "-", "_"]))).map(
    lambda pairs: "".join(word + blank for word, blank in pairs)
)


@settings(max_examples=60)
@given(note=NOTES, data=st.data())
def test_repeats_are_in_order_and_never_overlap(note: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(note)), max_size=8)))
    labels = st.sampled_from(["PATIENT", "PHONE", "HOSPITAL", "DATE"])
    spans = [
        PhiSpan(start, stop, data.draw(labels))
        for start, stop in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    repeats = find_repeats(note, spans, REDACT_ALL)
    both = sorted([*spans, *repeats])
    assert repeats == sorted(repeats)
    assert all(one.stop <= other.start for one, other in pairwise(both))
    assert all(each.start < each.stop for each in both)


HOSTILE = {
    "one name": ("Ann ", "Ann", "PATIENT"),
    "long original": ("a b ", "a b " * 400, "HOSPITAL"),
    "digits": ("1 ", "1 " * 9 + "2", "PHONE"),
    "blanks": (" \n", "x y z", "HOSPITAL"),
    "marks": ("\u0301", "Ann", "PATIENT"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_note(name: str) -> None:
    unit, found, label = HOSTILE[name]

    def seconds(times: int) -> float:
        note = found + "; " + unit * times
        began = time.process_time()
        find_repeats(note, [PhiSpan(0, len(found), label)], REDACT_ALL)
        return time.process_time() - began

    # The best of three: a shared machine, or a collection of garbage, only ever adds.
    short, long = (min(seconds(times) for _ in range(3)) for times in (4_000, 16_000))
    # Four times the note; quadratic would be sixteen times.
    assert long < 9 * short + 0.1


@pytest.mark.parametrize(
    "mark", ["\u00ad", "\u200b", "\u2068", "\u0301", "\u1dc4", "\u20dd", "\U000e0020"]
)
def test_no_mark_without_width_hides_a_repeat(mark: str) -> None:
    assert found_in(f"Dr. Roe. Ro{mark}e came", "Roe", "DOCTOR") == [(f"Ro{mark}e", "DOCTOR")]


def test_what_was_found_inside_of_a_longer_span_is_looked_for_too() -> None:
    note = "Roe Clinic, no. 0485921, bed 12. Seen by Roe, 0485921, 12 mg."
    found = [PhiSpan(0, 10, "HOSPITAL"), PhiSpan(12, 31, "LOCATION")]
    inside = [PhiSpan(0, 3, "DOCTOR"), PhiSpan(16, 23, "IDNUM"), PhiSpan(29, 31, "ROOM")]
    repeats = find_repeats(note, found, REDACT_ALL, inside=inside)
    assert [(note[r.start : r.stop], r.label) for r in repeats] == [
        ("Roe", "DOCTOR"),
        ("0485921", "IDNUM"),
    ]
    kept = Policy("own", {**dict.fromkeys(CATEGORIES, "redact"), "DOCTOR": "keep"}, "a test")
    assert len(find_repeats(note, found, kept, inside=inside)) == 1
