"""What holds for surrogates of every label."""

import itertools
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.drawing import Avoid
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.deid.surrogates import surrogate
from spacy_modernbert_bio.deid.wording import plain
from spacy_modernbert_bio.errors import PolicyError
from tests.strategies import notes

KEY = Key(b"a key for tests, not secret")
PATIENT = KEY.patient("one")
REPLACED = [label for label in LABELS if label not in ("DATE", "AGE")]
# An original of each label.
EXAMPLES = {
    "NAME": "John Smith",
    "PATIENT": "Smith, John Q.",
    "DOCTOR": "Dr. O'Neil-Zebrowski, MD",
    "USERNAME": "jsmith12",
    "PROFESSION": "Carpenter",
    "LOCATION": "12 Main St, Boston, MA 02139",
    "ROOM": "Room 412B",
    "DEPARTMENT": "Department of Surgery",
    "HOSPITAL": "St. Mary's General Hospital",
    "ORGANIZATION": "Bank of America",
    "STREET": "123 N. Main St., Apt 4B",
    "CITY": "San Francisco",
    "STATE": "Massachusetts",
    "COUNTRY": "France",
    "ZIP": "02139-4307",
    "LOCATION-OTHER": "Golden Gate Bridge",
    "CONTACT": "(617) 726-2000",
    "PHONE": "617-726-2000 x1234",
    "FAX": "1-617-726-2000",
    "EMAIL": "john.smith@partners.org",
    "URL": "https://www.partners.org/jsmith?id=12",
    "IPADDR": "10.1.2.3",
    "ID": "536-22-6789",
    "SSN": "536-22-6789",
    "MEDICALRECORD": "123-45-67",
    "HEALTHPLAN": "ABC123456789",
    "ACCOUNT": "0012345678",
    "LICENSE": "S12345678",
    "VEHICLE": "1HGCM82633A004352",
    "DEVICE": "SN AB-12345",
    "BIOID": "BX-99120",
    "IDNUM": "17/4711",
}
originals = st.text(st.characters(), max_size=20) | notes
labels = st.sampled_from(REPLACED)


def stands_in(original: str, new: str) -> bool:
    """Whether it stands there in any case; short ones as words. Written without our folding."""
    original, new = original.casefold().strip(), new.casefold()
    if len(original) >= 3:
        return original in new
    words = "".join(each if each.isalnum() else " " for each in new).split()
    return bool(original) and original in words


def test_there_is_an_example_of_every_label() -> None:
    assert set(EXAMPLES) == set(REPLACED)


@settings(max_examples=200)
@given(labels, originals, st.lists(originals, max_size=3))
def test_neither_the_original_nor_what_is_forbidden_stands_in_any_surrogate(
    label: str, written: str, forbidden: list[str]
) -> None:
    new = surrogate(label, written, PATIENT, forbidden=Avoid(forbidden))
    assert bool(new.strip()) == bool(plain(written))
    for original in (written, *forbidden):
        assert not stands_in(original, new)


@settings(max_examples=150)
@given(labels, st.text(string.ascii_letters + string.digits + " .,-@'/()\n", max_size=25))
def test_case_and_blanks_make_no_other_surrogate(label: str, written: str) -> None:
    first = plain(surrogate(label, written, PATIENT))
    for same in (written.upper(), written.lower(), written.replace(" ", " \n ")):
        assert plain(surrogate(label, same, PATIENT)) == first


@pytest.mark.parametrize(("label", "written"), EXAMPLES.items())
def test_no_zero_width_mark_or_odd_blank_makes_another_surrogate(label, written) -> None:
    first = plain(surrogate(label, written, PATIENT))
    for same in ("\u200b".join(written), written.replace(" ", "\u00a0"), f"\u202b{written}\u202c"):
        assert plain(surrogate(label, same, PATIENT)) == first


@pytest.mark.parametrize(("label", "written"), EXAMPLES.items())
def test_a_surrogate_depends_on_key_patient_and_original_alone(label, written) -> None:
    first = surrogate(label, written, PATIENT)
    again = Key(b"a key for tests, not secret").patient("one")
    assert surrogate(label, written, again) == first
    others = {surrogate(label, written, KEY.patient(f"patient {n}")) for n in range(30)}
    other_key = Key(b"another key for tests, not secret")
    others |= {surrogate(label, written, other_key.patient(f"patient {n}")) for n in range(30)}
    assert len(others) > 10


@pytest.mark.parametrize(("label", "written"), EXAMPLES.items())
def test_blanks_around_an_original_stay(label: str, written: str) -> None:
    new = surrogate(label, written, PATIENT)
    assert surrogate(label, f"\n {written}\t", PATIENT) == f"\n {new}\t"


@pytest.mark.parametrize("label", REPLACED)
def test_nothing_visible_stays_nothing(label: str) -> None:
    assert surrogate(label, "", PATIENT) == ""
    assert surrogate(label, " \n", PATIENT) == " \n"
    assert surrogate(label, "\u200b \u200d", PATIENT) == " "


@pytest.mark.parametrize("label", REPLACED)
def test_what_has_neither_letters_nor_digits_is_replaced_too(label: str) -> None:
    assert any(map(str.isalnum, surrogate(label, "***", PATIENT)))


@pytest.mark.parametrize("label", ["PATIENT", "HOSPITAL", "STATE", "EMAIL", "ACCOUNT"])
def test_where_nearly_all_is_forbidden_there_still_is_a_surrogate(label: str) -> None:
    letters = string.ascii_lowercase
    forbidden = [
        *letters,
        *map("".join, itertools.product(letters, repeat=2)),
        *map("".join, itertools.product("aeiou", letters, letters)),
        *map("".join, itertools.product(string.digits, repeat=3)),
        "exa",
    ]
    new = surrogate(label, EXAMPLES[label], PATIENT, forbidden=Avoid(forbidden))
    assert new.strip()
    assert not any(stands_in(each, new) for each in (EXAMPLES[label], *forbidden))


def test_a_forbidden_number_is_forbidden_however_it_is_grouped() -> None:
    new = surrogate("MEDICALRECORD", "4711-0815", PATIENT)
    regrouped = f"{new[:2]} {new[2:4]} {new[5:]}"
    assert surrogate("MEDICALRECORD", "4711-0815", PATIENT, forbidden=Avoid([regrouped])) != new


@pytest.mark.parametrize("label", ["DATE", "AGE"])
def test_dates_and_ages_have_no_surrogates(label: str) -> None:
    message = f"surrogate for {label}: found a label without surrogates; wanted the action shift"
    with pytest.raises(PolicyError, match=message):
        surrogate(label, "3/14/2019", PATIENT)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(PolicyError, match="found 'PERSON'; wanted one of NAME, PATIENT"):
        surrogate("PERSON", "John", PATIENT)
