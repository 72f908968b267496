"""Dates moved by a number of days in the format that they are written in, or cut down to the year.

Moving keeps the distance of all full dates to the day, and every date's precision: a month moves as
its 15th does, a year as its July 1st, a decade as its middle. Times, durations, `POD#3` and a
weekday alone stay. A weekday beside a date moves by the same days: else it would contradict the new
date and tell the shift modulo 7. A wrong one stays as wrong as it was.
Nothing here asks a clock: a missing year is the note's, a missing century follows a fixed rule.
Costs about a tenth of a millisecond a date. What days to move by is for `keys`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from spacy_modernbert_bio.deid.date_writing import abbreviates, write_date, write_weekday
from spacy_modernbert_bio.deid.written_dates import (
    FIRST_WHOLE_YEAR,
    Field,
    Part,
    WrittenDate,
    has_day,
    read_dates,
)

# Without any year: 00 to 49 are 2000 to 2049, 50 to 99 are 1950 to 1999.
LATEST_SHORT_YEAR = 2049
# Notes look this far ahead, in years: expiry dates and the next colonoscopy.
YEARS_AHEAD = 10
# A two-digit year beside one of four is the one nearest to it.
_YEARS_NEAR = 50
# What stands for a month, a year, a decade: its middle.
_MID_MONTH, _MID_YEAR, _MID_DECADE = 15, 7, 5
# A common year and a leap year, for dates of which no year is known.
_COMMON_YEAR, _LEAP_YEAR = 2001, 2000
# Safe Harbor, 45 CFR 164.514(b)(2)(i)(C): ages over 89 become "90 or older".
_AGE_HIDDEN = 90


def shift_dates(written: str, days: int, *, year: int | None) -> str | None:
    """A DATE span with every date in it moved by `days`, in the same format and precision.

    year: the note's, which decides on leap years and centuries where a date has none. Without it
    a date without a year is read in a common year (2/29 in a leap year), and two digits in 1950 to
    2049; with it, two digits are the latest such year up to YEARS_AHEAD years after it.
    Over a year's end, a date that is written without a year changes its day and month only.
    None when the text cannot be read or a date is impossible: then it must not stay.
    """
    parts = read_dates(written)
    if parts is None:
        return None
    dates = [part for part in parts if isinstance(part, WrittenDate)]
    limit = LATEST_SHORT_YEAR if year is None else year + YEARS_AHEAD
    new: list[date] = []
    for each, known in zip(dates, _years(dates, limit, year), strict=True):
        old = _day_of(each, known)
        if old is None:
            return None
        new.append(old + timedelta(days))
    return "".join(_write_parts(parts, days, new))


def full_years(written: Iterable[str]) -> Counter[int]:
    """How many of a note's full dates are in each year.

    written: the note's DATE spans. Two digits are read as `shift_dates` reads them without a year.
    """
    count: Counter[int] = Counter()
    for each, times in Counter(written).items():
        dates = [part for part in read_dates(each) or () if isinstance(part, WrittenDate)]
        years = _years(dates, LATEST_SHORT_YEAR, None)
        for part, known in zip(dates, years, strict=True):
            if part.is_full and known:
                count[known] += times
    return count


def note_year(years: Mapping[int, int]) -> int | None:
    """The year that most of a note's full dates are in, of equals the latest; None without one.

    years: as `full_years` counts them.
    """
    return max(years, key=lambda year: (years[year], year), default=None)


def generalise_dates(written: str, *, last_year_over_89: int | None = None) -> str | None:
    """What Safe Harbor leaves of a DATE span: its year, "2015-2017" for several, "" for none.

    last_year_over_89: who was born in it, or before, is over 89; such years are not kept. It also
    tells when the note was written, so that two digits are no year after the next. Without it they
    are read as `shift_dates` reads them. Which date is a birth's is not known here: "3/14/19" is
    read as 2019 where it may mean 1919. A decade is kept as one.
    None when the text cannot be read. Source: 45 CFR 164.514(b)(2)(i)(C).
    """
    parts = read_dates(written)
    if parts is None:
        return None
    dates = [part for part in parts if isinstance(part, WrittenDate)]
    oldest = 0 if last_year_over_89 is None else last_year_over_89
    limit = LATEST_SHORT_YEAR if last_year_over_89 is None else oldest + _AGE_HIDDEN + 1
    kept = {
        known: f"{known}s" if each.decade else str(known)
        for each, known in zip(dates, _years(dates, limit, None), strict=True)
        if known is not None and known > oldest
    }
    return "-".join(kept[known] for known in sorted({min(kept), max(kept)})) if kept else ""


def _years(dates: Sequence[WrittenDate], limit: int, year: int | None) -> list[int | None]:
    """The year of each date of a span: its own, its neighbour's (12/30 - 1/2/2020), or `year`.

    limit: the latest year that two digits may be.
    """
    years = [each.year for each in dates]
    whole = next((own for own in years if own is not None and own >= FIRST_WHOLE_YEAR), None)
    latest = limit if whole is None else whole + _YEARS_NEAR
    for index, own in enumerate(years):
        if own is not None and own < FIRST_WHOLE_YEAR:
            years[index] = latest - (latest - own) % 100
    for index in reversed(range(len(dates) - 1)):
        after = years[index + 1]
        if years[index] is None and after is not None:
            years[index] = after - _is_later(dates[index], dates[index + 1])
    for index in range(1, len(dates)):
        before = years[index - 1]
        if years[index] is None and before is not None:
            years[index] = before + _is_later(dates[index - 1], dates[index])
    return [year if known is None else known for known in years]


def _is_later(one: WrittenDate, other: WrittenDate) -> bool:
    """Whether it comes later within a year, by the month."""
    return one.month is not None and other.month is not None and one.month > other.month


def _day_of(written: WrittenDate, year: int | None) -> date | None:
    """The day that stands for a date; None where the year does not have it."""
    if year is None:
        year = _LEAP_YEAR if (written.month, written.day) == (2, 29) else _COMMON_YEAR
    if written.decade:
        return date(year + _MID_DECADE, 1, 1)
    if written.month is None:
        return date(year, _MID_YEAR, 1)
    day = written.day or _MID_MONTH
    return date(year, written.month, day) if has_day(year, written.month, day) else None


def _write_parts(parts: Sequence[Part], days: int, new: Sequence[date]) -> Iterator[str]:
    """The characters of a span whose dates are `new`, after a shift by `days`."""
    dates = [part for part in parts if isinstance(part, WrittenDate)]
    short = abbreviates(dates)
    has_days = any(each.day is not None for each in dates)
    index = 0
    for part in parts:
        if isinstance(part, WrittenDate):
            # A month that is written once stands in the date before or, day first, after.
            first = part.pieces[0]
            other = index - 1 if isinstance(first, Field) and first.kind == "shared" else index + 1
            month = new[min(other, len(new) - 1)].month
            yield write_date(part, new[index], other_month=month, short_names=short)
            index += 1
        elif isinstance(part, Field):
            yield write_weekday(part, (part.value + days) % 7) if has_days else part.text
        else:
            yield part
