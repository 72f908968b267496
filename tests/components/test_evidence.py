import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from thinc.types import Ragged

from spacy_modernbert_bio.components.evidence import Evidence, select_evidence, token_weights

VOCAB = spacy.blank("en").vocab


def make_doc(words, starts=None):
    return Doc(VOCAB, words=[f"w{number}" for number in range(words)], sent_starts=starts)


def test_a_row_is_divided_among_its_tokens():
    weights = np.array([[0.5, 0.0], [0.3, 1.0], [0.2, 0.0]], dtype="float32")
    # Token 0 has rows 0 and 1, token 1 row 1 as well, token 2 none, token 3 row 2.
    align = Ragged(np.array([[0], [1], [1], [2]]), np.array([2, 1, 0, 1]))
    found = token_weights(weights, align)
    np.testing.assert_allclose(found, [[0.65, 0.5], [0.15, 0.5], [0.0, 0.0], [0.2, 0.0]], rtol=1e-6)


def test_sentences_are_taken_by_their_attention():
    doc = make_doc(6, [True, False, True, False, True, False])
    mass = np.array([0.05, 0.05, 0.1, 0.5, 0.3, 0.0])
    assert select_evidence(doc, mass, count=2, limit=10) == [
        Evidence(2, 4, pytest.approx(0.6)),
        Evidence(4, 6, pytest.approx(0.3)),
    ]


def test_a_document_without_sentences_gives_windows_around_the_peaks():
    mass = np.zeros(100)
    mass[[30, 31, 80]] = 0.4, 0.2, 0.3
    first, second = select_evidence(make_doc(100), mass, count=3, limit=8)
    assert (first.weight, second.weight) == (pytest.approx(0.6), pytest.approx(0.3))
    assert first.start + 2 <= 30 <= 31 < first.stop - 2
    assert second.start + 2 <= 80 < second.stop - 2


def test_a_long_sentence_gives_a_window():
    doc = make_doc(30, [True, False, True, *[False] * 27])
    mass = np.zeros(30)
    mass[20] = 1.0
    (found,) = select_evidence(doc, mass, count=3, limit=4)
    assert found.stop - found.start == 4
    assert found.start < 20 < found.stop


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=40),
    st.integers(0, 4),
    st.integers(1, 12),
    st.data(),
)
def test_passages_lie_apart_and_come_by_weight(mass, count, limit, data):
    borders = data.draw(st.lists(st.booleans(), min_size=len(mass), max_size=len(mass)))
    doc = make_doc(len(mass), [True, *borders[1:]])
    found = select_evidence(doc, np.array(mass), count=count, limit=limit)
    assert len(found) <= count
    assert [each.weight for each in found] == sorted((e.weight for e in found), reverse=True)
    taken = [token for each in found for token in range(each.start, each.stop)]
    assert len(taken) == len(set(taken))
    for each in found:
        assert 0 < each.stop - each.start <= limit
        assert each.weight == pytest.approx(sum(mass[each.start : each.stop]))


def test_an_empty_document_has_none():
    assert select_evidence(make_doc(0), np.zeros(0), count=3, limit=5) == []


def test_nothing_is_shown_where_there_is_no_attention():
    assert select_evidence(make_doc(5), np.zeros(5), count=3, limit=5) == []
