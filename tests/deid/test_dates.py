import ast
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import spacy_modernbert_bio.deid
from spacy_modernbert_bio.deid.dates import full_years, generalise_dates, note_year, shift_dates

any_day = st.dates(date(1900, 1, 1), date(2100, 12, 31)) | st.builds(
    date, st.sampled_from(range(1904, 2100, 4)), st.just(2), st.sampled_from([28, 29])
)
recent_day = st.dates(date(1950, 1, 1), date(2049, 12, 31))
offsets = st.integers(-365, 365) | st.integers(-4000, 4000)


def nth(day: int) -> str:
    if day in (11, 12, 13):
        return f"{day}th"
    return f"{day}{['th', 'st', 'nd', 'rd', 'th', 'th', 'th', 'th', 'th', 'th'][day % 10]}"


# Formats that tell their own padding whatever the day is.
WHOLE: dict[str, Callable[[date], str]] = {
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "iso time": lambda day: f"{day:%Y-%m-%d}T10:30:00Z",
    "hl7": lambda day: f"{day:%Y%m%d}",
    "glued us": lambda day: f"{day:%m%d%Y}",
    "slashes": lambda day: f"{day.month}/{day.day}/{day.year}",
    "slashes and time": lambda day: f"{day.month}/{day.day}/{day.year} at 1430",
    "dashes": lambda day: f"{day.month}-{day.day}-{day.year}",
    "dots": lambda day: f"{day:%d.%m.%Y}",
    "oracle": lambda day: f"{day:%d-%b-%Y}",
    "sas": lambda day: f"{day:%d%b%Y}".upper(),
    "long": lambda day: f"{day:%B} {day.day}, {day.year}",
    "long, broken": lambda day: f"{day:%B}\n{day.day},\u00a0{day.year}",
    "capitals": lambda day: f"{day:%B} {day.day}, {day.year}".upper(),
    "ordinal": lambda day: f"{day:%B} {nth(day.day)}, {day.year}",
    "british": lambda day: f"{day.day} {day:%B} {day.year}",
    "of": lambda day: f"the {nth(day.day)} of {day:%B}, {day.year}",
    "weekday": lambda day: f"{day:%A}, {day:%B} {day.day}, {day.year}",
    "short weekday": lambda day: f"{day.month}/{day.day}/{day.year} ({day:%a})",
    "U+2011": lambda day: f"{day.month}\u2011{day.day}\u2011{day.year}",
}
SHORT: dict[str, Callable[[date], str]] = {
    "two digits": lambda day: f"{day.month}/{day.day}/{day:%y}",
    "oracle": lambda day: f"{day:%d-%b-%y}",
    "apostrophe": lambda day: f"{day:%B} {day.day} '{day:%y}",
}


@given(st.sampled_from(sorted(WHOLE)), any_day, offsets)
def test_a_full_date_moves_by_the_days_and_keeps_its_format(
    form: str, day: date, days: int
) -> None:
    written, moved = WHOLE[form](day), WHOLE[form](day + timedelta(days))
    assert shift_dates(written, days, year=None) == moved
    assert shift_dates(written, 0, year=None) == written


@given(st.sampled_from(sorted(SHORT)), recent_day, offsets)
def test_a_two_digit_year_moves_as_a_whole_one(form: str, day: date, days: int) -> None:
    assert shift_dates(SHORT[form](day), days, year=None) == SHORT[form](day + timedelta(days))


@given(any_day, offsets)
def test_padding_is_kept_where_the_date_shows_it(day: date, days: int) -> None:
    assume(min(day.month, day.day) < 10)
    moved = day + timedelta(days)
    assert shift_dates(f"{day:%m/%d/%Y}", days, year=None) == f"{moved:%m/%d/%Y}"


@given(any_day, offsets)
def test_abbreviated_months_stay_abbreviated(day: date, days: int) -> None:
    assume(day.month != 5)
    moved = day + timedelta(days)
    assert shift_dates(f"{day:%b}. {day.day}, {day.year}", days, year=None) == (
        f"{moved:%b}. {moved.day}, {moved.year}"
    )


@given(any_day, any_day, st.sampled_from(sorted(WHOLE)), st.sampled_from(sorted(WHOLE)), offsets)
def test_two_dates_of_a_span_keep_their_distance(
    first: date, last: date, form: str, other: str, days: int
) -> None:
    written = f"{WHOLE[form](first)} through {WHOLE[other](last)}"
    moved = [WHOLE[form](first + timedelta(days)), WHOLE[other](last + timedelta(days))]
    assert shift_dates(written, days, year=2019) == " through ".join(moved)


@given(st.sampled_from(sorted(WHOLE)), any_day, offsets)
def test_moving_there_and_back_gives_the_original(form: str, day: date, days: int) -> None:
    moved = shift_dates(WHOLE[form](day), days, year=None)
    assume(1900 <= (day + timedelta(days)).year <= 2099)
    assert moved is not None
    assert shift_dates(moved, -days, year=None) == WHOLE[form](day)


@given(any_day, st.integers(0, 20), st.integers(-365, 365))
def test_a_range_within_a_month_says_so_when_it_leaves_it(
    day: date, length: int, days: int
) -> None:
    last = day + timedelta(length)
    assume(day < last and (day.year, day.month) == (last.year, last.month))
    new, new_last = day + timedelta(days), last + timedelta(days)
    name = "" if new.month == new_last.month else f"{new_last:%B} "
    assert shift_dates(f"{day:%B} {day.day}-{last.day}, {last.year}", days, year=None) == (
        f"{new:%B} {new.day}-{name}{new_last.day}, {new_last.year}"
    )


@pytest.mark.parametrize(
    ("written", "days", "year", "moved"),
    [
        # What OpenMed fills from today's clock (peers.md 3d): here the precision stays.
        ("3/14", 30, 2019, "4/13"),
        ("2019", 30, 2019, "2019"),
        ("Monday", 30, 2019, "Monday"),
        ("Mar 2019", 30, 2019, "Apr 2019"),
        ("14.03.2019", 30, 2019, "13.04.2019"),
        ("2019-03-14T10:30", 30, 2019, "2019-04-13T10:30"),
        ("3/14-3/20", 30, 2019, "4/13-4/19"),
        # precision
        ("03/14", -30, 2019, "02/12"),
        ("March 14th", -1, 2019, "March 13th"),
        ("MARCH 14TH", 8, 2019, "MARCH 22ND"),
        ("Mar '19", 30, 2019, "Apr '19"),
        ("03/2019", -80, 2019, "12/2018"),
        ("2019-03", 300, 2019, "2020-01"),
        ("'98", 200, 2019, "'99"),
        ("'99", 200, 2019, "'00"),
        ("2015-17", 190, 2019, "2016-18"),
        ("1990s", 365, 2019, "1990s"),
        ("late March", 20, 2019, "late April"),
        # months' names
        ("Sept 1, 2019", 30, 2019, "Oct 1, 2019"),
        ("SEPT. 1ST", 30, 2019, "OCT. 1ST"),
        ("sep 1", 31, 2019, "oct 2"),
        ("May 3", 30, 2019, "June 2"),
        ("03-May-2019", 30, 2019, "02-Jun-2019"),
        ("Apr 28 - May 3", 40, 2019, "Jun 7 - Jun 12"),
        ("28-31 March 2019", 2, 2019, "30 March-2 April 2019"),
        ("30 March-2 April 2019", -2, 2019, "28 March-31 March 2019"),
        # script and blanks
        ("\uff13/\uff11\uff14", 30, 2019, "\uff14/\uff11\uff13"),
        ("3\u200b/14", 30, 2019, "4\u200b/13"),
        # the year that isn't written
        ("2/27", 3, 2019, "3/2"),
        ("2/27", 3, 2020, "3/1"),
        ("2/27", 3, None, "3/2"),
        ("2/29", 1, 2020, "3/1"),
        ("2/29", 1, None, "3/1"),
        ("12/30", 5, 2019, "1/4"),
        ("2/27-3/1/2020", 3, 2019, "3/1-3/4/2020"),
        ("12/30 - 1/2/2020", 366, 2017, "12/30 - 1/2/2021"),
        ("11/28/2019 - 2/28", 2, None, "11/30/2019 - 3/1"),
        ("2/28/00", 1, 1930, "3/1/00"),  # of 1900, no leap year
        ("2/28/00", 1, 1995, "2/29/00"),
        ("2/28/00", 1, None, "2/29/00"),
        # times, durations, words
        ("3/14/2019 1430", 30, 2019, "4/13/2019 1430"),
        ("3/14 at 10:30 am", 30, 2019, "4/13 at 10:30 am"),
        ("2 weeks ago (3/14)", 30, 2019, "2 weeks ago (4/13)"),
        ("3 days", 30, 2019, "3 days"),
        ("POD#3", 30, 2019, "POD#3"),
        ("POD#3 (3/14)", 30, 2019, "POD#3 (4/13)"),
        ("10:30", 30, 2019, "10:30"),
        # a weekday beside a date would tell the shift modulo 7
        ("Thursday 3/14/2019", 30, 2019, "Saturday 4/13/2019"),
        ("Thurs 3/14", 30, 2019, "Sat 4/13"),
        ("THU, 14 MAR 2019", 1, 2019, "FRI, 15 MAR 2019"),
        ("Monday through Thursday, 3/14/2019", 1, 2019, "Tuesday through Friday, 3/15/2019"),
        ("Monday, March 2019", 30, 2019, "Monday, April 2019"),
    ],
)
def test_dates_move_at_the_precision_that_is_written(
    written: str, days: int, year: int | None, moved: str
) -> None:
    assert shift_dates(written, days, year=year) == moved
    assert shift_dates(written, 0, year=year) == written


@pytest.mark.parametrize(
    "written", ["2/30/2019", "13/45/2019", "2/29", "2/29-3/2/2019", "the 14th"]
)
def test_an_impossible_date_is_not_moved(written: str) -> None:
    assert shift_dates(written, 30, year=2019) is None


def test_the_day_of_a_month_that_is_not_written_does_not_decide_which_month() -> None:
    assert shift_dates("Jan 2019", 15, year=None) == "Jan 2019"
    assert shift_dates("Jan 2019", 17, year=None) == "Feb 2019"


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("March 14th, 2019", "2019"),
        ("3/14/19", "2019"),
        ("'98", "1998"),
        ("2015-2017", "2015-2017"),
        ("12/30/2019 - 1/2/2020", "2019-2020"),
        ("3/14/2019 - 3/20/2019", "2019"),
        ("1949-52", "1949-1952"),
        ("the 1990s", "1990s"),
        ("3/14", ""),
        ("Monday", ""),
        ("10:30", ""),
        ("3 days", ""),
        ("2/30/2019", None),
        ("Christmas", None),
    ],
)
def test_only_the_year_is_left(written: str, left: str | None) -> None:
    assert generalise_dates(written) == left


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("3/14/1929", ""),
        ("3/14/1930", "1930"),
        ("1925-2017", "2017"),
        ("1920s", ""),
        ("3/14/29", ""),  # of 2029 no note of 2019 tells
        ("3/14/30", "1930"),
        ("3/14/19", "2019"),
        ("3/14/20", "2020"),
    ],
)
def test_a_year_that_tells_an_age_over_89_is_not_left(written: str, left: str) -> None:
    assert generalise_dates(written, last_year_over_89=1929) == left


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ([], None),
        (["3/14", "Mar 2018", "2017", "Christmas"], None),
        (["3/14/1950", "3/14/2019", "3/20/19"], 2019),
        (["3/14/2018", "3/14/2019"], 2019),
        (["3/14/2019", "1/1/2018 - 1/3/2018"], 2018),
    ],
)
def test_the_note_is_of_the_year_that_most_full_dates_are_in(
    written: list[str], year: int | None
) -> None:
    assert note_year(full_years(written)) == year


CLOCKS = {"now", "today", "utcnow", "localtime", "gmtime", "fromtimestamp", "time_ns", "strftime"}


def clock_calls(source: str) -> list[int]:
    """Lines of a source that ask a clock, or could."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Attribute | ast.Name) and called(node) in CLOCKS)
        or (isinstance(node, ast.Import) and any(each.name == "time" for each in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "time")
    ]


def called(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


@pytest.mark.parametrize(
    "file",
    sorted(Path(spacy_modernbert_bio.deid.__file__).parent.rglob("*.py")),
    ids=lambda file: file.name,
)
def test_no_file_of_the_room_asks_a_clock(file: Path) -> None:
    assert clock_calls(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source", ["datetime.now()", "date.today()", "import time", "from time import time"]
)
def test_a_clock_would_be_seen(source: str) -> None:
    assert clock_calls(source) == [1]
