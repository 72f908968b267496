import re

import pytest

from spacy_modernbert_bio.deid.dates import shift_dates
from spacy_modernbert_bio.deid.drawing import Avoid
from spacy_modernbert_bio.deid.keys import Key, PatientKey
from spacy_modernbert_bio.deid.labels import CATEGORIES, LABELS
from spacy_modernbert_bio.deid.operators import OPERATORS, TAG, Context
from spacy_modernbert_bio.deid.policy import ACTIONS, Action, Policy
from spacy_modernbert_bio.deid.zip_codes import ZipTable
from spacy_modernbert_bio.errors import PolicyError

POLICY = Policy("own", dict.fromkeys(CATEGORIES, "redact"), "a test")
KEY = Key(b"a secret of a test, 32 bytes long").patient("7")
OTHER = Key(b"a secret of a test, 32 bytes long").patient("8")


def operate(
    action: Action, original: str, label: str = "PATIENT", *, key: PatientKey | None = KEY
) -> str:
    return OPERATORS[action](original, Context(label, POLICY, key))


def test_every_action_has_an_operator() -> None:
    assert set(OPERATORS) == set(ACTIONS)


@pytest.mark.parametrize("label", LABELS)
def test_a_tag_is_the_label_and_is_known_again(label: str) -> None:
    assert operate("redact", "Roe", label) == f"[{label}]"
    for action in ("redact", "hash"):
        assert TAG.fullmatch(operate(action, "Roe", label))


NO_TAGS = [
    "[PATIENTS]",
    "[patient]",
    "[**Name**]",
    "[ACCOUNT:1234567890123456]",
    "[ID: 0123456789abcdef0123]",
    "PATIENT",
]


@pytest.mark.parametrize("written", NO_TAGS)
def test_what_others_write_in_brackets_is_no_tag(written: str) -> None:
    assert not TAG.search(written)


def test_a_mask_gives_no_length_away_unless_asked() -> None:
    assert operate("mask", "Al") == operate("mask", "Alexandra") == "*****"
    policy = Policy("own", POLICY.actions, "a test", mask_character="#", mask_length=0)
    assert OPERATORS["mask"]("Jane Roe", Context("PATIENT", policy)) == "########"


def test_a_hash_is_keyed_and_the_same_in_any_case_and_blanks() -> None:
    one = operate("hash", "Jane Roe")
    assert re.fullmatch(r"\[PATIENT:[0-9a-f]{20}\]", one)
    assert operate("hash", "JANE\n roe") == one
    assert operate("hash", "Jane Doe") != one
    assert operate("hash", "Jane Roe", key=OTHER) != one


def test_a_surrogate_is_none_of_what_is_forbidden() -> None:
    first = operate("surrogate", "Zebrowski")
    context = Context("PATIENT", POLICY, KEY, forbidden=Avoid({first.casefold()}))
    assert OPERATORS["surrogate"]("Zebrowski", context) not in (first, "Zebrowski")


def test_a_date_moves_by_the_patients_offset() -> None:
    moved = operate("shift", "03/14/2019", "DATE")
    assert moved == shift_dates("03/14/2019", KEY.day_offset, year=None) != "03/14/2019"


@pytest.mark.parametrize("action", ["shift", "generalise"])
def test_a_date_that_cannot_be_read_becomes_the_tag(action: Action) -> None:
    assert operate(action, "02/30/2019", "DATE") == "[DATE]"
    assert operate(action, "Easter 2019", "DATE") == "[DATE]"


# Written, the latest year of the note's full dates, what is left.
YEARS = [
    ("03/14/2019", 2019, "2019"),
    ("March 2019", 2019, "2019"),
    ("3/14", 2019, "[DATE]"),
    ("03/14/1930", 2019, "1930"),
    # Who was born in it is 90 in the year of the note, or will be.
    ("03/14/1929", 2019, "[DATE]"),
    ("1921", 2019, "[DATE]"),
    ("1921", 2005, "1921"),
    # A note that tells no year of its own: the only full date may be the birth.
    ("1937", None, "1937"),
    ("1936", None, "[DATE]"),
    ("03/14/1925", 1925, "[DATE]"),
    ("03/14/1975", 1975, "1975"),
]


@pytest.mark.parametrize(("written", "latest_year", "left"), YEARS)
def test_a_year_stays_unless_it_tells_an_age_over_89(
    written: str, latest_year: int | None, left: str
) -> None:
    context = Context("DATE", POLICY, latest_year=latest_year)
    assert OPERATORS["generalise"](written, context) == left


def test_an_age_over_89_is_generalised() -> None:
    assert operate("generalise", "93", "AGE") == "90+"
    assert operate("generalise", "45", "AGE") == "45"


def test_a_zip_code_is_generalised_by_the_policys_table() -> None:
    assert operate("generalise", "02139-4307", "ZIP") == "021"
    assert operate("generalise", "SW1A 1AA", "ZIP") == "[ZIP]"
    table = ZipTable((2030,), frozenset({"021"}))
    policy = Policy("own", POLICY.actions, "a test", zip_table=table)
    assert OPERATORS["generalise"]("02139", Context("ZIP", policy)) == "000"


def test_what_is_kept_is_the_original() -> None:
    assert operate("keep", "Ohio", "STATE") == "Ohio"


@pytest.mark.parametrize("action", ["hash", "surrogate", "shift"])
def test_without_a_key_there_is_no_default(action: Action) -> None:
    with pytest.raises(PolicyError, match=r"policy own: DATE: found no key; wanted the patient's"):
        operate(action, "3/14", "DATE", key=None)


def test_a_repr_shows_no_originals() -> None:
    context = Context("PATIENT", POLICY, KEY, forbidden=Avoid({"zebrowski"}))
    assert "zebrowski" not in repr(context)
