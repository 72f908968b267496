import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.calibration import (
    TEMPERATURE_RANGE,
    expected_calibration_error,
    fit_temperature,
    reliability,
)

probabilities = st.floats(0, 1) | st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
predictions = st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=60)


def softmax_loss(logits, gold):
    """Mean negative log-likelihood of the gold classes as a function of the temperature."""

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        shifted = scaled - scaled.max(axis=1, keepdims=True)
        log_norm = np.log(np.exp(shifted).sum(axis=1))
        return float(np.mean(log_norm - shifted[np.arange(len(gold)), gold]))

    return loss


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_temperature_that_made_the_labels_is_found_again(truth: float) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(scale=3.0, size=(20_000, 4))
    noise = random.gumbel(size=logits.shape)
    gold = (logits / truth + noise).argmax(axis=1)  # a draw from softmax(logits / truth)
    assert fit_temperature(softmax_loss(logits, gold)) == pytest.approx(truth, rel=0.05)


@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 20))
def test_no_temperature_of_a_fine_grid_is_better(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    loss = softmax_loss(random.normal(scale=scale, size=(30, 3)), random.integers(0, 3, 30))
    grid = np.exp(np.linspace(*np.log(TEMPERATURE_RANGE), 200))
    assert loss(fit_temperature(loss)) <= min(map(loss, grid)) * (1 + 1e-4)


def test_development_set_without_an_error_gets_the_lowest_temperature() -> None:
    loss = softmax_loss(np.eye(3), np.arange(3))
    assert fit_temperature(loss) == pytest.approx(TEMPERATURE_RANGE[0], rel=1e-2)


def test_loss_that_does_not_depend_on_temperature_leaves_it_at_one() -> None:
    assert fit_temperature(lambda temperature: 2.5) == 1.0


def test_infinite_loss_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"found inf at temperature .*; wanted a finite number"):
        fit_temperature(lambda temperature: math.inf)


@given(predictions, st.integers(1, 20))
def test_calibration_error_is_the_mean_gap_over_bins(rows, bins: int) -> None:
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for index in range(bins):
        inside = [
            (p, hit)
            for p, hit in rows
            if edges[index] < p <= edges[index + 1] or (index == 0 and p == 0)
        ]
        if inside:
            gap = sum(p for p, _ in inside) - sum(hit for _, hit in inside)
            error += abs(gap) / len(rows)
    confidences, correct = zip(*rows, strict=True)
    assert expected_calibration_error(confidences, correct, bins) == pytest.approx(error, abs=1e-9)


def test_reliability_rows_hold_each_prediction_once() -> None:
    rows = reliability([0.0, 0.5, 0.51, 1.0], [False, True, True, False], bins=2)
    assert [(row.low, row.high, row.count) for row in rows] == [(0.0, 0.5, 2), (0.5, 1.0, 2)]
    assert [row.accuracy for row in rows] == [0.5, 0.5]
    assert rows[1].confidence == pytest.approx(0.755)


def test_no_predictions_give_no_rows_and_no_error_figure() -> None:
    assert reliability([], []) == []
    with pytest.raises(ConfigError, match="found no predictions; wanted at least one"):
        expected_calibration_error([], [])


@pytest.mark.parametrize(
    ("confidences", "correct", "bins", "message"),
    [
        ([1.5], [True], 15, r"found a value outside \[0, 1\] or not a number"),
        ([math.nan], [True], 15, r"found a value outside \[0, 1\] or not a number"),
        ([0.5, 0.5], [True], 15, "found 2 confidences for 1 outcomes; wanted one of each"),
        ([0.5], [True], 0, "found 0; wanted 1 or more"),
    ],
)
def test_impossible_input_is_refused(confidences, correct, bins, message) -> None:
    with pytest.raises(ConfigError, match=message):
        reliability(confidences, correct, bins)
