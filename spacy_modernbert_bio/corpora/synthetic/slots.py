"""What each slot of a template writes, with its label.

Labels follow the 2014 i2b2 annotation: a relative is a PATIENT, a typist's initials a DOCTOR, a
pager's number a PHONE.
"""

from collections.abc import Callable

from spacy_modernbert_bio.corpora.synthetic.case import Case
from spacy_modernbert_bio.corpora.synthetic.clinical import CLINICAL
from spacy_modernbert_bio.corpora.synthetic.numbers import draw_number, draw_url
from spacy_modernbert_bio.corpora.synthetic.people import Pieces
from spacy_modernbert_bio.corpora.synthetic.template import read_list

_COUNTRIES = read_list("people_places")["countries"]


def fill(case: Case, name: str, form: str) -> Pieces:
    """What stands for a slot. A form in capitals puts all of it into capitals; "cap" one letter."""
    if form.isupper():
        pieces = fill(case, name, "" if form == "UPPER" else form.lower())
        return tuple((text.upper(), label) for text, label in pieces)
    if form == "cap" or form.endswith(":cap"):
        ((text, label), *rest) = fill(case, name, form[:-4])
        return ((text[:1].upper() + text[1:], label), *rest)
    if name in CLINICAL:
        return ((case.clinical(name, form), ""),)
    return _SLOTS[name](case, form)


_Fill = Callable[[Case, str], Pieces]


def _one(label: str, write: Callable[[Case, str], str]) -> _Fill:
    return lambda case, form: ((write(case, form), label),)


def _fixed(name: str, label: str) -> _Fill:
    return lambda case, _: ((case.fixed[name], label),)


def _drawn(pool: str, label: str) -> _Fill:
    return lambda case, _: ((case.rng.choice(getattr(case.pool, pool)), label),)


def _numbered(kind: str, label: str) -> _Fill:
    return lambda case, form: ((draw_number(form or kind, case.rng), label),)


def _person(name: str, label: str) -> _Fill:
    return lambda case, form: case.person(name, label, form)


def _day(name: str) -> _Fill:
    return lambda case, form: case.day(name, form)


def _pronoun(she: str, he: str) -> _Fill:
    return lambda case, _: ((case.pronoun(she, he), ""),)


def _sex(case: Case, form: str) -> str:
    if form == "child":
        return case.pronoun("girl", "boy")
    if form == "letter":
        return case.pronoun("F", "M")
    return case.rng.choice((case.pronoun("woman", "man"), case.pronoun("female", "male")))


# slot: what it writes, with its labels.
_SLOTS: dict[str, _Fill] = {
    **{name: _person(name, "PATIENT") for name in ("patient", "relative", "friend")},
    **{name: _person(name, "DOCTOR") for name in ("doctor", "doctor2", "doctor3", "nurse")},
    **{name: _day(name) for name in ("admit", "discharge", "visit", "dob", "recent", "past")},
    "followup": _day("followup"),
    "age": lambda case, form: case.age(form),
    "months": lambda case, form: case.infants_age(form),
    "typist": _one("DOCTOR", lambda case, _: case.typist()),
    "username": _one("USERNAME", lambda case, _: case.username()),
    "hospital": _one("HOSPITAL", lambda case, form: case.hospital_name(form, other=False)),
    "hospital2": _one("HOSPITAL", lambda case, form: case.hospital_name(form, other=True)),
    "department": _fixed("department", "DEPARTMENT"),
    "room": _fixed("room", "ROOM"),
    "organization": _fixed("organization", "ORGANIZATION"),
    "place": _drawn("places", "LOCATION-OTHER"),
    "street": _one("STREET", lambda case, form: case.street(form)),
    "city": _fixed("city", "CITY"),
    "city2": _drawn("cities", "CITY"),
    "state": _one("STATE", lambda c, form: c.state.abbreviation if form else c.state.name),
    "zip": _one("ZIP", lambda case, form: case.zip_code(form)),
    "country": _one("COUNTRY", lambda case, _: case.rng.choice(_COUNTRIES).removeprefix("the ")),
    "profession": _fixed("profession", "PROFESSION"),
    "phone": _one("PHONE", lambda case, form: case.phone(form)),
    "pager": _numbered("pager", "PHONE"),
    "fax": _one("FAX", lambda case, _: case.phone("")),
    "email": _one("EMAIL", lambda case, form: case.email(form)),
    "url": _one("URL", lambda case, _: draw_url(case.domain, case.rng)),
    "ip": _numbered("ip", "IPADDR"),
    "mrn": _fixed("mrn", "MEDICALRECORD"),
    "ssn": _numbered("ssn", "SSN"),
    "plan": _numbered("plan", "HEALTHPLAN"),
    "account": _numbered("account", "ACCOUNT"),
    "license": _numbered("license", "LICENSE"),
    "vehicle": _numbered("plate", "VEHICLE"),
    "serial": _numbered("serial", "DEVICE"),
    "bioid": _numbered("bioid", "BIOID"),
    "idnum": _numbered("idnum", "IDNUM"),
    "page": _one("", lambda case, _: case.next_page()),
    "sex": _one("", _sex),
    "mr": _one("", lambda case, _: case.people["patient"].title),
    "He": _pronoun("She", "He"),
    "he": _pronoun("she", "he"),
    "him": _pronoun("her", "him"),
    "His": _pronoun("Her", "His"),
    "his": _pronoun("her", "his"),
    **{name: _fixed(name, "") for name in ("complaint", "diagnosis", "implant", "specialty")},
    "credential": _one("", lambda case, form: case.credential(form)),
}
