"""Rules for dates, in the forms that notes use: first those in digits, then `dates_named`'s.

A date is a day, a month, a year or a holiday, with a weekday before it and a time after it in the
same span; ranges as well (3/14-20). Impossible dates (14/31/2019) are found: each hides a real one.
Where a date and a score look alike (3/14, 4/5) the words around decide, and where they say nothing,
the form. Left alone: durations, POD#3, "last week", and weekdays and times that stand by themselves
(2014 i2b2 marks weekdays; Safe Harbor does not count them, and shifting lets them stand). All
date rules together cost about 0.25 seconds a megabyte.
"""

import re

from spacy_modernbert_bio.deid.rules.dates_named import NAMED_DATE_RULES
from spacy_modernbert_bio.deid.rules.dates_times import (
    GAP,
    TIME,
    WEEKDAY,
    YEAR,
    has_event_cue,
    has_sure_cue,
    has_weak_cue,
    is_among_scores,
    is_amount,
    is_graded,
    text_after,
    text_before,
)
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

_LAST_MONTH, _LAST_DAY = 12, 31
_SURELY_YEAR = 61  # acuities are written out of 60 and less

_DIGIT = r"[0-9](?<![0-9].)"  # the first of its number
_FREE_DIGIT = rf"{_DIGIT}(?<![0-9][/.-].)"  # and of no longer expression
_END = r"(?![0-9]|[/.-][0-9])"

# 03/14/2019, 3-14-2019, 14.03.2019, 3 / 14 / 2019, 03/14/<line end>2019.
_FULL = re.compile(
    rf"{_DIGIT}[0-9]?{GAP}[/.-]{GAP}[0-9]{{1,2}}{GAP}[/.-]{GAP}{YEAR}(?![0-9]){TIME}"
)
# 3/14/19, 3 / 14 / 19, 3-14-19, 14.03.19.
_FULL_SHORT = re.compile(
    rf"{_DIGIT}[0-9]?(?:{GAP}/{GAP}[0-9]{{1,2}}{GAP}/{GAP}['\u2019]?|-[0-9]{{1,2}}-\s?"
    rf"|\.[0-9]{{2}}\.)[0-9]{{2}}(?![0-9]|/[0-9]){TIME}"
)
# 2019-03-14, 2019/3/14, 2019-03-14T10:30:00Z.
_YEAR_FIRST = re.compile(
    rf"[12](?<![0-9].)[0-9]{{3}}(?P<mark>[/.-]){GAP}[0-9]{{1,2}}(?P=mark){GAP}[0-9]{{1,2}}"
    rf"(?![0-9]|\.[0-9]){TIME}"
)
# 20190314, with a time 201903141030 or 20190314T103000, as messages between systems write them.
_RUN_TOGETHER = re.compile(
    r"[12](?<![0-9A-Za-z.-].)(?:(?<=1)9|(?<=2)0)[0-9]{2}(?:0[1-9]|1[0-2])"
    r"(?:0[1-9]|[12][0-9]|3[01])(?:T?[0-2][0-9][0-5][0-9](?:[0-5][0-9])?Z?)?(?![0-9A-Za-z])"
)
# 03/2019, 3-2019.
_MONTH_YEAR = re.compile(
    rf"{_FREE_DIGIT}[0-9]?(?P<mark>\s?[/-]\s?)(?P<year>{YEAR})(?![0-9]|[/.-][0-9]|\s?[x%])"
)
# 3/14, 14/3, 11/94.
_PAIR = re.compile(
    rf"(?P<first>{_FREE_DIGIT}[0-9]?)/\n?(?P<second>[0-9]{{1,2}})"
    rf"(?![0-9]|[/-][0-9]|[+%]|(?:st|nd|rd|th)\b){TIME}"
)
# 3/14-3/20, 3/14 to 20, 3/14 through 3/20/19.
_RANGE = re.compile(
    rf"(?P<first>{_FREE_DIGIT}[0-9]?)/(?P<second>[0-9]{{1,2}})(?:/[0-9]{{2,4}})?"
    r"\s{0,3}(?:-|to|thr(?:u|ough)|until)\s{0,3}(?P<last>[0-9]{1,2}(?:/[0-9]{1,2})?)"
    rf"(?P<year>/[0-9]{{2,4}})?{_END}"
)
# on 03-14.
_DASHED = re.compile(
    rf"(?P<first>{_FREE_DIGIT}[0-9]?)-\n?(?P<second>[0-9]{{1,2}})(?![0-9A-Za-z/-])"
)
# DOB 03141960, born 3 14 60.
_BIRTH = re.compile(
    r"[DdBb](?<![A-Za-z].)(?i:(?<=d)\.?o\.?b(?![a-z])|(?<=d)ate\s{1,3}of\s{1,3}birth|(?<=b)irth\s?-?(?:date|day)"
    r"|(?<=b)orn)\W{0,6}(?i:(?:is|was|on)\s{1,3})?"
    r"(?P<phi>[0-9]{8}|[0-9]{6}|[0-9]{1,2}[ .][0-9]{1,2}[ .](?:[0-9]{4}|[0-9]{2}))(?![0-9])"
)
# A letter read for a digit: O3/l4/2O19.
_MISREAD = re.compile(
    r"[0-9OoIl](?<![0-9A-Za-z].)[0-9OoIl]?/[0-9OoIl]{1,2}/[0-9OoIlSB]{2,4}(?![0-9A-Za-z/])"
)
_MONTH_STARTS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# Not "Sat 92", which is a saturation.
_DAY_OR_MONTH = r"(?:0?[1-9]|[12][0-9]|3[01])"
# Monday the 20th; Thursday, March 14; Thu 3/14. But for the first, only up to the number or the
# first character of the month, with which it becomes one span.
_WEEKDAY = re.compile(
    rf"{WEEKDAY}\.?(?:,?{GAP}|\s?\()(?:the\s{{1,3}})?(?:[0-9]{{1,2}}(?:st|nd|rd|th)\b"
    rf"|{_DAY_OR_MONTH}(?=/[0-9]{{1,2}}(?![0-9%])|-[0-9]{{1,2}}(?![0-9%]|\.[0-9])|\.[0-9]{{1,2}}\.[0-9]"
    rf"|\s{{1,3}}{_MONTH_STARTS})"
    rf"|{_MONTH_STARTS}(?=[a-z]{{0,6}}\.?\s{{0,8}}[0-9]))"
)
# "3/14, 4/5 and": what follows in a list is what one before it is.
_LIST_BEFORE = re.compile(
    r"(?<![0-9/.])(?:[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?(?:,?\s(?:and|or|to)\s|\s?[,;&])\s?){1,4}$"
)
_PAIR_OF_LIST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})(?![0-9])")
_OPENS_LINE = re.compile(r"(?:^|\n)[\s(*-]{0,8}$")
_CLOSES = re.compile(r"\s?(?:[.,;:)]|\n|$|at\s|@)")
# Denominators of scores and fractions: strength 4/5, murmur 2/6, pain 7/10, Apgar 8/9, 38 4/7.
_SCORE_OUT_OF = frozenset({2, 3, 4, 5, 6, 8, 10})
# And of longer ones, and of acuities: coma 11/15, balance 12/16, MMSE 29/30, 6/18, 6/24.
_SCALES = _SCORE_OUT_OF | {1, 7, 9, 12, 15, 16, 18, 20, 24, 25, 28, 30}


def _is_no_short_date(match: "re.Match[str]") -> bool:
    numbers = [int(number) for number in re.findall(r"[0-9]+", match[0])[:2]]
    before = text_before(match, 8)
    if "-" in match[0] and (re.search(r"[0-9]-$", before) or text_after(match, 1) == "-"):
        return True  # a piece of a longer number
    if "." in match[0] and re.match(r"\.[0-9]", text_after(match, 2)):
        return True
    if re.search(r"(?:\bv|ver|version|rev|release)\.?\s?$", before) or is_amount(match):
        return True
    # Impossible ones are dates still, but 20/40/60 is none, unless a cue says so.
    return (max(numbers) > _LAST_DAY or 0 in numbers) and not (
        has_sure_cue(match) or has_event_cue(match)
    )


def _is_no_year_first(match: "re.Match[str]") -> bool:
    year, month, day = (int(number) for number in re.findall(r"[0-9]+", match[0])[:3])
    return not (1800 <= year < 2300 and month <= _LAST_DAY and day <= _LAST_DAY)


def _is_no_month_year(match: "re.Match[str]") -> bool:
    month = int(re.match(r"[0-9]+", match[0])[0])  # type: ignore[index]  # it begins with a digit
    if not 1 <= month <= _LAST_MONTH or is_amount(match):
        return True
    cued = has_sure_cue(match) or has_event_cue(match) or has_weak_cue(match)
    if "-" in match["mark"] and len(match[0]) < len("03-2019"):
        return not cued
    return is_among_scores(match) and not cued


def _is_no_pair(match: "re.Match[str]") -> bool:
    """Whether n/m is a score, a share, an amount or a ratio rather than a date."""
    first, second = match["first"], match["second"]
    if is_amount(match) or not _could_be_date(int(first), int(second)):
        return True
    if has_sure_cue(match):
        return False
    if is_graded(match) or re.match(r"\.[0-9]", text_after(match, 2)):
        return True
    before = text_before(match, 24)
    if _continues_dates(before):
        return False
    if re.search(r"[a-z#]$|[0-9]\s(?:and\s|&\s|\+\s)?$", before) and _is_of_scale(first, second):
        return True  # L4/5, 38 4/7 weeks
    if has_event_cue(match):
        return _is_score(first, second) and is_among_scores(match)
    if has_weak_cue(match, rather_date=True) and not _is_score(first, second):
        return False
    if is_among_scores(match) and _is_of_scale(first, second):
        return True
    if has_weak_cue(match):
        return False
    if int(second) > _LAST_DAY or int(first) > _LAST_MONTH:
        # Without a cue 11/34 and 7/82 are a month and a year, 7/34 and 14/3 no dates.
        return int(first) > _LAST_MONTH or (len(first) < 2 and int(second) < _SURELY_YEAR)
    if _OPENS_LINE.search(before) and re.match(r"\s?[:)-]", text_after(match, 2)):
        return False
    return _is_score(first, second)


def _continues_dates(before: str) -> bool:
    """Whether a list ends here of which one is surely a date."""
    listed = _LIST_BEFORE.search(before)
    pairs = _PAIR_OF_LIST.findall(listed[0]) if listed else []
    return any(not _is_score(*pair) and _could_be_date(*map(int, pair)) for pair in pairs)


def _could_be_date(first: int, second: int) -> bool:
    """Month and day, day and month, or month and year (after 1931)."""
    if not first or not second:
        return False
    if first <= _LAST_MONTH:
        return True
    return first <= _LAST_DAY and second <= _LAST_MONTH and (first, second) != (24, 7)


def _is_score(first: str, second: str) -> bool:
    """Whether two numbers look like one, as 4/5 does, and 04/05 does not."""
    padded = first.startswith("0") or second.startswith("0")
    return not padded and int(second) in _SCORE_OUT_OF and int(first) <= int(second)


def _is_of_scale(first: str, second: str) -> bool:
    """Whether words of an examination nearby make two numbers one of its scores."""
    padded = first.startswith("0") or second.startswith("0")
    return not padded and (int(second) in _SCALES or int(second) > _LAST_DAY)


def _is_no_range(match: "re.Match[str]") -> bool:
    first, second, last = match["first"], match["second"], match["last"]
    if is_amount(match) or not _could_be_date(int(first), int(second)):
        return True
    start, _, stop = last.partition("/")
    # 3/14-20, 3/14-20/19, 3/14-3/20
    later = int(second) < int(start) <= _LAST_DAY or _could_be_date(int(start), int(stop or 0))
    if not later and not match["year"]:
        return True
    if has_sure_cue(match) or match["year"]:
        return False
    if _is_score(first, second):
        return is_among_scores(match) or not (has_event_cue(match) or has_weak_cue(match))
    return int(second) > _LAST_DAY and is_among_scores(match)


def _is_no_dashed(match: "re.Match[str]") -> bool:
    first, second = match["first"], match["second"]
    cued = has_sure_cue(match) or has_event_cue(match)
    if not cued or is_amount(match) or not _could_be_date(int(first), int(second)):
        return True
    plain = first.startswith("0") or len(second) > 1
    return int(second) > _LAST_DAY or not (plain or _CLOSES.match(text_after(match, 4)))


def _is_no_misread(match: "re.Match[str]") -> bool:
    digits = sum(character.isdigit() for character in match[0])
    # Without a letter it is another rule's.
    return digits < 3 or digits == len(match[0]) - 2


# How each weekday begins, in lower case.
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# What a date in digits may run on to: a time with its zone.
_LONGEST_END = 90

DATE_RULES: tuple[Rule, ...] = (
    SeekingRule("date_full", "DATE", _FULL, ("0000",), before=40, after=_LONGEST_END),
    SeekingRule(
        "date_short_year",
        "DATE",
        _FULL_SHORT,
        ("0/", " /", "0-0", "0.00."),
        _is_no_short_date,
        0.95,
        before=11,
        after=_LONGEST_END,
    ),
    Rule(
        "date_year_first",
        "DATE",
        _YEAR_FIRST,
        ("0000/", "0000-", "0000."),
        _is_no_year_first,
        begins=True,
    ),
    Rule("date_run_together", "DATE", _RUN_TOGETHER, ("00000000",), score=0.6, begins=True),
    SeekingRule(
        "date_month_year",
        "DATE",
        _MONTH_YEAR,
        ("/0000", "/ 0000", "-0000", "- 0000"),
        _is_no_month_year,
        0.9,
        before=3,
    ),
    SeekingRule("date_pair", "DATE", _PAIR, ("0/0", "0/ 0"), _is_no_pair, 0.8, before=1),
    SeekingRule("date_range", "DATE", _RANGE, ("0/0",), _is_no_range, 0.8, before=1),
    SeekingRule("date_dashed", "DATE", _DASHED, ("0-0", "0- 0"), _is_no_dashed, 0.7, before=1),
    CueRule("date_birth", "DATE", _BIRTH, ("dob", "d", "date", "birth", "born")),
    SeekingRule(
        "date_misread",
        "DATE",
        _MISREAD,
        refuted=_is_no_misread,
        score=0.7,
        anchor=re.compile("/(?=[0-9OoIl]{1,2}/)"),
        before=2,
    ),
    Rule("date_weekday", "DATE", _WEEKDAY, needs=_WEEKDAYS, score=0.9, begins=True),
    *NAMED_DATE_RULES,
)
