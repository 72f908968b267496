"""The forms in which notes write dates, as tables of patterns in order of preference.

US notes: 3/4/2019 is in March. Numbers with dots are day first. The first form that matches and
whose date is possible counts, so that 14/3/2019, which no month allows, is day first after all.
Patterns read a shadow (`rules.shadow`). Only patterns: what they mean is `written_dates`.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """pattern: a group a field, named by its kind, and a number where it has several of a kind.

    Without a field it is a time or a duration, which is no date. padded: whether this form writes
    03 and Mar rather than 3 and March where the date at hand doesn't show it (12, May).
    """

    pattern: re.Pattern[str]
    padded: bool


def _form(pattern: str, *, padded: bool = False) -> Form:
    return Form(re.compile(pattern, re.IGNORECASE), padded)


_MONTH_NAME = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_NUMBER_WORD = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    "|sixty|seventy|eighty|ninety|hundred|thousand"
    "|(?:thir|four|fif|six|seven|eigh|nine)teen)"
)
_UNIT = (
    "(?:secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|nights?|wks?|weeks?|fortnights?"
    "|mos?|mths?|months?|yrs?|years?|decades?)(?![a-z])"
)
# Not in "14 s/p", "14 d/c'd".
_UNIT_OR_LETTER = f"(?:{_UNIT}|[shdwy](?![a-z/]))"
_DAY_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])(?!\d)"
_CENTURY = "(?:1[89]|2[01])"

_NAME = f"(?P<month>{_MONTH_NAME})"
_MONTH = r"(?P<month>0?[1-9]|1[0-2])(?!\d)"
_DAY = f"(?P<day>{_DAY_NUMBER})"
_NTH = _DAY + "(?P<suffix>st|nd|rd|th)?"
_LAST_NTH = f"(?P<day2>{_DAY_NUMBER})(?P<suffix2>st|nd|rd|th)?"
_MARK = "['\u2019\u2018`]"
_WHOLE_YEAR = rf"(?P<year>{_CENTURY}\d\d)(?!\d)"
_MARKED_YEAR = rf"{_MARK}(?P<year2>\d\d)(?!\d)"
_ANY_YEAR = rf"{_MARK}?(?P<year>{_CENTURY}?\d\d)(?!\d)"
# Two digits that are no day of a month: 3/98, Mar 98.
_LATE_YEAR = r"(?P<year3>00|3[2-9]|[4-9]\d)(?!\d)"

_TO = r"\s*(?:[-/&]|(?:to|through|thru|until|till?|and|or)\s)\s*(?:the\s+)?"
# Blanks before a slash, if before each: 3 / 14 / 2019.
_SLASH = r"(?P<sep>\s*/|-)"
# Numbers that go on belong to another form; "March 3 weeks later" and "March 10 am" to the next.
_END = r"(?!\d|(?P=sep)\s*\d)"
_NO_UNIT = rf"(?!\d|:\d|\s*[ap]\.?m\b|[\s-]*{_UNIT})"
_NO_MORE = rf"(?![-/.]\d|[\s./-]*(?:of\s+)?{_MONTH_NAME}){_NO_UNIT}"
# 3/14/2019 1430: after a year, four more digits are a time.
_CLOCK = r"(?:(?:\s+(?:at\s+)?|\s*@\s*)(?:[01]\d|2[0-3])[0-5]\d(?![\d/.-]))?"
_YEAR_AFTER = rf"[\s.,/-]*(?:(?:of|in)\s+)?(?:{_WHOLE_YEAR}|{_MARKED_YEAR}){_NO_UNIT}{_CLOCK}"
_TO_DAY = r"[\s.,]*(?:the\s+)?"
_TO_NAME = r"[\s./-]*(?:of\s+)?"

_TIMES_AND_DURATIONS = (
    _form(
        r"\d{1,2}:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?!\d)"
        r"(?:\s*[ap]\.?m\b\.?)?(?:\s*(?:z\b|[+-]\d\d:?\d\d(?!\d)))?"
    ),
    _form(r"\d{1,2}\s*[ap]\.?m\b\.?"),
    _form(r"[0-2]\d[0-5]\d\s*h(?:rs?|ours?)?\b"),
    _form(r"(?<=\dt)[0-2]\d[0-5]\d(?:[0-5]\d)?(?!\d)"),
    _form(r"(?:0\d|1[0-8]|2[1-3])[0-5]\d(?![\d/.-])"),  # 1930 and 2019 are years
    _form(rf"\d{{1,4}}(?:\.\d{{1,4}})?(?:\s*(?:-|to\s)\s*\d{{1,4}})?[\s-]*{_UNIT_OR_LETTER}"),
    _form(rf"\d{{1,2}}\s[1-6]/7\s*{_UNIT}"),
)
FROM_DIGIT = (
    _form(
        r"(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
        r"(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?(?!\d)",
        padded=True,
    ),
    _form(
        r"(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?P<year>(?:19|20)\d\d)(?!\d)",
        padded=True,
    ),
    _form(rf"{_WHOLE_YEAR}(?P<sep>[-/.])\s*{_MONTH}(?P=sep)\s*{_DAY}{_END}{_CLOCK}", padded=True),
    _form(rf"{_MONTH}{_SLASH}\s*{_DAY}(?P=sep)\s*{_ANY_YEAR}{_END}{_CLOCK}"),
    _form(rf"{_DAY}{_SLASH}\s*{_MONTH}(?P=sep)\s*{_ANY_YEAR}{_END}{_CLOCK}"),
    _form(rf"{_DAY}(?P<sep>\.)\s*{_MONTH}(?P=sep)\s*{_ANY_YEAR}{_END}{_CLOCK}", padded=True),
    _form(rf"{_MONTH}(?P<sep>\.)\s*{_DAY}(?P=sep)\s*{_ANY_YEAR}{_END}{_CLOCK}", padded=True),
    _form(r"(?P<decade>(?:19|20)?\d0)['\u2019]?s(?![a-z])"),
    *_TIMES_AND_DURATIONS,
    _form(rf"{_DAY}(?P<sep>[-/]?){_NAME}(?P=sep){_ANY_YEAR}{_NO_MORE}{_CLOCK}", padded=True),
    _form(rf"{_NTH}{_TO}{_LAST_NTH}{_TO_NAME}{_NAME}{_YEAR_AFTER}"),
    _form(rf"{_NTH}{_TO}{_LAST_NTH}{_TO_NAME}{_NAME}"),
    _form(rf"{_NTH}{_TO_NAME}{_NAME}{_YEAR_AFTER}"),
    _form(rf"{_NTH}{_TO_NAME}{_NAME}[\s.]+(?P<year>\d\d){_NO_MORE}{_CLOCK}"),
    _form(rf"{_NTH}{_TO_NAME}{_NAME}"),
    _form(rf"{_WHOLE_YEAR}(?P<sep>[-/]){_NAME}(?P=sep){_DAY}", padded=True),
    _form(rf"{_WHOLE_YEAR}[\s,]*{_NAME}{_TO_DAY}{_NTH}{_NO_UNIT}"),
    _form(rf"{_WHOLE_YEAR}(?P<sep>[-/])\s*{_MONTH}{_END}", padded=True),
    _form(rf"{_MONTH}(?P<sep>[-/.])\s*(?:{_WHOLE_YEAR}|{_MARKED_YEAR}){_END}", padded=True),
    _form(rf"{_MONTH}{_SLASH}\s*{_DAY}{_END}"),
    _form(rf"{_DAY}{_SLASH}\s*{_MONTH}{_END}"),
    _form(rf"{_DAY}(?P<sep>\.)\s*{_MONTH}{_END}", padded=True),
    _form(rf"{_MONTH}(?P<sep>\.)\s*{_DAY}{_END}", padded=True),
    _form(rf"{_MONTH}(?P<sep>[-/])\s*{_LATE_YEAR}{_END}", padded=True),
    _form(r"(?P<year>(?:19|20)\d\d|2100)(?!\d)"),
    _form(r"(?<=(?:19|20)\d\d[-/])(?P<year>\d\d)(?!\d|[-/.]\d)"),  # 2015-17
)
FROM_LETTER = (
    _form(rf"{_NUMBER_WORD}(?:[\s-]+(?:to\s+|or\s+)?{_NUMBER_WORD})?[\s-]+{_UNIT}"),
    _form(
        r"(?:pod|ppd|hod|hd|dol|(?:(?:post-?op(?:erative)?|hospital)\s+)?days?|weeks?|months?|x)"
        rf"[\s#.:-]*\d{{1,3}}(?![\d/:-]|[\s.]*(?:of\s+)?{_MONTH_NAME})"
    ),
    _form(rf"{_NAME}{_TO_DAY}{_NTH}{_TO}{_LAST_NTH}{_NO_MORE}{_YEAR_AFTER}"),
    _form(rf"{_NAME}{_TO_DAY}{_NTH}{_TO}{_LAST_NTH}{_NO_MORE}"),
    _form(rf"{_NAME}(?P<sep>[-/])\s*{_DAY}(?P=sep)\s*{_ANY_YEAR}{_END}{_CLOCK}", padded=True),
    _form(rf"{_NAME}[-/]?{_TO_DAY}{_NTH}{_YEAR_AFTER}"),
    _form(rf"{_NAME}{_YEAR_AFTER}"),
    _form(rf"{_NAME}[\s./-]*{_LATE_YEAR}{_NO_UNIT}"),
    _form(rf"{_NAME}[-/]?{_TO_DAY}{_NTH}{_NO_UNIT}"),
    _form(_NAME),
    _form(
        r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?"
        r"|fri(?:day)?|sat(?:urday)?|sun(?:day)?)(?!s?[a-rt-z])"
    ),
)
FROM_MARK = (
    _form(rf"{_MARK}(?P<decade>\d0)s(?![a-z])"),
    _form(rf"{_MARK}(?P<year>\d\d)(?![\da-z])"),
)
# Days and seasons that have a name: a text with one is not read.
HOLIDAYS = re.compile(
    r"\b(?:christmas|x-?mas|boxing\s+day|new\s+year\S*|thanksgiving|halloween|easter|passover"
    r"|good\s+friday|(?:ash|palm|cyber|black|maundy|holy)\s+(?:mon|wednes|thurs|fri|satur|sun)day"
    r"|ramadan|eid|diwali|c?hanuk\w+|kwanzaa|yom\s+kippur|rosh\s+hashanah?|juneteenth|mardi\s+gras"
    r"|cinco\s+de\s+mayo|valentine\S*|st\.?\s+patrick\S*"
    r"|(?:independence|labou?r|memorial|veteran\S*|mother\S*|father\S*|president\S*|columbus|king"
    r"|groundhog|mlk|earth)\s+day"
    r"|spring|summer\w*|fall|autumn|winter\w*)\b",
    re.IGNORECASE,
)
# A number that no form took: nobody knows what it tells.
NUMBERS = re.compile(
    rf"\d|\b(?:{_NUMBER_WORD}|first|second|third|fourth|fif?th|sixth|seventh|eighth|nine?th|tenth"
    r"|eleventh|twelfth|\w{3,6}(?:teenth|tieth))\b",
    re.IGNORECASE,
)
# What may stand between and around dates. Any other word may be a name that a span took along.
_BETWEEN = """
    a about after ago ah am an and another approx approximately around as at before between by ca
    circa currently date dated day days during early est edt cst cdt mst mdt pst pdt each end every
    evening exactly following for from gmt h hour hours hr hrs in last late later mid middle
    midnight min minute minutes month months morning near next night noon o clock of on onward
    onwards or pm p m post pre present previous prior roughly s sec since starting t that the then
    this through thru till time times to today tomorrow tonight twice until up utc via week weekend
    weeks while with within year years yesterday yr yrs z afternoon beginning both once st nd rd th
    pod hd hod dol admission hospital op postop preop status now d w x q
"""
BETWEEN = frozenset(_BETWEEN.split())
WORD = re.compile(r"[^\W\d_]+")
