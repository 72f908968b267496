"""How a place's name is written, and what refutes a candidate for one."""

import re

from spacy_modernbert_bio.deid.rules.words import COUNTRIES, NOT_NAMES

PLACE_WORD = r"(?:[A-Z][A-Za-zÀ-ÿ'’-]{1,30}|(?:S[tT]|F[tT]|M[tT])\.)"
_TITLED_WORD = r"[A-Z][a-zÀ-ÿ'’]{1,24}(?:-[A-Za-zÀ-ÿ'’]{2,24})?"
TITLED_PLACE = rf"(?:(?:St|Ft|Mt)\. )?{_TITLED_WORD}(?:[ \t](?:of )?{_TITLED_WORD}){{0,3}}"
# Names of people too, so that they are not in NOT_NAMES.
_MONTHS = frozenset(("april", "may", "june", "august"))


def no_place(match: "re.Match[str]") -> bool:
    """Whether a word is a month, or one of notes and not of places."""
    words = [word.lower() for word in re.split(r"[\s,]+", match["phi"])]
    return any(word in _MONTHS or (word in NOT_NAMES and word != "new") for word in words)


def no_place_or_country(match: "re.Match[str]") -> bool:
    """Also a country, which is another rule's."""
    return no_place(match) or match["phi"].title() in COUNTRIES
