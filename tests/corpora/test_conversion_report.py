import json
from collections import Counter

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport


def report() -> ConversionReport:
    return ConversionReport(
        documents=2,
        tokens=40,
        entities=Counter(Gene=3, Cell=1),
        borders=Counter(Gene=6, Cell=2),
        borders_off=Counter(Gene=2),
        overlapping=Counter(Gene=1),
        duplicates=1,
    )


def test_rows_go_by_label_and_end_with_their_sum() -> None:
    assert report().label_rows() == [
        ("Cell", 1, 1.0, 0, 0),
        ("Gene", 3, 1 - 2 / 6, 2, 1),
        ("all", 4, 0.75, 2, 1),
    ]


def test_share_of_no_borders_is_no_figure() -> None:
    assert ConversionReport().borders_on_tokens is None
    assert ConversionReport().label_rows() == [("all", 0, None, 0, 0)]


def test_events_keep_their_count_and_their_first_places() -> None:
    result = report()
    for line in range(1, 100):
        result.repaired("I- read as B-", f"a.iob:{line}")
    result.noted("relation", "b.ann:7")
    assert result.event_rows() == [
        ("repair", "I- read as B-", 99, "a.iob:1"),
        ("note", "relation", 1, "b.ann:7"),
    ]
    places = result.to_dict()["repairs"]["I- read as B-"]["first_places"]
    assert places == [f"a.iob:{line}" for line in range(1, 6)]


def test_report_is_plain_json() -> None:
    plain = report().to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["share_of_borders_on_tokens"] == 0.75
    assert plain["entities"] == {"Cell": 1, "Gene": 3}


def test_categories_have_rows_where_they_are_known() -> None:
    assert report().category_rows() == []
    known = ConversionReport(
        documents=5, categorised=4, without_category=1, categories=Counter(b=3, a=0)
    )
    assert known.category_rows() == [("a", 0, 0.0), ("b", 3, 0.75), ("none of them", 1, 0.25)]
    assert known.to_dict()["documents_without_category"] == 1
