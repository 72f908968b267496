import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.written_dates import Field, WrittenDate, read_dates

PIECES = (
    *("3", "03", "14", "31", "2019", "19", "'19", "1990s", "20190314", "0800", "7th", "2nd"),
    *(
        "/",
        "-",
        ".",
        " ",
        "\n",
        ", ",
        "\u2011",
        "\u00a0",
        "\u200b",
        ":",
        "T",
        "th",
        "3/14",
        "3/20/19",
    ),
    *("March", "Mar", "MAY", "Sept.", "Monday", "Thu", " to ", " of ", "POD#", " days", "x", "at "),
)
dates_and_noise = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30)


def dates_of(written: str) -> list[tuple[int | None, int | None, int | None]]:
    """Year, month and day of each date read."""
    parts = read_dates(written)
    assert parts is not None
    return [(each.year, each.month, each.day) for each in parts if isinstance(each, WrittenDate)]


def characters_of(part: WrittenDate | Field | str) -> str:
    if isinstance(part, str):
        return part
    fields = part.pieces if isinstance(part, WrittenDate) else (part,)
    return "".join(
        each if isinstance(each, str) else each.text
        for each in fields
        if isinstance(each, str) or each.kind != "shared"
    )


@pytest.mark.parametrize(
    ("written", "dates"),
    [
        ("3/14", [(None, 3, 14)]),
        ("3-14", [(None, 3, 14)]),
        ("14/3", [(None, 3, 14)]),
        ("14.03.", [(None, 3, 14)]),
        ("3/14/19", [(19, 3, 14)]),
        ("3/14/'19", [(19, 3, 14)]),
        ("03/14/2019", [(2019, 3, 14)]),
        ("3-14-2019", [(2019, 3, 14)]),
        ("3 / 14 / 2019", [(2019, 3, 14)]),
        ("3/4/2019", [(2019, 3, 4)]),  # US: month first
        ("14/3/2019", [(2019, 3, 14)]),  # can only be day first
        ("14.03.2019", [(2019, 3, 14)]),
        ("4.3.2019", [(2019, 3, 4)]),  # dots: day first
        ("3.14.2019", [(2019, 3, 14)]),
        ("2019-03-14", [(2019, 3, 14)]),
        ("2019/3/14", [(2019, 3, 14)]),
        ("2019-03-14T10:30:00Z", [(2019, 3, 14)]),
        ("2019-03-14T1030", [(2019, 3, 14)]),
        ("2019-03-14 10:30:00.123+00:00", [(2019, 3, 14)]),
        ("20190314", [(2019, 3, 14)]),
        ("201903141030", [(2019, 3, 14)]),
        ("03142019", [(2019, 3, 14)]),
        ("14-Mar-2019", [(2019, 3, 14)]),
        ("14MAR19", [(19, 3, 14)]),
        ("14 Mar 19", [(19, 3, 14)]),
        ("14 March 2019", [(2019, 3, 14)]),
        ("14th of March, 2019", [(2019, 3, 14)]),
        ("March 14th", [(None, 3, 14)]),
        ("March the 14th", [(None, 3, 14)]),
        ("Mar. 14 '19", [(19, 3, 14)]),
        ("March 14, 2019", [(2019, 3, 14)]),
        ("March\n14,\u00a02019", [(2019, 3, 14)]),
        ("3/14/\n2019", [(2019, 3, 14)]),
        ("3\u201114\u20112019", [(2019, 3, 14)]),
        ("\uff13/\uff11\uff14/2019", [(2019, 3, 14)]),  # full-width digits
        ("3/1\u200b4/2019", [(2019, 3, 14)]),
        ("Mar-14-19", [(19, 3, 14)]),
        ("2019-Mar-14", [(2019, 3, 14)]),
        ("2019 March 14", [(2019, 3, 14)]),
        ("Mar '19", [(19, 3, None)]),
        ("Mar \u201919", [(19, 3, None)]),
        ("Mar 2019", [(2019, 3, None)]),
        ("March of 2019", [(2019, 3, None)]),
        ("03/2019", [(2019, 3, None)]),
        ("2019-03", [(2019, 3, None)]),
        ("3/98", [(98, 3, None)]),  # no month has 98 days
        ("Mar 19", [(None, 3, 19)]),
        ("Mar 98", [(98, 3, None)]),
        ("mid-March", [(None, 3, None)]),
        ("2019", [(2019, None, None)]),
        ("'98", [(98, None, None)]),
        ("the 1990s", [(1990, None, None)]),
        ("'90s", [(90, None, None)]),
        ("2/29", [(None, 2, 29)]),
        ("2/29/00", [(0, 2, 29)]),
        ("2/29/2020", [(2020, 2, 29)]),
        # several
        ("3/14-3/20", [(None, 3, 14), (None, 3, 20)]),
        ("3-14 - 3-20", [(None, 3, 14), (None, 3, 20)]),
        ("3/14/19 - 3/20/19", [(19, 3, 14), (19, 3, 20)]),
        ("3/14 through 3/20", [(None, 3, 14), (None, 3, 20)]),
        ("March 3-7, 2019", [(None, 3, 3), (2019, 3, 7)]),
        ("3 to 7 March 2019", [(None, 3, 3), (2019, 3, 7)]),
        ("March 30 - April 2", [(None, 3, 30), (None, 4, 2)]),
        ("March 14 to 3 April", [(None, 3, 14), (None, 4, 3)]),
        ("14 Mar - 20 Mar", [(None, 3, 14), (None, 3, 20)]),
        ("2015-2017", [(2015, None, None), (2017, None, None)]),
        ("2015-17", [(2015, None, None), (17, None, None)]),
        ("3/14, 3/15, 3/16/19", [(None, 3, 14), (None, 3, 15), (19, 3, 16)]),
        # times beside them
        ("3/14/2019 1430", [(2019, 3, 14)]),
        ("3/14 0800", [(None, 3, 14)]),
        ("March 10 at 10 am", [(None, 3, 10)]),
        ("March 14 s/p", [(None, 3, 14)]),
        # none
        ("3 days", []),
        ("3-4 weeks ago", []),
        ("two weeks", []),
        ("14d", []),
        ("32 6/7 weeks", []),
        ("POD#3", []),
        ("hospital day 3", []),
        ("10:30", []),
        ("1030 hrs", []),
        ("Monday", []),
        ("yesterday", []),
        ("", []),
    ],
)
def test_what_notes_write_is_read(written: str, dates: list[tuple[int | None, ...]]) -> None:
    assert dates_of(written) == dates


@pytest.mark.parametrize(
    "written",
    [
        "2/30/2019",
        "2/29/2019",
        "2/29/19",
        "13/45/2019",
        "31/11/2019",
        "Feb 30, 2019",
        "April 31",
        "20191345",
        "3/14/019",
        "1/2/3/4",
        "536-22-6789",
        "3/14-20",  # to the 20th, or of 2020?
        "14 Mar - 16",
        "the 14th",
        "March fourteenth",
        "nineteen ninety-eight",
        "day 14 March 3rd 5",
        "3/14/2019 5",
        "Q3 2019",
        "Christmas",
        "Good Friday 2019",
        "summer 2018",
    ],
)
def test_what_is_impossible_or_not_understood_is_not_read(written: str) -> None:
    assert read_dates(written) is None


@given(dates_and_noise)
def test_parts_read_are_all_characters_of_the_span(written: str) -> None:
    parts = read_dates(written)
    assert parts is None or "".join(map(characters_of, parts)) == written


@given(dates_and_noise)
def test_a_number_that_stays_outside_of_dates_is_a_time_or_a_duration(written: str) -> None:
    for part in read_dates(written) or ():
        if isinstance(part, str) and any(each.isdecimal() for each in part):
            assert read_dates("3/14/2019 " + part.strip()) is not None


def test_a_weekday_is_a_part_of_its_own() -> None:
    parts = read_dates("Thurs, 3/14/2019") or ()
    assert isinstance(parts[0], Field)
    assert (parts[0].kind, parts[0].value, parts[1]) == ("weekday", 3, ", ")


def test_parts_show_no_text_in_their_repr() -> None:
    for written, told in (("March 14, 2019", "March"), ("Monday", "Monday")):
        (part,) = read_dates(written) or ()
        # The default, which has an address and nothing else.
        assert type(part).__repr__ is object.__repr__
        assert told not in repr(part)
