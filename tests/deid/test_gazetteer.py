import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.gazetteer import Patient, find_known
from spacy_modernbert_bio.deid.spans import merge_spans
from spacy_modernbert_bio.errors import PolicyError

PATIENT = Patient(
    id="row-2019-77",
    names=("John Q. Smith", "O'Brien-Jones, Mary May", "He, Xiaoming"),
    identifiers=("0485921", "ST-998877", "7"),
    addresses=("12 Oak Street, Apt 3, Boston, MA 02139-4307",),
    phones=("(617) 555-0198",),
    emails=("john.smith@mail.com",),
    relatives=("Anna Zorblatt",),
)


def found(note: str) -> list[tuple[str, str]]:
    """Label and text of what is found, overlaps merged."""
    spans = merge_spans(find_known(note, PATIENT))
    return [(span.label, note[span.start : span.stop]) for span in spans]


# Each is a note; what is in brackets is all that is found in it.
WRITTEN = {
    "PATIENT": (
        "[JOHN SMITH] was",
        "[john q smith]",
        "[Smith, John]",
        "[SMITH,JOHN Q]",
        "[smith] seen",
        "[John]'s arm",
        "[J. Smith]",
        "[J.Q. Smith]",
        "[Smith, J.]",
        "[John\n   Smith] was",
        "[John\u00a0Smith]",
        "[Jo\u200bhn] was",
        "[Smíth]",
        "[Ｓｍｉｔｈ]",
        "[Mary O'Brien-Jones]",
        "[Mary O’Brien Jones]",
        "[OBrien Jones]",
        "[May] came",
        "[Mary May]",
        "[Xiaoming He] came",
        "pt[JohnSmith]seen",
        "PATIENT[SMITHJOHN]",
        "chart[Smith]",
    ),
    "NAME": ("[Anna] called", "[Zorblatt, Anna]"),
    "ID": (
        "MRN [0485921]",
        "chartMRN[0485921]",
        "[0485-921]",
        "[04-85\n921]",
        "[04 85 921]",
        "[485921]",
        "[000485921]",
        "[ST998877]",
        "[st-998877]",
        "x[ST-998-877]",
        "[row 2019 77]",
    ),
    "STREET": ("[12 Oak Street]", "[12 OAK\nST]", "on [Oak St]", "[apt. 3]"),
    "CITY": ("in [Boston] now", "[BOSTON]"),
    "ZIP": ("[02139]", "[02139-4307]", "[02139\n-4307]"),
    "PHONE": (
        "[(617) 555-0198]",
        "[617.555.0198]",
        "[(617) 555-\n0198]",
        "[+1 617 555 0198]",
        "[16175550198]",
        "[555-0198]",
        "[555‑0198]",
    ),
    "EMAIL": ("[john.smith@mail.com]", "[JOHN.SMITH@MAIL.COM]", "[john.smith@\nmail.com]"),
}


@pytest.mark.parametrize(
    ("label", "marked"), [(label, note) for label, notes in WRITTEN.items() for note in notes]
)
def test_what_is_known_is_found_however_it_is_written(label: str, marked: str) -> None:
    value = marked[marked.index("[") + 1 : marked.index("]")]
    assert found(marked.replace("[", "").replace("]", "")) == [(label, value)]


@pytest.mark.parametrize(
    "note",
    [
        "may be",
        "He was seen",
        "Smithson, Johnstone",
        "blacksmith",
        "90485921",
        "04859210",
        "0485 of 921",
        "12 tablets",
        "boston",
        "MA",
        "7",
        "a blank Q",
        "",
    ],
)
def test_what_only_holds_a_part_of_it_stays(note: str) -> None:
    assert found(note) == []


def test_spans_say_that_they_are_known() -> None:
    (span,) = find_known("seen: Smith", PATIENT)
    assert (span.sources, span.score) == (("known",), 1.0)


def test_nobody_known_is_nothing_found() -> None:
    assert find_known("John Smith, MRN 0485921", Patient()) == []


def test_mcdonald_is_no_donald() -> None:
    assert find_known("McDonald", Patient(names=("Donald",))) == []


@settings(max_examples=60, deadline=None)
@given(
    st.text("0123456789", min_size=6, max_size=12).filter(lambda digits: digits.strip("0") != ""),
    st.lists(st.sampled_from(["", "", "-", " ", "\n", "-\n  ", "/"]), min_size=12, max_size=12),
)
def test_a_number_is_found_over_any_breaks(digits: str, breaks: list[str]) -> None:
    written = "".join(map("".join, zip(digits, breaks, strict=False))).rstrip("- \n/")
    spans = merge_spans(find_known(f"no. {written}.", Patient(identifiers=(digits,))))
    first = re.search("[1-9]", written)
    assert first
    assert spans[0].start <= 4 + first.start()
    assert spans[-1].stop == 4 + len(written)


def test_nothing_of_a_patient_is_shown_or_kept_in_patterns() -> None:
    find_known("John Smith 0485921", PATIENT)
    assert "Smith" not in repr(PATIENT)
    kept = " ".join(str(key) for key in getattr(re, "_cache"))  # noqa: B009
    assert "zorblatt" not in kept.lower()


def test_a_patient_is_read_from_fields() -> None:
    fields = {
        "id": "7",
        "names": "John Smith",
        "phones": ["1", " 2 "],
        "emails": None,
        "addresses": "",
    }
    assert Patient.from_mapping(fields) == Patient(id="7", names=("John Smith",), phones=("1", "2"))


def test_a_field_that_a_patient_has_not_is_told_without_its_name() -> None:
    with pytest.raises(PolicyError, match=r"found 1 fields of other names; wanted only id, names"):
        Patient.from_mapping({"Zorblatt": "x"})


def test_a_number_is_no_string() -> None:
    with pytest.raises(PolicyError, match=r"field identifiers: found int; wanted a string or a"):
        Patient.from_mapping({"identifiers": [485921]})


def test_a_patient_has_one_id() -> None:
    with pytest.raises(PolicyError, match=r"field id: found 2 strings; wanted one string"):
        Patient.from_mapping({"id": ["1", "2"]})


@pytest.mark.parametrize(
    "known", ["617-555-0198 x1234", "(617) 555-0198 ext. 12", "home 617.555.0198 #7"]
)
@pytest.mark.parametrize("written", ["617-555-0198", "617-555-0198 x1234", "555-0198"])
def test_a_phone_is_found_whatever_its_extension(known: str, written: str) -> None:
    (span, *_) = find_known(f"call {written} now", Patient(phones=(known,)))
    assert (span.start, span.label) == (5, "PHONE")
    assert span.stop >= 5 + len(written.split()[0])
