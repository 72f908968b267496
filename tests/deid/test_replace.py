import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.replace import OffsetMap, Replacement, apply
from spacy_modernbert_bio.errors import PolicyError
from tests.strategies import notes


def replaced(start: int, stop: int, new: str) -> Replacement:
    return Replacement(start, stop, new, "PATIENT", "redact")


def test_text_outside_of_replacements_stays() -> None:
    text, offsets = apply("Mr. Roe, 61\r\n", [replaced(4, 7, "[PATIENT]")])
    assert text == "Mr. [PATIENT], 61\r\n"
    assert offsets.to_new(9, 11) == (15, 17)
    assert offsets.to_old(15, 17) == (9, 11)


#          0123456789
# text:    ab-XYZ-cd-Q        new:  ab-<long>-cd-
MAP = OffsetMap([replaced(3, 6, "<long>"), replaced(10, 11, "")])
TO_NEW = {
    (0, 2): (0, 2),
    (3, 6): (3, 9),
    (4, 5): (3, 9),
    (2, 4): (2, 9),
    (5, 9): (3, 12),
    (4, 4): (3, 9),
    (3, 3): (3, 3),
    (7, 9): (10, 12),
    (10, 11): (13, 13),
    (9, 11): (12, 13),
}
TO_OLD = {(3, 9): (3, 6), (5, 6): (3, 6), (8, 12): (3, 9), (10, 12): (7, 9), (13, 13): (10, 11)}


@pytest.mark.parametrize("span", TO_NEW)
def test_a_span_that_cuts_into_a_replacement_is_widened(span: tuple[int, int]) -> None:
    assert MAP.to_new(*span) == TO_NEW[span]


@pytest.mark.parametrize("span", TO_OLD)
def test_a_span_of_the_new_text_is_mapped_back(span: tuple[int, int]) -> None:
    assert MAP.to_old(*span) == TO_OLD[span]


@st.composite
def replacements(draw: st.DrawFn, text: str) -> list[Replacement]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return [
        replaced(start, stop, draw(st.text("[N]x", min_size=1, max_size=6)))
        for start, stop in zip(cuts[::2], cuts[1::2], strict=False)
    ]


@given(data=st.data(), text=notes)
def test_offsets_go_there_and_back(data: st.DataObject, text: str) -> None:
    done = data.draw(replacements(text))
    new, offsets = apply(text, done)
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    there = offsets.to_new(start, stop)
    back = offsets.to_old(*there)
    assert 0 <= there[0] <= there[1] <= len(new)
    cut = [each for each in done if each.start < stop and start < each.stop]
    if cut or start == stop:
        # Widened to whole replacements, and to no more.
        assert back[0] <= start
        assert stop <= back[1]
        assert all(each.start >= back[0] and each.stop <= back[1] for each in cut)
    else:
        assert back == (start, stop)
        assert new[slice(*there)] == text[start:stop]


@given(data=st.data(), text=notes)
def test_what_lies_between_replacements_is_the_same_bytes(data: st.DataObject, text: str) -> None:
    done = data.draw(replacements(text))
    new, offsets = apply(text, done)
    borders = [0, *(border for each in done for border in (each.start, each.stop)), len(text)]
    for start, stop in zip(borders[::2], borders[1::2], strict=True):
        if start < stop:
            assert new[slice(*offsets.to_new(start, stop))] == text[start:stop]
    for each in done:
        assert new[slice(*offsets.to_new(each.start, each.stop))] == each.new


@pytest.mark.parametrize(
    "wrong",
    [
        [replaced(0, 3, ""), replaced(2, 4, "")],
        [replaced(3, 4, ""), replaced(0, 1, "")],
        [replaced(2, 2, "")],
        [replaced(-1, 2, "")],
        [replaced(2, 9, "")],
    ],
)
def test_replacements_that_cannot_be_made_are_refused(wrong: list[Replacement]) -> None:
    with pytest.raises(
        PolicyError, match=r"found a replacement from -?\d .* in 8 characters; want"
    ):
        apply("Jane Roe", wrong)


def test_a_repr_shows_no_text() -> None:
    assert "Roe" not in repr(replaced(0, 3, "Roe"))
