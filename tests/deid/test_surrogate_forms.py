"""The forms of surrogates of places, numbers and addresses, label by label."""

import re

import pytest
from faker.providers.address.en_US import Provider
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.surrogates import surrogate

KEY = Key(b"a key for tests, not secret")
PATIENT = KEY.patient("one")
NAME = r"[A-Z][a-z]+"


@pytest.mark.parametrize(
    ("label", "written", "form"),
    [
        ("HOSPITAL", "Massachusetts General Hospital", f"{NAME} General Hospital"),
        ("HOSPITAL", "ST. MARY'S CLINIC", r"ST\. [A-Z]+'S CLINIC"),
        ("HOSPITAL", "General Hospital", f"{NAME} Hospital"),
        ("HOSPITAL", "Hospital", NAME),
        ("HOSPITAL", "MGH", r"[A-Z]{3}"),
        ("ORGANIZATION", "Bank of America", f"Bank of {NAME}"),
        ("ORGANIZATION", "Smith &\nWesson Inc.", rf"{NAME} &\n{NAME} Inc\."),
        ("LOCATION-OTHER", "Golden Gate Bridge", f"{NAME} {NAME} Bridge"),
        ("DEPARTMENT", "Department of Surgery", f"Department of {NAME}"),
        ("DEPARTMENT", "cardiology clinic", r"[a-z]+ clinic"),
        ("DEPARTMENT", "5 West", r"[1-9] West"),
        ("DEPARTMENT", "Clinic", NAME),
        ("PROFESSION", "carpenter", r"[a-z ]+"),
        ("PROFESSION", "CARPENTER", r"[A-Z ]+"),
        ("STREET", "123 N. Main St., Apt 4B", rf"[1-9]\d\d N\. {NAME} St\., Apt [1-9][A-Z]"),
        ("STREET", "12 Park Ave", rf"[1-9]\d {NAME} Ave"),
        ("STREET", "Park Street Lane", rf"{NAME} {NAME} Lane"),
        ("STREET", "42nd Street", r"[1-9](0th|1(st|th)|2(nd|th)|3(rd|th)|[4-9]th) Street"),
        ("STREET", "Broadway", NAME),
        ("STREET", "P.O. Box 123", r"P\.O\. Box [1-9]\d\d"),
        ("STREET", "Apt N", NAME + r" [A-Z]"),
        ("STREET", "1 Oak Rd, Boston, MA 02139", rf"[2-9] {NAME} Rd, {NAME}, [A-Z]{{2}} \d{{5}}"),
        ("CITY", "Boston", NAME),
        ("CITY", "SAN FRANCISCO", r"[A-Z]+ [A-Z]+"),
        ("CITY", "Boston, MA", rf"{NAME}, [A-Z]{{2}}"),
        ("STATE", "MA", r"[A-Z]{2}"),
        ("STATE", "N.Y.", r"[A-Z]\.[A-Z]\."),
        ("STATE", "new york", r"[a-z]+( [a-z]+)?"),
        ("STATE", "DC", r"[A-Z]{2}"),
        ("COUNTRY", "USA", r"[A-Z]{3}"),
        ("COUNTRY", "France", r"[A-Z][A-Za-z ]+"),
        ("ZIP", "02139", r"\d{5}"),
        ("ZIP", "02139-4307", r"\d{5}-\d{4}"),
        ("ZIP", "K1A 0B1", r"[A-Z]\d[A-Z] \d[A-Z]\d"),
        ("PHONE", "(617) 726-2000", r"\([2-9]\d\d\) 555-01\d\d"),
        ("PHONE", "+1 617.726.2000", r"\+1 [2-9]\d\d\.555\.01\d\d"),
        ("PHONE", "617-726-\n2000 ext. 12", r"[2-9]\d\d-555-\n01\d\d ext\. [1-9]\d"),
        ("PHONE", "726-2000", r"555-01\d\d"),
        ("PHONE", "x12345", r"x[1-9]\d{4}"),
        ("PHONE", "1-800-FLOWERS", r"\d-\d{3}-[A-Z]{7}"),
        ("PHONE", "+44 20 7946 0958", r"\+\d\d \d\d \d{4} \d{4}"),
        ("PHONE", "617‑726‑2000", r"[2-9]\d\d‑555‑01\d\d"),
        ("EMAIL", "john.smith7@partners.org", r"j[a-z]+\.s[a-z]+\d@example\.org"),
        ("EMAIL", "JSMITH@X.COM", r"J[A-Z]+@example\.com"),
        ("EMAIL", "mailto:j.smith@x.edu", r"mailto:j\.s[a-z]+@example\.org"),
        ("EMAIL", "a.b@example.org", r"a\.b@example\.com|[a-z]\.[a-z]@example\.(com|net)"),
        ("EMAIL", "john at partners", r"[a-z]{4} [a-z]{2} [a-z]{8}"),
        ("URL", "https://www.x.org/a/b1?c=2", r"https://www\.example\.org/[a-z]/[a-z]\d\?[a-z]=\d"),
        ("URL", "partners.com", r"example\.com"),
        ("URL", "example.org", r"example\.(com|net)"),
        ("IPADDR", "10.1.2.3", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}"),
        ("IPADDR", "10.1.2.3:8080", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}:[1-9]\d{3}"),
        ("IPADDR", "fe80::1", r"2001:db8::[0-9a-f]{1,4}:[0-9a-f]{1,4}"),
        ("IPADDR", "host-12", r"[a-z]{4}-[1-9]\d"),
        ("SSN", "536-22-6789", r"9\d\d-(0[1-9]|[1-4]\d)-\d{4}"),
        ("SSN", "536-22\n-6789", r"9\d\d-(0[1-9]|[1-4]\d)\n-\d{4}"),
        ("SSN", "xxx-xx-6789", r"xxx-xx-\d{4}"),
        ("SSN", "12-345", r"[1-9]\d-\d{3}"),
        ("MEDICALRECORD", "MRN 0123-45", r"[A-Z]{3} \d{4}-\d\d"),
        ("VEHICLE", "1HGCM82633A004352", r"[1-9][A-Z]{4}\d{5}[A-Z]\d{6}"),
        ("DEVICE", "５３６ab", r"[1-9]\d\d[a-z]{2}"),
        ("ROOM", "Room 412B", r"Room [1-9]\d\d[A-Z]"),
        ("ROOM", "Bed", r"[A-Z][a-z]{2}"),
        ("USERNAME", "jsmith12", r"[a-z]{6}\d\d"),
    ],
)
def test_a_surrogate_has_the_form_of_its_original(label: str, written: str, form: str) -> None:
    for number in range(5):
        assert re.fullmatch(form, surrogate(label, written, KEY.patient(str(number)))), number


@pytest.mark.parametrize(
    ("label", "written", "typed"),
    [
        ("NAME", "Smith, John", "PATIENT"),
        ("NAME", "jsmith12", "USERNAME"),
        ("NAME", "j.smith@x.org", "EMAIL"),
        ("LOCATION", "Boston", "CITY"),
        ("LOCATION", "MA", "STATE"),
        ("LOCATION", "France", "COUNTRY"),
        ("LOCATION", "02139", "ZIP"),
        ("LOCATION", "12 Main St", "STREET"),
        ("LOCATION", "Apt 12", "STREET"),
        ("LOCATION", "General Hospital", "HOSPITAL"),
        ("LOCATION", "Boston, MA 02139", "CITY"),
        ("CONTACT", "617-726-2000", "PHONE"),
        ("CONTACT", "j.smith@x.org", "EMAIL"),
        ("CONTACT", "www.x.org/a", "URL"),
        ("CONTACT", "partners.org", "URL"),
        ("CONTACT", "10.1.2.3", "IPADDR"),
        ("CONTACT", "pager 1234", "IDNUM"),
        ("ID", "536-22-6789", "SSN"),
        ("ID", "12-34", "MEDICALRECORD"),
    ],
)
def test_a_category_goes_by_what_is_written(label: str, written: str, typed: str) -> None:
    assert surrogate(label, written, PATIENT) == surrogate(typed, written, PATIENT)


@pytest.mark.parametrize(
    ("label", "one", "other"),
    [
        ("PHONE", "617-726-2000", "(617) 726\n2000"),
        ("PHONE", "617-726-2000", "+1 617 726 2000"),
        ("SSN", "536-22-6789", "536226789"),
        ("MEDICALRECORD", "123-45-67", "1234567"),
        ("ACCOUNT", "ab 12", "AB-12"),
    ],
)
def test_separators_do_not_count_in_numbers(label: str, one: str, other: str) -> None:
    first, second = (surrogate(label, each, PATIENT).lower() for each in (one, other))
    assert re.sub(r"\W", "", second).endswith(re.sub(r"\W", "", first))


@pytest.mark.parametrize(
    ("label", "whole", "part", "place"),
    [
        ("PHONE", "617-726-2000", "726-2000", slice(4, None)),
        ("SSN", "536-22-6789", "6789", slice(7, None)),
        ("ZIP", "02139-4307", "02139", slice(5)),
        ("HOSPITAL", "Brigham and Women's Hospital", "Brigham", slice(0, -21)),
        ("CITY", "Boston, MA", "Boston", slice(0, -4)),
    ],
)
def test_a_part_agrees_with_the_whole(label: str, whole: str, part: str, place: slice) -> None:
    assert surrogate(label, whole, PATIENT)[place] == surrogate(label, part, PATIENT)


def test_names_in_an_email_address_agree_with_the_names() -> None:
    first, family = surrogate("PATIENT", "John Smith", PATIENT).lower().split()
    assert surrogate("EMAIL", "john_smith@x.org", PATIENT) == f"{first}_{family}@example.org"


@given(st.sampled_from(Provider.states), st.integers(0, 50))
def test_a_state_agrees_with_its_abbreviation(state: str, number: int) -> None:
    abbreviations = [each for each in Provider.states_abbr if each != "DC"]
    short = dict(zip(Provider.states, abbreviations, strict=True))
    key = KEY.patient(str(number))
    assert surrogate("STATE", short[state], key) == short[surrogate("STATE", state, key)]


@given(st.text("0123456789", min_size=9, max_size=9))
def test_no_ssn_could_be_anybodys(digits: str) -> None:
    new = surrogate("SSN", digits, PATIENT)
    # 20 CFR 422.103: no area from 900 on. Of tax numbers, the groups begin at 50.
    assert 900 <= int(new[:3]) <= 999
    assert 1 <= int(new[3:5]) <= 49


@given(st.text("ab12-/ ", min_size=1).filter(lambda written: re.search(r"\w", written)))
def test_a_code_keeps_its_form_and_is_another(written: str) -> None:
    new = surrogate("MEDICALRECORD", written, PATIENT)
    form = [re.sub("[a-z]", "a", re.sub("[0-9]", "0", each)) for each in (written, new)]
    assert form[0] == form[1]
    assert new != written


def test_a_long_code_is_drawn_to_its_end() -> None:
    new = surrogate("BIOID", "0" * 200, PATIENT)
    assert len(set(re.findall("." * 32, new))) == 6
