"""Another name for a person's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.drawing import Avoid
from spacy_modernbert_bio.deid.keys import Key, PatientKey
from spacy_modernbert_bio.deid.names import FAMILY, FEMALE, MALE
from spacy_modernbert_bio.deid.surrogates import surrogate

KEY = Key(b"a key for tests, not secret")
PATIENT = KEY.patient("one")
keys = st.text("abcdef0123456789", min_size=1).map(KEY.patient)
first_names = st.sampled_from(sorted(MALE | FEMALE)).map(str.capitalize)
family_names = st.sampled_from([*sorted(FAMILY), "zebrowski", "quist", "van", "o"]).map(
    str.capitalize
)


def name(written: str, key: PatientKey = PATIENT, **options) -> str:
    return surrogate("PATIENT", written, key, **options)


@given(keys, first_names, st.sampled_from(sorted(FAMILY - MALE - FEMALE)).map(str.capitalize))
def test_all_ways_to_write_a_name_agree(key: PatientKey, first: str, family: str) -> None:
    new_first, new_family = name(f"{first} {family}", key).split()
    agreeing = {
        f"Mr. {family}": f"Mr. {new_family}",
        f"{family},{first}".upper(): f"{new_family},{new_first}".upper(),
        f"{family}, {first}": f"{new_family}, {new_first}",
        f"{first}\n  {family}'s": f"{new_first}\n  {new_family}'s",
        f"{family}-{first}".lower(): f"{new_family}-{new_first}".lower(),
        f"{first} {family}, MD": f"{new_first} {new_family}, MD",
        f"{first[0]}. {family}": f"{new_first[0]}. {new_family}",
    }
    assert {written: name(written, key) for written in agreeing} == agreeing
    assert surrogate("DOCTOR", f"Dr. {family}", key) == f"Dr. {new_family}"
    assert surrogate("NAME", f"{first} {family}", key) == f"{new_first} {new_family}"


@given(keys, first_names)
def test_the_gender_that_a_list_tells_is_kept(key: PatientKey, first: str) -> None:
    new = name(first, key).lower()
    genders = [names for names in (MALE, FEMALE) if first.lower() in names]
    assert any(new in names for names in genders)


@given(keys, first_names | family_names)
def test_a_name_is_never_its_own_surrogate_nor_one_that_begins_like_it(key, part: str) -> None:
    assert name(part, key)[:3].lower() != part[:3].lower()


@pytest.mark.parametrize("part", ["John", "Smith", "Mary", "Zebrowski", "Nguyen"])
def test_initials_are_kept(part: str) -> None:
    kept = part[0] if part != "Zebrowski" else name("A. Z.")[3]
    assert {name(part, KEY.patient(str(n)))[0] for n in range(20)} == {kept} or part == "Zebrowski"
    assert name(f"A. {part}")[3] == kept


@pytest.mark.parametrize("rare", list("IOQUXYZ"))
def test_a_rare_initial_becomes_another_one_everywhere(rare: str) -> None:
    whole, initial = name(f"John {rare}bc").split()[1], name(f"John {rare}. Smith").split()[1]
    assert whole[0] == initial[0] != rare
    assert len({name(f"John {rare}.", KEY.patient(str(n))) for n in range(30)}) > 5


@pytest.mark.parametrize("written", ["J.S.", "j.s.", "JS", "J", "J. S."])
def test_nothing_but_initials_becomes_other_initials_in_the_same_form(written: str) -> None:
    new = name(written)
    assert re.sub("[a-z]", "a", re.sub("[A-Z]", "A", new)) == re.sub(
        "[a-z]", "a", re.sub("[A-Z]", "A", written)
    )
    assert not set(new.upper()) & {"J", "S"}
    if len(written) > 1:
        assert re.sub(r"\W", "", new).upper() == name("JS")


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("McDonald", r"Mc[A-Z][a-z]+"),
        ("MCDONALD", r"MC[A-Z]+"),
        ("mcdonald", r"mc[a-z]+"),
        ("O'Neil-Smith's", r"O'N[a-z]+-S[a-z]+'s"),
        ("van der Berg, Jan", r"van der B[a-z]+, J[a-z]+"),
        ("Dr. John\u00a0 Smith  III", r"Dr\. J[a-z]+\u00a0 S[a-z]+  III"),
        ("(Smith)", r"\(S[a-z]+\)"),
        ("José García", r"J[a-z]+ G[a-z]+"),
        ("Smi\u200bth", r"S[a-z]+"),
        ("王小明", r"[A-Z][a-z]+"),
        ("John Smith 12", r"J[a-z]+ S[a-z]+ [0-9]{2}"),
    ],
)
def test_form_and_case_are_kept(written: str, form: str) -> None:
    assert re.fullmatch(form, name(written))


def test_no_surrogate_could_be_read_as_a_month() -> None:
    drawn = {
        name(part, KEY.patient(str(n))) for part in ("Alice", "Mary", "Jane") for n in range(99)
    }
    assert not drawn & {"April", "May", "June", "August"}


def test_a_forbidden_part_is_drawn_again_and_the_others_stay() -> None:
    first, family = name("John Smith").split()
    new = name("John Smith", forbidden=Avoid([first.upper()]))
    assert new.split()[1] == family
    assert first.lower() not in new.lower()
    assert new.startswith("J")
    # A forbidden initial is no more than a letter: it is another one then.
    assert name("J. Smith", forbidden=Avoid(["j."])).split()[0] != "J."
    # Where the whole name is forbidden, and no part of it, all parts are drawn again.
    assert name("John Smith", forbidden=Avoid([f"{first} {family}"])) != f"{first} {family}"


def test_where_every_listed_name_is_forbidden_one_is_made_up() -> None:
    new = name("John Smith", forbidden=Avoid(MALE | FEMALE | FAMILY))
    assert re.fullmatch("J[a-z]{3} S[a-z]{3}", new)
