import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.spans import PhiSpan, merge_spans

LABELS = ["NAME", "PATIENT", "DATE", "PHONE"]
SOURCES = ["known", "rules:phone", "rules:date", "model"]
spans = st.lists(
    st.builds(
        lambda start, length, label, sources, score: PhiSpan(
            start, start + length, label, tuple(sorted(sources)), score
        ),
        st.integers(0, 30),
        st.integers(0, 12),
        st.sampled_from(LABELS),
        st.sets(st.sampled_from(SOURCES)),
        st.sampled_from([0.3, 0.5, 1.0]),
    ),
    max_size=10,
)


def covered(some: list[PhiSpan]) -> set[int]:
    return {place for span in some for place in range(span.start, span.stop)}


@settings(max_examples=60)
@given(spans)
def test_every_covered_character_is_covered_once(some: list[PhiSpan]) -> None:
    merged = merge_spans(some)
    assert covered(merged) == covered(some)
    assert sum(span.length for span in merged) == len(covered(some))


@settings(max_examples=60)
@given(spans)
def test_what_is_merged_is_in_order_and_has_no_empty_span(some: list[PhiSpan]) -> None:
    merged = merge_spans(some)
    assert merged == sorted(merged)
    assert all(span.start < span.stop for span in merged)


@settings(max_examples=60)
@given(spans)
def test_merging_twice_changes_nothing(some: list[PhiSpan]) -> None:
    assert merge_spans(merge_spans(some)) == merge_spans(some)


@settings(max_examples=60)
@given(spans, st.randoms(use_true_random=False))
def test_the_order_of_spans_does_not_matter(some: list[PhiSpan], random) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    borders = [(span.start, span.stop, span.label) for span in merge_spans(some)]
    assert [(span.start, span.stop, span.label) for span in merge_spans(shuffled)] == borders


@settings(max_examples=60)
@given(spans)
def test_no_source_is_lost(some: list[PhiSpan]) -> None:
    before = {source for span in some if span.length for source in span.sources}
    assert {source for span in merge_spans(some) for source in span.sources} == before


def span(start: int, stop: int, label: str, source: str = "model", score: float = 1.0) -> PhiSpan:
    return PhiSpan(start, stop, label, (source,), score)


SETTLED = {
    "one label, overlapping: one span": (
        [span(0, 5, "DATE"), span(3, 9, "DATE", "rules:date")],
        [PhiSpan(0, 9, "DATE", ("model", "rules:date"))],
    ),
    "one label, side by side: two": (
        [span(0, 5, "DATE"), span(5, 9, "DATE")],
        [span(0, 5, "DATE"), span(5, 9, "DATE")],
    ),
    "the longest keeps its borders, the rest of others their label": (
        [span(0, 6, "NAME"), span(4, 14, "PHONE", "rules:phone", 0.5)],
        [span(0, 4, "NAME"), PhiSpan(4, 14, "PHONE", ("model", "rules:phone"))],
    ),
    "a town, a date, an age, which may stay, hides no name or number": (
        [span(0, 20, "CITY"), span(5, 9, "PATIENT"), span(20, 31, "AGE"), span(29, 31, "IDNUM")],
        [
            *(span(0, 5, "CITY"), span(5, 9, "PATIENT"), span(9, 20, "CITY")),
            *(span(20, 29, "AGE"), span(29, 31, "IDNUM")),
        ],
    ),
    "10/14/1996 at 1908 Shore Ln: a house number is no time": (
        [span(0, 18, "DATE"), span(14, 27, "STREET")],
        [span(0, 14, "DATE"), span(14, 27, "STREET")],
    ),
    "inside a longer one: only its source stays": (
        [span(0, 9, "URL"), span(2, 5, "NAME", "known")],
        [PhiSpan(0, 9, "URL", ("known", "model"))],
    ),
    "at equal length known goes before rules": (
        [span(0, 4, "PHONE", "rules:phone"), span(0, 4, "IDNUM", "known", 0.5)],
        [PhiSpan(0, 4, "IDNUM", ("known", "rules:phone"))],
    ),
    "at equal length rules go before the model": (
        [span(0, 4, "PHONE", "model"), span(0, 4, "FAX", "rules:fax", 0.5)],
        [PhiSpan(0, 4, "FAX", ("model", "rules:fax"))],
    ),
    "of equal trust the higher score": (
        [span(0, 4, "PHONE", "rules:phone", 0.9), span(0, 4, "FAX", "rules:fax", 1.0)],
        [PhiSpan(0, 4, "FAX", ("rules:fax", "rules:phone"))],
    ),
    "a longer one in the middle cuts another in two": (
        [span(0, 5, "NAME"), span(2, 8, "PHONE"), span(7, 12, "NAME")],
        [span(0, 2, "NAME"), span(2, 8, "PHONE"), span(8, 12, "NAME")],
    ),
}


@pytest.mark.parametrize("case", SETTLED)
def test_overlaps_are_settled_by_the_stated_rule(case: str) -> None:
    given_spans, wanted = SETTLED[case]
    assert merge_spans(given_spans) == wanted


def test_a_repr_of_a_span_holds_no_text() -> None:
    assert "Roe" not in repr(span(4, 7, "PATIENT"))


def test_at_equal_length_a_type_says_more_than_its_category():
    known = PhiSpan(0, 7, "ID", ("known",))
    ruled = PhiSpan(0, 7, "MEDICALRECORD", ("rules:medical_record",))
    wanted = PhiSpan(0, 7, "MEDICALRECORD", ("known", "rules:medical_record"))
    assert merge_spans([known, ruled]) == [wanted]
