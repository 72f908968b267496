import pytest

from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.deid.spans import merge_spans


def dates(note: str) -> list[str]:
    return [note[span.start : span.stop] for span in merge_spans(match_rules(note, DATE_RULES))]


# Each is one date from end to end, alone and after other words.
WHOLE = """
3/14/19
03/14/2019
3-14-19
03-14-2019
14.03.2019
14.03.19
3 / 14 / 2019
2019-03-14
2019/03/14
2019-03-14T10:30
2019-03-14T10:30:00.123Z
2019-03-14 10:30:00
20190314
20190314103000
14-Mar-2019
14-MAR-19
14MAR2019
14 March 2019
14th of March 2019
14/Mar/2019
March 14th
March 14, 2019
March 14,2019
march 14, 2019
MARCH 14, 2019
Mar. 14, 2019
Mar 14 2019
Mar 14th '19
March the 14th
March 14(th) 2019
Sept 15 2022
Oct. 13th, 2022
MAR-14-2019
Jan/05/2019
Mar '19
Mar ’19
Mar 2019
March of 2019
March, 2019
May 3
03/2019
3/2019
03-2019
2019-03
3/14
14/3/2019
3/14-3/20
3/14-20
3/14 to 3/20/19
3/14/19-3/20/19
11/28/04-12/2/04
1/12-15/93
March 3-7, 2019
March 3rd to 7th
March 3, 5, and 7
March 28 - April 3, 2019
3-7 March 2019
10th to 29th April 2015
2015-2017
2015 to 2017
1998-99
Thursday, March 14, 2019
Thu 3/14
Monday, the 20th
Monday 14 March
Weds 3/6
Thurs 3-6
Fri 14.03.2019
03/14/2019 10:30 AM
03/14/2019 at 10:20 a.m.
3/14 at 10:30
12/29/2008 at 1859 hours
March 14, 2019, 10:30 PM
Summer of 2018
Fall '02
Christmas
New Year's Eve
New Year’s Day 2019
Fourth of July
Labor Day
twenty-first of March 2019
September
Feb. 30, 2019
14/31/2019
13/45/2019
02/30/2019
O3/l4/2O19
""".strip().splitlines()


@pytest.mark.parametrize("date", WHOLE)
def test_a_date_is_found_from_end_to_end(date: str) -> None:
    note = f"He was seen on {date}."
    assert dates(note) == [date]


WRAPPED = ["03/14/\n2019", "03/\n14/2019", "3/\n14", "March\n14, 2019", "March 14,\n      2019"]
WRAPPED += ["14\nMarch 2019", "2019-03-\n14", "Labor\nDay", "fourth\nof July", "Mar\n2019"]


@pytest.mark.parametrize("date", WRAPPED)
def test_a_date_goes_on_in_the_next_line(date: str) -> None:
    assert dates(f"seen on {date}, stable") == [date]


ODD_CHARACTERS = ["14\u2011Mar\u20112019", "3\u201314\u201319", "14\u00a0March\u00a02019"]
ODD_CHARACTERS += ["３/14/19", "03/1\u200b4/2019", "3/14\u20133/20"]


@pytest.mark.parametrize("date", ODD_CHARACTERS)
def test_dashes_blanks_and_digits_may_be_of_any_kind(date: str) -> None:
    assert dates(f"seen on {date}, stable") == [date]


IN_CONTEXT = {
    "in '98": ["'98"],
    "quit in 2015": ["2015"],
    "since 2003.": ["2003"],
    "in about 1993,": ["1993"],
    "in the mid-1990s": ["1990s"],
    "s/p CABG 2015, doing well": ["2015"],
    "COPD (2003)": ["2003"],
    "in 1994, 1997, and 2000": ["1994", "1997", "2000"],
    "Hypertension since 1985.5. Diabetes": ["1985"],
    "in March": ["March"],
    "last december": ["december"],
    "since last May": ["May"],
    "between April and June": ["April", "June"],
    "until the 14th.": ["14th"],
    "since the 13th and complains": ["13th"],
    "strength 5/5 on 3/4": ["3/4"],
    "on 3/14 strength 4/5": ["3/14"],
    "labs 3/14: WBC 2": ["3/14"],
    "4/5: afebrile": ["4/5"],
    "3/14, 4/5 and 5/6": ["3/14", "4/5", "5/6"],
    "scan in 4/95": ["4/95"],
    "(3/92, 6/92, 9/92 ,10/92)": ["3/92", "6/92", "9/92", "10/92"],
    "seen 3/14/19.2. Echo": ["3/14/19"],
    "ankle x-ray 3/14-3/20": ["3/14-3/20"],
    "Pain and edema, 3/14 better": ["3/14"],
    "insulin 03/05": ["03/05"],
    "on 14/3": ["14/3"],
    "on 03-14": ["03-14"],
    "04/05": ["04/05"],
    "DOB: 03141960": ["03141960"],
    "DOB 3 14 60": ["3 14 60"],
    "date of birth: 031460": ["031460"],
    "DOB3/14/1960": ["3/14/1960"],
    "onMarch 14, 2019": ["March 14, 2019"],
    "14Mar19was": ["14Mar19"],
    "2. April 9, 2007, Dr. Y": ["April 9, 2007"],
    "on may 3": ["may 3"],
    "in December. Urine": ["December"],
    "20/40/60 on 20/40/60": ["20/40/60"],
    "(Mercy Clinic, '09)": ["'09"],
    "15 Jan Mg 2.2": ["15 Jan"],
    "11/19 Mg: 1.5": ["11/19"],
    "signed 11/10/10\nCopies: none": ["11/10/10"],
    "discharged 3-14, well": ["3-14"],
    "on 3-\n26.": ["3-\n26"],
    "Hospitalized 2/6 - 2/16 for": ["2/6 - 2/16"],
    "R. March 10/28/22": ["10/28/22"],
    "Apr-00: WBC": ["Apr-00"],
    "9TH OF JANUARY": ["9TH OF JANUARY"],
}


@pytest.mark.parametrize("note", IN_CONTEXT)
def test_words_around_tell_a_date(note: str) -> None:
    assert dates(note) == IN_CONTEXT[note]


def test_an_impossible_date_needs_three_parts_or_a_cue() -> None:
    assert dates("14/31/2019") == ["14/31/2019"]
    assert dates("13/45/19") == []
    assert dates("DOB 13/45/19") == ["13/45/19"]


def test_a_date_rule_names_itself_as_the_source() -> None:
    (span,) = match_rules("on 3/14", DATE_RULES)
    assert (span.label, span.sources) == ("DATE", ("rules:date_pair",))


def test_a_sentence_between_two_dates_parts_them() -> None:
    assert dates("on 03-14. Mar 15th was") == ["03-14", "Mar 15th"]
    assert dates("14-Mar-2019. 3.14.19") == ["14-Mar-2019", "3.14.19"]
