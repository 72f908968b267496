import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.spans import (
    PRF,
    count_by_document,
    f1_of_counts,
    score_spans,
)

LABELS = ("Chemical", "Disease", "Gene")


@st.composite
def flat_spans(draw, length: int):
    """Spans over tokens that do not overlap, adjacent ones among them."""
    borders = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
    pairs = itertools.pairwise(borders)
    drawn = [(start, stop, draw(st.sampled_from((*LABELS, None)))) for start, stop in pairs]
    return [span for span in drawn if span[2] is not None]


@st.composite
def corpora(draw):
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6))
    gold = [draw(flat_spans(length)) for length in lengths]
    predicted = [
        draw(st.just(wanted) | flat_spans(length))
        for length, wanted in zip(lengths, gold, strict=True)
    ]
    return lengths, gold, predicted


def as_tags(length: int, spans) -> list[str]:
    tags = ["O"] * length
    for start, stop, label in spans:
        tags[start:stop] = [f"B-{label}", *[f"I-{label}"] * (stop - start - 1)]
    return tags


@given(corpora())
def test_scores_equal_seqeval_in_strict_mode(corpus) -> None:
    lengths, gold, predicted = corpus
    scores = score_spans(gold, predicted)
    if not scores.per_label:
        assert scores.micro == PRF(0, 0, 0)
        assert scores.macro.f1 == 0.0
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of rates of nothing, and gives 0 as we do
        oracle = classification_report(
            [as_tags(*row) for row in zip(lengths, gold, strict=True)],
            [as_tags(*row) for row in zip(lengths, predicted, strict=True)],
            mode="strict",
            scheme=IOB2,
            output_dict=True,
        )
    ours = {"micro avg": scores.micro, "macro avg": scores.macro, **scores.per_label}
    assert set(oracle) == {*ours, "weighted avg"}
    for name, score in ours.items():
        assert score.precision == pytest.approx(oracle[name]["precision"]), name
        assert score.recall == pytest.approx(oracle[name]["recall"]), name
        assert score.f1 == pytest.approx(oracle[name]["f1-score"]), name
    for label, score in scores.per_label.items():
        assert score.tp + score.fn == oracle[label]["support"]


@given(corpora())
def test_document_counts_sum_to_the_micro_score(corpus) -> None:
    _, gold, predicted = corpus
    counts = count_by_document(gold, predicted)
    micro = score_spans(gold, predicted).micro
    assert counts.shape == (len(gold), 3)
    assert tuple(counts.sum(axis=0)) == (micro.tp, micro.fp, micro.fn)
    assert f1_of_counts(counts.sum(axis=0).astype(np.float64)) == pytest.approx(micro.f1)


def test_span_given_twice_counts_once() -> None:
    span = (0, 2, "Disease")
    assert score_spans([[span]], [[span, span]]).micro == PRF(tp=1, fp=0, fn=0)
    assert score_spans([[span, span]], [[]]).micro == PRF(tp=0, fp=0, fn=1)


def test_same_span_in_another_document_is_wrong() -> None:
    span = (0, 2, "Disease")
    assert score_spans([[span], []], [[], [span]]).micro == PRF(tp=0, fp=1, fn=1)


def test_overlapping_spans_are_scored_each() -> None:
    gold = [(0, 4, "Disease"), (0, 4, "Gene"), (2, 4, "Disease")]
    assert score_spans([gold], [gold[1:]]).micro == PRF(tp=2, fp=0, fn=1)


def test_no_documents_give_counts_of_no_rows() -> None:
    assert count_by_document([], []).shape == (0, 3)


def test_unequal_numbers_of_documents_are_refused() -> None:
    with pytest.raises(ConfigError, match="found 2 gold documents and 1 predicted ones"):
        score_spans([[], []], [[]])
