"""The loss against torch's, and class weights."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacy_modernbert_bio.components.label_gold import LabelCounts
from spacy_modernbert_bio.components.label_loss import label_loss, label_weights, probabilities
from spacy_modernbert_bio.errors import ConfigError

LOGITS = arrays(np.float64, (4, 3), elements=st.floats(-30, 30))
GOLD = arrays(np.float64, (4, 3), elements=st.sampled_from([0.0, 1.0, np.nan]))
WEIGHTS = [1.0, 3.0, 0.5]


@given(LOGITS, GOLD)
def test_several_labels_lose_as_in_torch(logits, gold):
    leaf = torch.tensor(logits, requires_grad=True)
    known = torch.tensor(~np.isnan(gold))
    every = torch.nn.functional.binary_cross_entropy_with_logits(
        leaf,
        torch.tensor(np.nan_to_num(gold)),
        pos_weight=torch.tensor(WEIGHTS, dtype=torch.double),
        reduction="none",
    )
    wanted = (every * known).sum() / max(1, int(known.sum()))
    wanted.backward()
    loss, gradient = label_loss(logits, gold, WEIGHTS, exclusive=False)
    assert loss == pytest.approx(wanted.item(), abs=1e-9)
    np.testing.assert_allclose(gradient, leaf.grad, atol=1e-12)


@given(LOGITS, st.lists(st.sampled_from([0, 1, 2, -100]), min_size=4, max_size=4))
def test_exclusive_labels_lose_as_in_torch(logits, truth):
    leaf = torch.tensor(logits, requires_grad=True)
    weight = torch.tensor(WEIGHTS, dtype=torch.double)
    summed = torch.nn.functional.cross_entropy(
        leaf, torch.tensor(truth), weight=weight, reduction="sum"
    )
    known = [number >= 0 for number in truth]
    wanted = summed / max(1, sum(known))
    wanted.backward()
    gold = np.where(np.array(known)[:, None], np.eye(3)[np.maximum(truth, 0)], np.nan)
    loss, gradient = label_loss(logits, gold, WEIGHTS, exclusive=True)
    assert loss == pytest.approx(wanted.item(), abs=1e-9)
    np.testing.assert_allclose(gradient, leaf.grad, atol=1e-12)


def test_probabilities_are_a_sigmoid_each_or_one_softmax():
    logits = np.array([[0.0, 1000.0], [0.0, 0.0]])
    np.testing.assert_allclose(probabilities(logits, False), [[0.5, 1.0], [0.5, 0.5]])
    np.testing.assert_allclose(probabilities(logits, True), [[0.0, 1.0], [0.5, 0.5]])


COUNTS = LabelCounts(known=(100, 100, 100), positive=(50, 10, 1))


@pytest.mark.parametrize(
    ("wanted", "exclusive", "weights"),
    [
        (None, False, [1.0, 1.0, 1.0]),
        ("balanced", False, [1.0, 9.0, 20.0]),
        ("balanced", True, [61 / 150, 61 / 30, 20.0]),
        ({"B": 4}, False, [1.0, 4.0, 1.0]),
    ],
)
def test_weights_of_labels(wanted, exclusive, weights):
    assert label_weights(wanted, ["A", "B", "C"], COUNTS, exclusive) == pytest.approx(weights)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("equal", r"class_weights: found 'equal'; wanted null, \"balanced\", or a number"),
        ({"X": 2.0}, r"class_weights: found the label X; wanted some of A, B, C"),
        ({"A": 0.0}, r"class_weights: found 0 for A; wanted a number above 0"),
        ({"A": float("nan")}, r"class_weights: found nan for A"),
    ],
)
def test_weights_that_cannot_be_are_refused(wanted, message):
    with pytest.raises(ConfigError, match=message):
        label_weights(wanted, ["A", "B", "C"], COUNTS, exclusive=False)
