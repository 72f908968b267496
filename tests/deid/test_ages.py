import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.ages import generalise_age

TEMPLATES = (
    *("{}", "{} y/o", "{}-year-old", "{}yo", "{}F", "{} y.o. M", "aged {}", "{} years", "{} W M"),
    *("{} w/o", "{}y", "{} y/o, 5 mo", "over {}", "age: {} yrs", "{}\nyears old", "45 and {}"),
    *("{}th birthday", "{}'s", "mid-{}s", "{} and a half", "{}+", "{} or older", "{}\u2011year"),
)
ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def in_words(age: int) -> str:
    """90 to 199."""
    if age < 100:
        return "ninety" + (f"-{ONES[age - 91]}" if age > 90 else "")
    rest = age - 100
    tens = ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    words = (f"{tens[rest // 10 - 1]} " if rest >= 10 else "") + (
        ONES[rest % 10 - 1] if rest % 10 else ""
    )
    return f"one hundred and {words}".removesuffix(" and ").strip()


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("93 y/o", "90+ y/o"),
        ("93", "90+"),
        ("90", "90+"),
        ("93F", "90+F"),
        ("93-year-old", "90+-year-old"),
        ("102-yr-old", "90+-yr-old"),
        ("ninety-three-year-old", "90+-year-old"),
        ("ninety", "90+"),
        ("NINETY-ONE", "90+"),
        ("ninety\nthree years old", "90+ years old"),
        ("ninty two", "90+"),
        ("ninetyF", "90+F"),
        ("one hundred and five", "90+"),
        ("a hundred and two years old", "90+ years old"),
        ("in her 90s", "90+"),
        ("90s", "90+"),
        ("mid-90's", "90+"),
        ("in his late nineties", "90+"),
        ("nonagenarian", "90+-year-old"),
        ("two centenarians", "two 90+-year-olds"),
        ("supercentenarian", "90+-year-old"),
        ("90 and a half", "90+"),
        ("ninety-one and a half years", "90+ years"),
        ("93\u00bd", "90+"),
        ("93 1/2", "90+"),
        ("90.5 y.o.", "90+ y.o."),
        ("93rd birthday", "90+ birthday"),
        ("ninety-third", "90+"),
        ("90ish", "90+"),
        ("ninety-something", "90+"),
        ("over 90", "90+"),
        (">90", "90+"),
        ("90 or older", "90+"),
        ("90-95 years", "90+ years"),
        ("88-93", "88-90+"),
        ("93y5m", "90+y"),
        ("93 years and 5 months", "90+ years"),
        ("1200 months", "90+ years"),
        ("1,100-month-old", "90+-year-old"),
        ("1080 months", "90+ years"),
        ("twelve hundred months", "90+ years"),
        ("one thousand two hundred months", "90+ years"),
        ("33000 days", "90+ years"),
        ("9\u200b3 y/o", "90+ y/o"),
        ("\uff19\uff13", "90+"),
        ("9" * 5000, "90+"),
        # robust_deid kept this one for its "5"; deidentify made 89 of 93 (peers.md 3d)
        ("93 y/o, 5 mo", "90+ y/o"),
    ],
)
def test_an_age_over_89_becomes_90_and_over(written: str, left: str) -> None:
    assert generalise_age(written) == left


@pytest.mark.parametrize(
    "written",
    [
        "89",
        "9",
        "45 y/o",
        "89.5",
        "5.93 years",
        "eighty-nine",
        "nineteen",
        "forty-five-year-old",
        "in her 80s",
        "octogenarian",
        "5 mo",
        "18 months",
        "93 months",
        "1079 months",
        "ninety months",
        "95 days",
        "100 weeks",
        "1 year 95 days",
        "a hundred days",
        "45 6/12",
        "3 1/2 year old",
        "> 89",
        "newborn, attended by nine",
        "",
    ],
)
def test_other_ages_stay_as_they_are(written: str) -> None:
    assert generalise_age(written) == written


@given(st.integers(90, 199), st.sampled_from(TEMPLATES), st.booleans())
def test_no_form_of_an_age_over_89_is_left(age: int, template: str, spelled: bool) -> None:
    left = generalise_age(template.format(in_words(age) if spelled else age))
    assert "90+" in left
    assert re.findall(r"\d+", left.replace("90+", "").replace("45 and", "")) == []
    assert not re.search("ninety|hundred", left)


@given(st.integers(0, 89), st.sampled_from(TEMPLATES))
def test_no_form_of_an_age_to_89_is_changed(age: int, template: str) -> None:
    assert generalise_age(template.format(age)) == template.format(age)


@given(st.integers(0, 1300), st.sampled_from((*TEMPLATES, "{} months", "{}-{} years", "{} days")))
def test_a_second_time_changes_nothing(age: int, template: str) -> None:
    left = generalise_age(template.format(age, age + 3))
    assert generalise_age(left) == left
