import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import brier_score_loss, roc_auc_score

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.label_probabilities import (
    brier_score,
    label_outcomes,
    roc_auc,
)

NAN = float("nan")
PROBABILITIES = arrays.arrays(np.float64, (6, 3), elements=st.floats(0.01, 1.0))
GOLD = arrays.arrays(np.float64, (6, 3), elements=st.sampled_from([0.0, 1.0, NAN])).filter(
    lambda gold: not np.isnan(gold).all()
)
CLASSES = arrays.arrays(np.int64, 6, elements=st.integers(0, 2))


@given(GOLD, PROBABILITIES)
def test_brier_score_of_several_labels_is_the_mean_over_what_is_known(gold, probabilities):
    known = ~np.isnan(gold)
    assert brier_score(gold, probabilities) == pytest.approx(
        brier_score_loss(gold[known], probabilities[known], pos_label=1)
    )


@given(CLASSES, PROBABILITIES)
def test_brier_score_of_exclusive_labels_is_the_one_of_1950(classes, probabilities):
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    theirs = brier_score_loss(classes, probabilities, labels=[0, 1, 2], scale_by_half=False)
    gold = np.vstack([np.eye(3)[classes], [NAN] * 3])
    probabilities = np.vstack([probabilities, [1 / 3] * 3])
    assert brier_score(gold, probabilities, exclusive=True) == pytest.approx(theirs)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 0.25, 0.5, 1.0])), max_size=9
    )
)
def test_roc_auc_is_that_of_scikit_learn(pairs):
    gold, scores = [each for each, _ in pairs], [each for _, each in pairs]
    ours = roc_auc([*gold, NAN], [*scores, 0.7])
    if len(set(gold)) < 2:
        assert ours is None
    else:
        assert ours == pytest.approx(roc_auc_score(gold, scores))


def test_outcomes_are_one_a_known_label_or_one_a_document():
    gold = [[1, 0], [NAN, 1], [NAN, NAN]]
    probabilities = [[0.7, 0.2], [0.6, 0.5], [0.1, 0.3]]
    found, came_true = label_outcomes(gold, probabilities)
    assert found.tolist() == [0.7, 0.2, 0.5]
    assert came_true.tolist() == [True, False, True]
    gold = [[1, 0], [0, 1], [NAN, NAN]]
    found, came_true = label_outcomes(gold, probabilities, exclusive=True)
    assert found.tolist() == [0.7, 0.6]
    assert came_true.tolist() == [True, False]


@pytest.mark.parametrize("measure", [brier_score, label_outcomes])
def test_what_cannot_be_measured_is_refused(measure):
    with pytest.raises(ConfigError, match=r"found shapes \(1, 2\) and \(1, 1\); wanted"):
        measure([[1, 0]], [[0.5]])
    with pytest.raises(ConfigError, match="found no document that tells of a label"):
        measure([[NAN]], [[0.5]])
