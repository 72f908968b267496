"""The page of a leak audit: its verdict, its figures, and nothing that runs."""

import re

import pytest

from spacy_modernbert_bio.pages.leaks import LeakPlace, LeakRow, leak_page

HOSTILE = "</td><script>alert('x')</script>"
KINDS = {"exact": "as it was", "digits": "its digits"}


def cells(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows]


def test_figures_stand_by_identifier_and_kind_with_their_sums() -> None:
    rows = [LeakRow("1", "names", (2, 1)), LeakRow("", "none of the 18", (0, 1000))]
    places = [LeakPlace("out.jsonl:7", {"PATIENT (exact)": 2, "ID (digits)": 1001})]
    page = leak_page("Audit", kinds=KINDS, rows=rows, places=places, notes=12)
    assert cells(page) == [
        ["", "identifier", "exact", "digits", "all"],
        ["1", "names", "2", "1", "3"],
        ["", "none of the 18", "0", "1,000", "1,000"],
        ["", "all", "2", "1,001", "1,003"],
        ["note", "found"],
        ["out.jsonl:7", "PATIENT (exact) × 2, ID (digits) × 1,001"],
    ]
    assert '<p class="verdict leaking"><b>1,003 leaks in 1 of 12 notes.</b>' in page
    assert "<b>digits</b>: its digits" in page


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({}, 'clean"><b>No leak found in 1 note.</b>'),
        ({"withheld": 1}, 'clean"><b>No leak found in 1 note.</b> 1 note withheld, without text.'),
        ({"unread": 2}, 'leaking"><b>No leak found in 1 note.</b> 2 notes could not be audited.'),
    ],
)
def test_the_verdict_is_clean_only_where_all_was_read(counts, verdict) -> None:
    rows = [LeakRow("1", "names", (0, 0))]
    page = leak_page("Audit", kinds=KINDS, rows=rows, places=[], notes=1, **counts)
    assert verdict in page
    assert "Where" not in page


def test_hostile_words_stay_words_wherever_they_stand() -> None:
    page = leak_page(
        HOSTILE,
        kinds={HOSTILE: HOSTILE},
        rows=[LeakRow(HOSTILE, HOSTILE, (1,))],
        places=[LeakPlace(HOSTILE, {HOSTILE: 1})],
        notes=1,
        about=[HOSTILE],
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 10


def test_a_page_of_many_places_says_how_many_it_leaves_out() -> None:
    places = [LeakPlace(f"out.jsonl:{number}", {"ID (exact)": 1}) for number in range(502)]
    page = leak_page("Audit", kinds=KINDS, rows=[], places=places, notes=502)
    assert "out.jsonl:499" in page
    assert "out.jsonl:500" not in page
    assert "And 2 notes more." in page
