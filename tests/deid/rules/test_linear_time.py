"""Four times the note, about four times the time: nothing that a note holds makes a rule hang."""

import re
import time
from collections.abc import Sequence

import pytest

from spacy_modernbert_bio.deid.rules.contacts import CONTACT_RULES
from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.identifiers import IDENTIFIER_RULES
from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule, match_rules

ALL_RULES = (*DATE_RULES, *CONTACT_RULES, *IDENTIFIER_RULES, *PEOPLE_PLACE_RULES)
_CHARACTERS = 4_000
_TIMES_LONGER = 4
# A quadratic rule takes 16 times as long for 4 times the text; a linear one 4, and noise.
_TIMES_SLOWER = 9
# Below this no measurement means anything.
_SECONDS = 0.005

HOSTILE = {
    "digits": "1",
    "blanks": " ",
    "no-break blanks": "\u00a0",
    "line ends": "\n",
    "dashes": "-",
    "dots": ".",
    "slashes": "/",
    "signs for at": "@",
    "colons": ":",
    "parentheses": "(",
    "letters": "a",
    "capitals": "A",
    "hexadecimal": "f:",
    "pairs": "1/",
    "dotted": "1.",
    "dashed": "1-",
    "digits and blanks": "1 ",
    "digits and line ends": "1\n",
    "ordinals": "1st ",
    "apostrophes": "'9",
    "local parts": "a.",
    "domains": "a.b@",
    "sites": "www.",
    "schemes": "http://",
    "open numbers": "(617) 555-",
    "plus signs": "+1 ",
    "months": "March ",
    "mays": "may 3 ",
    "weekdays": "Monday, ",
    "years": "2019-",
    "words for years": "in 2019, ",
    "holidays": "new year's ",
    "spoken days": "twenty-first of ",
    "births": "date of birth: ",
    "faxes": "fax number is ",
    "pagers": "pager number is ",
    "record numbers": "MRN: ",
    "plans": "Member ID # ",
    "accounts": "account number ",
    "licences": "license no. ",
    "devices": "serial number ",
    "titles": "Dr. ",
    "names": "Smith, John ",
    "initials": "J. ",
    "middle initials": "Jane Q. ",
    "families first": "Smith,John ",
    "names in a row": "Smith,",
    "names and numbers": "Smith, John 123456 ",
    "names and ages": "Jane Roe is a 45 ",
    "brackets": "Jane Roe (wife) (",
    "degrees": "Roe, MD, RN, ",
    "relatives": "daughter ",
    "small names": "dr smith ",
    "small signatures": "\njane roe rn ",
    "clinicians": "seen by Smith ",
    "people who do": "Jane Roe denies ",
    "homes": "lives in san ",
    "cities": "in Springfield ",
    "small hospitals": "to mercy hospital ",
    "rooms": "room/bed ",
    "records and rooms": "SMITH, JOHN 123456 12 ",
    "ages": "year old ",
    "streets": "1 Main ",
    "hospitals": "St. Mary ",
    "clinics": "Clinic Hospital ",
    "street words": "Oak Dr., ",
    "long numbers": "AB123456-",
    "dashed numbers": "12-34-56-",
    "states": "Boston, MA ",
    "hidden": "1\u200b",
    "marks": "e\u0301",
}


def seconds(note: str, rules: Sequence[Rule] = ALL_RULES) -> float:
    start = time.process_time()
    match_rules(note, rules)
    return time.process_time() - start


def is_linear(unit: str, rules: Sequence[Rule] = ALL_RULES, *, tries: int = 3) -> bool:
    """More than one try, for a disturbed measurement can only be too long."""
    short = unit * (_CHARACTERS // len(unit))
    long = short * _TIMES_LONGER
    return any(
        seconds(long, rules) <= _TIMES_SLOWER * max(seconds(short, rules), _SECONDS)
        for _ in range(tries)
    )


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_with_the_note_and_no_faster(kind: str) -> None:
    assert is_linear(HOSTILE[kind])


def test_a_rule_whose_time_grows_faster_is_told() -> None:
    quadratic = Rule("quadratic", "IDNUM", re.compile("[0-9]*x"))
    assert not is_linear("1", [quadratic], tries=1)
