"""Dates and ages in the ways in which notes write them.

A span holds the date and no weekday, time or word around it, but for a time joined to it
("2019-03-14T10:30"); a range with one year is one span. Of an age it holds the number alone.
"""

from collections.abc import Callable
from datetime import date
from random import Random

from spacy_modernbert_bio.corpora.synthetic.people import Pieces

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _suffix(day: int) -> str:
    if 11 <= day <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _month(day: date) -> str:
    return _MONTHS[day.month - 1]


def _short_month(day: date) -> str:
    return _month(day)[:3]


Written = Callable[[date], str]
_LONG: tuple[Written, ...] = (
    lambda d: f"{_month(d)} {d.day}, {d.year}",
    lambda d: f"{_month(d)} {d.day}{_suffix(d.day)}, {d.year}",
    lambda d: f"{d.day} {_month(d)} {d.year}",
    lambda d: f"{_short_month(d)} {d.day}, {d.year}",
)
_FULL: tuple[Written, ...] = (
    lambda d: f"{d.month}/{d.day}/{d.year}",
    lambda d: f"{d.month:02}/{d.day:02}/{d.year}",
    lambda d: f"{d.month}/{d.day}/{d.year % 100:02}",
    lambda d: f"{d.month:02}/{d.day:02}/{d.year % 100:02}",
    lambda d: d.isoformat(),
    lambda d: f"{d.month:02}-{d.day:02}-{d.year}",
    lambda d: f"{d.month}-{d.day}-{d.year % 100:02}",
    lambda d: f"{d.day:02}-{_short_month(d)}-{d.year}",
    lambda d: f"{d.day}-{_short_month(d)}-{d.year % 100:02}",
    lambda d: f"{d.day:02}{_short_month(d).upper()}{d.year}",
    lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    lambda d: f"{d.day:02}.{d.month:02}.{d.year}",
    *_LONG,
)
_SHORT: tuple[Written, ...] = (
    lambda d: f"{d.month}/{d.day}",
    lambda d: f"{d.month}/{d.day}",
    lambda d: f"{d.month:02}/{d.day:02}",
    lambda d: f"{d.month}-{d.day}",
    lambda d: f"{_month(d)} {d.day}",
    lambda d: f"{_month(d)} {d.day}{_suffix(d.day)}",
    lambda d: f"{_short_month(d)} {d.day}",
    lambda d: f"the {d.day}{_suffix(d.day)} of {_month(d)}",
    lambda d: f"{d.day} {_short_month(d)}",
)
_MONTH_YEAR: tuple[Written, ...] = (
    lambda d: f"{_month(d)} {d.year}",
    lambda d: f"{_month(d)} of {d.year}",
    lambda d: f"{_short_month(d)} {d.year}",
    lambda d: f"{_short_month(d)} '{d.year % 100:02}",
    lambda d: f"{d.month:02}/{d.year}",
    lambda d: f"{d.month}/{d.year}",
    lambda d: f"{_short_month(d)}-{d.year % 100:02}",
)
_FORMS: dict[str, tuple[Written, ...]] = {
    "full": _FULL,
    "short": _SHORT,
    "long": _LONG,
    "month_year": _MONTH_YEAR,
    "month": (_month,),
    "year": (lambda d: str(d.year),) * 6 + (lambda d: f"'{d.year % 100:02}",),
    "compact": (lambda d: d.strftime("%Y%m%d"),),
}


class DateStyle:
    """One writer's habits: a form for full dates, for short ones and for months; seldom another."""

    def __init__(self, rng: Random, *, hard: float) -> None:
        self._rng = rng
        self._stray = 0.05 + 0.3 * hard
        # Few writers of a form that is rare: the first four are most of what notes have.
        full = rng.choice(_FULL[:4] if rng.random() < 0.6 else _FULL)
        self._habit = {"full": full, "short": rng.choice(_SHORT), "long": rng.choice(_LONG)}

    def write(self, day: date, form: str = "", until: date | None = None) -> Pieces:
        """A date in a form: "" is full or short, "range" runs to `until`, "weekday" is no PHI."""
        rng = self._rng
        if form == "weekday":
            return ((day.strftime("%A"), ""),)
        if form == "iso_time":
            return ((f"{day.isoformat()}T{rng.randrange(24):02}:{rng.randrange(60):02}", "DATE"),)
        if form == "range" and until is not None:
            return _range(day, until, rng)
        if not form:
            form = "full" if rng.random() < 0.5 else "short"
        written = self._habit.get(form)
        if written is None or rng.random() < self._stray:
            written = rng.choice(_FORMS[form])
        text = written(day)
        if text.startswith("the "):
            return (("the ", ""), (text[4:], "DATE"))
        return ((text, "DATE"),)


def _range(day: date, until: date, rng: Random) -> Pieces:
    dash = rng.choice(("-", "-", " - ", "\u2013"))
    start, stop = f"{day.month}/{day.day}", f"{until.month}/{until.day}"
    joined = rng.choice((f"{start}{dash}{stop}", f"{start}{dash}{stop}/{until.year}"))
    if (day.year, day.month) == (until.year, until.month) and rng.random() < 0.3:
        joined = f"{_month(day)} {day.day}-{until.day}, {until.year}"
    if rng.random() < 0.6:
        return ((joined, "DATE"),)
    start, stop = f"{start}/{day.year % 100:02}", f"{stop}/{until.year % 100:02}"
    return ((start, "DATE"), (rng.choice((" to ", " through ")), ""), (stop, "DATE"))


_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_YEARS = ("-year-old", " year old", "-year old", " y/o", " yo", "yo", "y/o", " y.o.", " yr old")


def write_age(years: int, form: str, rng: Random) -> Pieces:
    """An age in years: "old" with its unit, "bare" and "" without, "short" as in a list."""
    number = str(years)
    if form == "old":
        if 20 < years < 100 and rng.random() < 0.06:
            number = _TENS[years // 10 - 2] + (f"-{_ONES[years % 10 - 1]}" if years % 10 else "")
            return ((number, "AGE"), (rng.choice(_YEARS[:3]), ""))
        return ((number, "AGE"), (rng.choice(_YEARS[:1] * 5 + _YEARS), ""))
    if form == "an_old":
        article = "an " if number.startswith("8") or years in (11, 18) else "a "
        return ((article, ""), (number, "AGE"), (rng.choice(_YEARS[:3]), ""))
    if form == "short":
        return ((number, "AGE"), (rng.choice(("yo", "y/o", " yo", "y", " yrs")), ""))
    return ((number, "AGE"),)


def write_infants_age(months: int, form: str, rng: Random) -> Pieces:
    """An age in months, or in weeks when it is less than three: "old", "an_old", "short" or ""."""
    unit, number = ("week", 4 * months) if months < 3 else ("month", months)
    if form in ("old", "an_old"):
        article = "an " if number in (8, 11, 18) else "a "
        old = ((str(number), "AGE"), (rng.choice((f"-{unit}-old", f" {unit} old")), ""))
        return ((article, ""), *old) if form == "an_old" else old
    short = {"week": (" wks", " weeks"), "month": (" mo", "mo", " months")}[unit]
    return ((str(number), "AGE"), (rng.choice(short if form == "short" else short[-1:]), ""))
