"""What refutes a candidate for a name: words of notes, and things that have names too."""

import re

from spacy_modernbert_bio.deid.rules.name_patterns import CREDENTIAL
from spacy_modernbert_bio.deid.rules.words import (
    FUNCTION_WORDS,
    NOT_NAMES,
    SERVICES,
    SMALL_WORDS,
)

_BLANKS = re.compile(r"[\s,.]+")
_CREDENTIALS_ONLY = re.compile(rf"{CREDENTIAL}(?:[,\s]{{1,3}}{CREDENTIAL}){{0,3}}")
_NAME_OF_THING = re.compile(
    r"(?:brand|drug|file|generic|group|hospital|medication|model|procedure|product|sample|study|test"
    r"|trade)\s{1,2}$",
    re.IGNORECASE,
)
_SERVICE = re.compile(
    r"(?:olog(?:y|ists?)|iatr(?:y|ics?|ists?)|surger(?:y|ies)|surgeons?|icians?|itioners?|metry|tists?"
    r"|pists?|metrists?)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[0-9]\s(?:[A-Z][\w'.]{0,20}\s){1,4}$")


def no_name(match: "re.Match[str]") -> bool:
    """Whether prose goes on after the title, as in "the Dr. He"."""
    return _BLANKS.split(match["phi"], maxsplit=1)[0].lower() in FUNCTION_WORDS


def not_all_names(match: "re.Match[str]") -> bool:
    """Whether a word, other than an initial, is one of notes and not of people."""
    words = [word for word in _BLANKS.split(match["phi"]) if word not in ("and", "&")]
    if not words:
        return True
    if len(words) > 1 and words[-1].lower() == "march":
        del words[-1]  # "Ruth March", a family name; before it is a day or a service
    return words[0] == "I" or any(len(each) > 1 and each.lower() in NOT_NAMES for each in words)


def no_small_name(match: "re.Match[str]") -> bool:
    """Also words that are names where they have a capital."""
    words = _BLANKS.split(match["phi"])
    return not_all_names(match) or any(each in SMALL_WORDS for each in words)


def no_clinician(match: "re.Match[str]") -> bool:
    """Also a service of a hospital, and what heads a part of a note: "by Cardiology"."""
    words = _BLANKS.split(match["phi"])
    return not_all_names(match) or any(
        _SERVICE.search(each) or each.lower() in SERVICES for each in words
    )


def credentials_only(match: "re.Match[str]") -> bool:
    """Also a degree before another: the "MD" of "Jane Roe, MD, FACC"."""
    return not_all_names(match) or _CREDENTIALS_ONLY.fullmatch(match["phi"]) is not None


def no_person_field(match: "re.Match[str]") -> bool:
    """Also "Sample Name:", "Drug Name:": what is named is no person."""
    before = match.string[max(0, match.start() - 20) : match.start()]
    return not_all_names(match) or bool(_NAME_OF_THING.search(before))


def drive_or_no_name(match: "re.Match[str]") -> bool:
    """Also the street word in "12 Oak Dr. Boston"."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    return no_name(match) or bool(_ADDRESS.search(before))
