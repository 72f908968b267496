"""What is known of a patient, found in their notes in any form: names, numbers, addresses.

Costs a few passes over the note and a plain search for each name part and number. Keeps nothing:
no pattern is compiled from what is known, and nothing is cached. What is too short to tell anybody
is not looked for: single letters of names, numbers of fewer than four letters and digits.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from spacy_modernbert_bio.deid.known_names import find_names
from spacy_modernbert_bio.deid.known_text import WORD, KnownText
from spacy_modernbert_bio.deid.readings import fold
from spacy_modernbert_bio.deid.rules.places import is_state
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import PolicyError

_LEAST_SIGNS = 4
# Of an identifier without its letters; of an id, which may be the number of a row.
_LEAST_DIGITS_ALONE = 5
_LEAST_ID_SIGNS = 6
# A North American number without its country code, and without its area code.
_NATIONAL_DIGITS, _LOCAL_DIGITS = 10, 7
_NOT_DIGIT = re.compile(r"[^0-9]")
_NO_NUMBER = re.compile(r"[^\W\d_]+|[#;,]")
_ZIP = re.compile(r"\b[0-9]{5}(?:-?[0-9]{4})?\s*$")
_SEGMENTS = re.compile(r"[,;\n]+")
# Words of streets in the forms that they are written in.
_SAME_WORDS = (
    {"street", "st", "str"}, {"avenue", "ave", "av"}, {"road", "rd"}, {"drive", "dr"},
    {"lane", "ln"}, {"boulevard", "blvd"}, {"court", "ct"}, {"place", "pl"}, {"terrace", "ter"},
    {"circle", "cir"}, {"parkway", "pkwy"}, {"highway", "hwy"}, {"square", "sq"}, {"trail", "trl"},
    {"apartment", "apt"}, {"suite", "ste"}, {"floor", "fl"}, {"building", "bldg"},
    {"north", "n"}, {"south", "s"}, {"east", "e"}, {"west", "w"},
    {"saint", "st"}, {"fort", "ft"}, {"mount", "mt"},
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Patient:
    """What is known of a patient. All but `id` may hold several, in any usual form.

    id: links the notes of one patient; not part of any output, and removed where a note has it.
    names: "John Q. Smith" or "Smith, John". identifiers: MRN, account numbers and the like.
    addresses: with commas or line ends between street, city and ZIP code. phones, emails: theirs.
    relatives: names of others who are known to be in the notes.
    """

    id: str = ""
    names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    relatives: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> "Patient":
        """The patient of a mapping with our fields as keys; values are strings or lists of them.

        None and empty strings are nothing known. Raises PolicyError for other keys and values.
        """
        known = [field.name for field in fields(cls)]
        strange = [key for key in mapping if key not in known]
        if strange:
            raise PolicyError(
                where="what is known of a patient",
                found=f"{len(strange)} fields of other names",
                wanted=f"only {', '.join(known)}",
            )
        several = {
            name: tuple(_strings(name, value)) for name, value in mapping.items() if name != "id"
        }
        ids = list(_strings("id", mapping.get("id")))
        if len(ids) > 1:
            raise PolicyError(
                where="what is known of a patient, field id",
                found=f"{len(ids)} strings",
                wanted="one string",
            )
        return cls(id=ids[0] if ids else "", **several)


def find_known(note: str, patient: Patient) -> list[PhiSpan]:
    """All that is known of the patient, where it stands in the note; spans may overlap."""
    text = KnownText.of(note)
    spans = [
        text.span(start, stop, label)
        for label, names in (("PATIENT", patient.names), ("NAME", patient.relatives))
        for start, stop in find_names(text, names)
    ]
    for identifier in patient.identifiers:
        spans += _find_identifier(text, identifier, _LEAST_SIGNS)
    spans += _find_identifier(text, patient.id, _LEAST_ID_SIGNS)
    for phone in patient.phones:
        spans += _find_phone(text, phone)
    for email in patient.emails:
        words = [{word} for word in WORD.findall(fold(email))]
        spans += [text.span(*found, "EMAIL") for found in text.find_phrase(words)] if words else []
    for address in patient.addresses:
        spans += _find_address(text, address)
    return sorted(set(spans))


def _strings(name: str, value: object) -> Iterator[str]:
    """The strings of a field that say something."""
    values = value if isinstance(value, list | tuple) else [value]
    for each in values:
        if each is None or each == "":
            continue
        if not isinstance(each, str):
            raise PolicyError(
                where=f"what is known of a patient, field {name}",
                found=type(each).__name__,
                wanted="a string or a list of strings",
                fix="Give numbers as strings, or zeros at their start are lost.",
            )
        if each.strip():
            yield each.strip()


def _find_identifier(text: KnownText, identifier: str, least: int) -> Iterator[PhiSpan]:
    code = "".join(WORD.findall(fold(identifier)))
    digits = _NOT_DIGIT.sub("", code)
    if len(code) < least or not digits:
        return
    if code != digits:
        yield from text.find_code(code, "ID")
    if code == digits or len(digits) >= _LEAST_DIGITS_ALONE:
        yield from text.find_number(digits, "ID")


def _find_phone(text: KnownText, phone: str) -> Iterator[PhiSpan]:
    # Without its extension, or words as "home": the extension alone says nothing.
    digits = max((_NOT_DIGIT.sub("", each) for each in _NO_NUMBER.split(fold(phone))), key=len)
    forms = {digits, digits[-_NATIONAL_DIGITS:]}
    if len(digits) >= _NATIONAL_DIGITS:
        forms |= {digits[-_LOCAL_DIGITS:], "1" + digits[-_NATIONAL_DIGITS:]}
    for form in forms:
        if len(form) >= _LOCAL_DIGITS:
            yield from text.find_number(form, "PHONE", opening="(+")


def _find_address(text: KnownText, address: str) -> Iterator[PhiSpan]:
    for segment in _SEGMENTS.split(address):
        code = _ZIP.search(segment)
        if code:
            digits = _NOT_DIGIT.sub("", code[0])
            for form in {digits, digits[:5]}:
                yield from text.find_number(form, "ZIP")
        words = WORD.findall(segment[: code.start()] if code else segment)
        while words and is_state(words[-1]):
            words.pop()
        if not words or is_state(" ".join(words)):
            continue
        yield from _find_segment(text, [fold(word) for word in words])


def _find_segment(text: KnownText, words: list[str]) -> Iterator[PhiSpan]:
    forms = [_forms(word) for word in words]
    numbered = any(word[0].isdigit() for word in words)
    if not numbered:
        for start, stop in text.find_phrase(forms):
            if stop - start >= _LEAST_SIGNS - 1 and text.is_capital(start):
                yield text.span(start, stop, "CITY")
    elif len(words) > 1:
        # Also the street without its number.
        for phrase in (forms, forms[1:]) if words[0][0].isdigit() and len(words) > 2 else (forms,):
            for start, stop in text.find_phrase(phrase):
                yield text.span(start, stop, "STREET")


def _forms(word: str) -> frozenset[str]:
    return frozenset({word}.union(*(forms for forms in _SAME_WORDS if word in forms)))
