"""Ages over 89 become 90+; all others stay as they are written.

In digits and in words, exact or by the decade ("in her 90s"), in years or in as many months. Ages
count completed years: 89.5 is 89. A number without a unit, or with one that is not surely shorter
than a year, is years. Costs some tens of microseconds an age. Finds no ages in a note (`rules`).
"""

import re
from collections.abc import Callable

from spacy_modernbert_bio.deid.rules.shadow import make_shadow

# Safe Harbor: all of these ages are one category. 45 CFR 164.514(b)(2)(i)(C).
OVER_89 = "90+"
_FIRST_HIDDEN = 90
# How many are a year, by the unit's first letter; the Gregorian year has 365.2425 days.
_PER_YEAR = {"m": 12.0, "w": 52.1775, "d": 365.2425, "h": 8765.82}

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NTHS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: number for number, word in enumerate((*_ONES, *_TEENS), start=1)}
_VALUES |= {word: number for number, word in enumerate(_NTHS, start=1)}
_VALUES |= {word: 10 * tens for tens, word in enumerate(_TENS, start=2)}
_VALUES |= {"ninty": 90, "ninetieth": 90, "nintieth": 90}
_SCALES = {"hundred": 100, "thousand": 1000}


def _any_of(*words: str) -> str:
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


_BELOW_TEN = _any_of(*_ONES, *_NTHS)
_BELOW_HUNDRED = (
    rf"(?:{_any_of(*_TENS, 'ninty')}(?:[\s-]*{_BELOW_TEN})?"
    rf"|{_any_of('ninetieth', 'nintieth', *_TEENS)}|{_BELOW_TEN})"
)
# Also inside of a longer word, as in "ninetyish" and "ninetyF": "ten" in "attend" changes nothing.
_WORDS = (
    rf"(?:(?:{_BELOW_HUNDRED}|\ban?)[\s-]+)?(?:hundred|thousand)"
    rf"(?:[\s-]+(?:and[\s-]+)?{_BELOW_HUNDRED}[\s-]+hundred)?"
    rf"(?:[\s-]+(?:and[\s-]+)?{_BELOW_HUNDRED})?|{_BELOW_HUNDRED}"
)
_WORD = re.compile(_any_of(*_VALUES, *_SCALES), re.IGNORECASE)

_UNIT = r"(?:months?|mos?|mths?|weeks?|wks?|days?|d|hours?|hrs?)(?![a-z/])"
_MORE_THAN = r"(?:(?:over|above|beyond|(?:more|older|greater)\s+than|at\s+least|>=?|\u2265)\s*)?"
_AND_A_HALF = (
    r"(?:[\s-]*and[\s-]+(?:an?|one|three)[\s-]+(?:half|quarters?)|\s*[\u00bc-\u00be]"
    r"|\s+\d{1,2}/\d{1,2}(?!\d))?"
)
_ABOUT = (
    r"(?:st|nd|rd|th)?(?:\s*\+|[\s-]*(?:something|some|odd|ish|plus)(?![a-z])"
    r"|\s+(?:or|and)\s+(?:older|above|over|more|up)(?![a-z]))*"
)
_YEARS = r"(?:[\s-]*(?:years?|yrs?\.?|y\.?[\s/-]?o\.?|y)(?![a-z])(?:[\s-]*old)?)?"
_AND_MONTHS = (
    rf"(?:(?:[\s,-]|and\s)*(?:\d{{1,3}}|{_BELOW_HUNDRED})[\s-]*(?:{_UNIT}|[mw](?![a-z/])))*"
)
# "number" marks where it ends: behind one that stays, what follows is read on its own.
_NUMBER = re.compile(
    rf"{_MORE_THAN}(?:(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?|(?P<words>{_WORDS}))"
    rf"(?P<number>)(?:(?P<link>[\s-]*)(?P<unit>{_UNIT})"
    rf"|{_AND_A_HALF}{_ABOUT}(?P<years>{_YEARS}){_AND_MONTHS})",
    re.IGNORECASE,
)
_ABOUT_NINETY = re.compile(
    r"(?:\bin\s+(?:(?:his|her|their|the|my|your)\s+)?)?"
    r"(?:\b(?:early|mid(?:dle)?|late|low|high|upper)[\s-]+)?"
    r"(?<!\d)(?:(?:9\d|1\d\d)['\u2019]?s|nine?ties|hundreds)(?![a-z])"
    r"|\b(?P<noun>nonagen|(?:(?:semi)?super)?centen)arian(?P<plural>s?)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"90\+(?:\s*(?:[-\u2010-\u2015]|to|or)\s*90\+)+")


def generalise_age(written: str) -> str:
    """An AGE span in which no age over 89 is left: "93 y/o" -> "90+ y/o", "45 y/o" as it is.

    What is said more exactly goes with it: "ninety and a half", "93 years, 5 months", "late 90s".
    Months, weeks, days and hours stay where they are less than 90 years.
    """
    written = _rewrite(written, _ABOUT_NINETY, _hide_about_ninety)
    written = _rewrite(written, _NUMBER, _hide_number)
    return _RANGE.sub(OVER_89, written)


def _rewrite(
    written: str, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str | None]
) -> str:
    """A text with matches replaced, found in its shadow; None keeps one."""
    shadow = make_shadow(written)
    pieces: list[str] = []
    copied = place = 0
    while match := pattern.search(shadow.text, place):
        replacement = new(match)
        if replacement is None:
            place = match.end("number")
            continue
        start, stop = shadow.span(*match.span())
        pieces += [written[copied:start], replacement]
        copied, place = stop, match.end()
    return "".join((*pieces, written[copied:]))


def _hide_about_ninety(match: re.Match[str]) -> str:
    return f"{OVER_89}-year-old{match['plural']}" if match["noun"] else OVER_89


def _hide_number(match: re.Match[str]) -> str | None:
    """What stands for a number and its units; None for an age that stays."""
    unit = (match["unit"] or "").lower()
    # A float, for int() refuses very long numbers.
    number = float(match["digits"].replace(",", "")) if match["digits"] else _value(match["words"])
    if number / _PER_YEAR.get(unit[:1], 1.0) < _FIRST_HIDDEN:
        return None
    if not unit:
        return OVER_89 + match["years"]
    one = unit in ("month", "week", "day", "hour") and match["link"] == "-"
    return f"{OVER_89}{match['link']}{'year' if one else 'years'}"


def _value(words: str) -> float:
    """The number that words name: "one hundred and five" is 105."""
    total = current = 0.0
    for word in map(str.lower, _WORD.findall(words)):
        if word not in _SCALES:
            current += _VALUES[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        else:
            total, current = max(current, 1) * 1000, 0.0
    return total + current
