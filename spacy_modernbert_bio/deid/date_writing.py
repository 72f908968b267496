"""A date written as another one was: padding, separators, case, abbreviation, script of digits.

What a format leaves open stays as the form has it: 12/14/2019 does not tell whether May is 5 or 05,
nor "May" whether July is Jul. Does no arithmetic (`dates`).
"""

import unicodedata
from collections.abc import Sequence
from datetime import date

from spacy_modernbert_bio.deid.written_dates import (
    FIRST_WHOLE_YEAR,
    MONTHS,
    WEEKDAYS,
    Field,
    WrittenDate,
)

_MAY = 5
_ABBREVIATED = 3  # letters


def abbreviates(dates: Sequence[WrittenDate]) -> bool:
    """Whether a month's name among these is surely short, which tells how to write after "May"."""
    return any(
        len(each.text) == _ABBREVIATED and each.value != _MAY and each.text.isalpha()
        for written in dates
        for each in written.pieces
        if isinstance(each, Field) and each.kind == "month"
    )


def write_date(written: WrittenDate, day: date, *, other_month: int, short_names: bool) -> str:
    """`day` in the format of `written`, as much of it as is written there.

    other_month: of the other end of "March 3-7", whose name is written once if it serves both.
    short_names: see `abbreviates`.
    """
    short = short_names or written.padded
    text = ""
    for place, piece in enumerate(written.pieces):
        if isinstance(piece, str):
            text += piece
        elif piece.kind != "shared":
            text += _write_field(piece, day, padded=written.padded, short=short)
        elif day.month != other_month:
            name = _write_field(piece, day, padded=written.padded, short=short)
            text += f" {name}" if place else f"{name} "
    return text


def write_weekday(written: Field, value: int) -> str:
    """A weekday (Monday is 0) as another is written."""
    if value == written.value:
        return written.text
    name = WEEKDAYS[value]
    full = written.text.lower().endswith("day")
    return _in_case(written.text, name if full else name[:_ABBREVIATED])


def _write_field(field: Field, day: date, *, padded: bool, short: bool) -> str:
    if field.kind in ("year", "decade"):
        year = day.year if field.kind == "year" else day.year // 10 * 10
        digits = f"{year:04d}" if field.value >= FIRST_WHOLE_YEAR else f"{year % 100:02d}"
        return _number(field, int(digits), digits)
    if field.kind == "suffix":
        return field.text if day.day == field.value else _in_case(field.text, _ordinal(day.day))
    value = day.day if field.kind == "day" else day.month
    if field.text[0].isalpha():
        return _month_name(field, value, short=short)
    return _number(field, value, f"{value:02d}" if _has_zero(field, padded) else str(value))


def _month_name(field: Field, month: int, *, short: bool) -> str:
    if month == field.value and field.kind != "shared":
        return field.text
    brief = short if field.value == _MAY else field.text.lower() != MONTHS[field.value - 1].lower()
    name = MONTHS[month - 1]
    return _in_case(field.text, name[:_ABBREVIATED] if brief else name)


def _has_zero(field: Field, padded: bool) -> bool:
    """Whether a number below ten has a zero: its own old one tells, or else the date's."""
    return padded if field.value >= 10 else sum(map(str.isdecimal, field.text)) > 1


def _number(field: Field, value: int, digits: str) -> str:
    """Digits in the script of the old ones."""
    if value == field.value:
        return field.text
    first = field.text[0]
    zero = ord(first) - unicodedata.decimal(first)
    return "".join(chr(zero + int(digit)) for digit in digits)


def _in_case(old: str, new: str) -> str:
    if old.isupper():
        return new.upper()
    return new.lower() if old.islower() else new


def _ordinal(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
