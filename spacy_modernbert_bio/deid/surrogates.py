"""Realistic other values for what is replaced: one original, one surrogate within a patient.

A surrogate keeps the form of its original, is the same for the same original in any case, blanks
and separators, agrees in its parts (names, telephone numbers, e-mail addresses), and is another one
under another key. It never is or holds the original or what is forbidden: then it is drawn again,
which may give a part another surrogate than elsewhere, and at last it is two letters.

All is drawn by HMAC, nothing by Faker's random state; the lists of words are Faker's, and another
version of Faker may give other surrogates. Two originals may get one surrogate: to exclude it, what
was drawn before would have to be kept. Costs about a hundred microseconds. A surrogate is no proof
of safety: see `leaks`.
"""

import re
import unicodedata
from collections.abc import Mapping

from spacy_modernbert_bio.deid.drawing import Avoid, Draw, Maker, digits_of, neutral
from spacy_modernbert_bio.deid.keys import PatientKey
from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.deid.surrogate_addresses import (
    address,
    city,
    country,
    in_layout,
    location,
    state,
    street,
)
from spacy_modernbert_bio.deid.surrogate_codes import code, room, ssn, zip_code
from spacy_modernbert_bio.deid.surrogate_contacts import (
    email,
    ip_address,
    is_ip_address,
    phone,
    url,
)
from spacy_modernbert_bio.deid.surrogate_names import person
from spacy_modernbert_bio.deid.surrogate_places import department, place, profession
from spacy_modernbert_bio.deid.wording import plain
from spacy_modernbert_bio.errors import PolicyError

_ATTEMPTS = 8
_SSN = re.compile(r"[0-9]{3}\W?[0-9]{2}\W?[0-9]{4}")
_HOST = re.compile(
    r"(?:[a-z]{1,10}://|www\.).*|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,10}(?:/.*)?"
)
_FEWEST_PHONE_DIGITS = 7


def surrogate(label: str, written: str, key: PatientKey, *, forbidden: Avoid | None = None) -> str:
    """Another value for `written`, in its form; blanks around it are kept.

    label: any of `labels.LABELS` but DATE and AGE. forbidden: originals of the note, which may not
    stand in it, in any case: those of one or two characters as words, longer ones anywhere.
    An original without any visible character gives its blanks.
    Raises PolicyError for DATE and AGE, and for an unknown label.
    """
    category = category_of(label)
    if category not in _BY_CATEGORY:
        raise PolicyError(
            where=f"surrogate for {label}",
            found="a label without surrogates",
            wanted="the action shift or generalise",
            fix="A date or age that is drawn would tear intervals apart.",
        )
    avoid = Avoid((written,), beside=forbidden)
    written = _without_hidden(written)
    if not plain(written):
        return "".join(filter(str.isspace, written))
    make = _BY_TYPE.get(label) or _BY_CATEGORY[category]
    for attempt in range(_ATTEMPTS):
        new = in_layout(make, written, Draw(key, avoid, attempt))
        if avoid.allows(new):
            return new
    return neutral(avoid)


def _without_hidden(written: str) -> str:
    """Without characters of zero width: no surrogate has to keep them."""
    if written.isascii():
        return written
    return "".join(each for each in written if unicodedata.category(each) != "Cf")


def _name(written: str, draw: Draw) -> str:
    """Of a name of unknown type: an e-mail address, a user name, a person."""
    if "@" in written:
        return email(written, draw)
    glued = any(map(str.isdecimal, written)) and len(written.split()) == 1
    return code(written, draw) if glued else person(written, draw)


def _contact(written: str, draw: Draw) -> str:
    if "@" in written:
        return email(written, draw)
    if is_ip_address(written):
        return ip_address(written, draw)
    if _HOST.fullmatch(plain(written)):
        return url(written, draw)
    is_phone = len(digits_of(plain(written))) >= _FEWEST_PHONE_DIGITS
    return phone(written, draw) if is_phone else code(written, draw)


def _id(written: str, draw: Draw) -> str:
    return ssn(written, draw) if _SSN.fullmatch(plain(written)) else code(written, draw)


_BY_TYPE: Mapping[str, Maker] = {
    "USERNAME": code,
    "ROOM": room,
    "DEPARTMENT": department,
    "HOSPITAL": place,
    "ORGANIZATION": place,
    "STREET": address(street),
    "CITY": address(city),
    "STATE": state,
    "COUNTRY": country,
    "ZIP": zip_code,
    "PHONE": phone,
    "FAX": phone,
    "EMAIL": email,
    "URL": url,
    "IPADDR": ip_address,
    "SSN": ssn,
    "PATIENT": person,
    "DOCTOR": person,
    "LOCATION-OTHER": place,
    **dict.fromkeys(
        ("MEDICALRECORD", "HEALTHPLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "BIOID"), code
    ),
}
# What a category's name says, and a type without a maker of its own.
_BY_CATEGORY: Mapping[str, Maker] = {
    "NAME": _name,
    "PROFESSION": profession,
    "LOCATION": address(location),
    "CONTACT": _contact,
    "ID": _id,
}
