import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.classification import score_labels
from spacy_modernbert_bio.evaluation.spans import PRF

NAN = float("nan")
LABELS = ("a", "b", "c")
BITS = arrays.arrays(np.float64, (5, 3), elements=st.sampled_from([0.0, 1.0]))
PARTLY = arrays.arrays(np.float64, (5, 3), elements=st.sampled_from([0.0, 1.0, NAN])).filter(
    lambda gold: not np.isnan(gold).all()
)


def score(gold, predicted, **settings):
    return score_labels(gold, predicted, LABELS, samples=10, **settings)


@given(BITS, BITS)
def test_rates_are_those_of_scikit_learn(gold, predicted):
    ours = score(gold, predicted)
    for average in ("micro", "macro", "weighted"):
        theirs = precision_recall_fscore_support(gold, predicted, average=average, zero_division=0)[
            :3
        ]
        rates = getattr(ours, average)
        assert (rates.precision, rates.recall, rates.f1) == pytest.approx(theirs)
    theirs = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    assert [each.f1 for each in ours.per_label.values()] == pytest.approx(theirs[2])
    assert [each.tp + each.fn for each in ours.per_label.values()] == list(theirs[3])
    assert ours.accuracy == pytest.approx(accuracy_score(gold, predicted))
    assert ours.documents == 5


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=9))
def test_exclusive_labels_without_the_negative_one_are_scored_as_chemprot_is(pairs):
    gold, predicted = np.array(pairs).T
    ours = score(np.eye(3)[gold], np.eye(3)[predicted], excluded=["a"])
    for average in ("micro", "macro", "weighted"):
        theirs = precision_recall_fscore_support(
            gold, predicted, labels=[1, 2], average=average, zero_division=0
        )[:3]
        rates = getattr(ours, average)
        assert (rates.precision, rates.recall, rates.f1) == pytest.approx(theirs)
    assert ours.counted == ("b", "c")
    assert ours.accuracy == pytest.approx(accuracy_score(gold, predicted))
    assert list(ours.per_label) == ["a", "b", "c"]


@given(PARTLY, BITS)
def test_what_is_not_known_counts_for_nothing(gold, predicted):
    ours = score(gold, predicted)
    known = ~np.isnan(gold)
    for column, label in enumerate(LABELS):
        rows = known[:, column]
        wanted, found = gold[rows, column], predicted[rows, column]
        assert ours.per_label[label] == PRF(
            tp=int((wanted * found).sum()),
            fp=int(((1 - wanted) * found).sum()),
            fn=int((wanted * (1 - found)).sum()),
        )
    assert ours.documents == known.any(axis=1).sum()


def blue_hoc(gold, predicted):
    """`get_p_r_f_arrary` of BLUE's eval_hoc.py, in other words."""
    precisions, recalls = [], []
    for wanted_row, found_row in zip(gold, predicted, strict=True):
        wanted, found = set(np.flatnonzero(wanted_row)), set(np.flatnonzero(found_row))
        if wanted:
            precisions.append(len(wanted & found) / len(found) if found else 0.0)
            recalls.append(len(wanted & found) / len(wanted))
    precision, recall = np.mean(precisions), np.mean(recalls)
    return precision, recall, 2 * precision * recall / (precision + recall or 1)


@given(BITS.filter(np.any), BITS)
def test_hallmarks_of_cancer_are_scored_as_blue_does(gold, predicted):
    ours = score(gold, predicted).example_based
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx(blue_hoc(gold, predicted))


def test_documents_without_labels_have_no_example_based_rates():
    assert score(np.zeros((2, 3)), np.ones((2, 3))).example_based is None
    assert score([[0, 0, 1]], [[0, 0, 1]], excluded=["c"]).example_based is None


def test_a_rate_of_nothing_is_none_right():
    ours = score(np.zeros((2, 3)), np.zeros((2, 3)))
    assert ours.micro == PRF(0, 0, 0)
    assert ours.micro.f1 == ours.macro.f1 == ours.weighted.f1 == 0.0
    assert ours.accuracy == 1.0
    assert ours.micro_f1_interval == ours.macro_f1_interval == (0.0, 0.0)


def test_intervals_are_over_documents_and_hold_the_score():
    random = np.random.default_rng(1)
    gold = random.random((200, 3)) < 0.3
    predicted = np.where(random.random((200, 3)) < 0.2, ~gold, gold)
    ours = score_labels(gold, predicted, LABELS, seed=3)
    for (low, high), rates in (
        (ours.micro_f1_interval, ours.micro),
        (ours.macro_f1_interval, ours.macro),
    ):
        assert 0.0 < low < rates.f1 < high < 1.0
        assert high - low < 0.2
    assert ours == score_labels(gold, predicted, LABELS, seed=3)
    assert ours.micro_f1_interval != score_labels(gold, predicted, LABELS).micro_f1_interval


def test_what_cannot_be_scored_is_refused():
    for gold, predicted in (([[1, 0]], [[1, 0]]), ([[1, 0, 1]], [[1], [0], [1]]), ([1], [1])):
        with pytest.raises(
            ConfigError, match=r"shapes .* for 3 labels; wanted \[documents, labels"
        ):
            score(gold, predicted)
    with pytest.raises(ConfigError, match="found no document that tells of a label"):
        score([[NAN] * 3], [[1, 0, 1]])
    with pytest.raises(ConfigError, match="found d, which is no label; wanted some of a, b, c"):
        score([[1, 0, 1]], [[1, 0, 1]], excluded=["a", "d"])
    with pytest.raises(ConfigError, match="found all labels; wanted some of a, b, c"):
        score([[1, 0, 1]], [[1, 0, 1]], excluded=LABELS)
