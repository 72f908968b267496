import numpy as np
import pytest

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation import bootstrap
from spacy_modernbert_bio.evaluation.bootstrap import bootstrap_interval, paired_test
from spacy_modernbert_bio.evaluation.spans import f1_of_counts


def mean(sums):
    """Mean of a value a document, from sums of (value, 1)."""
    return sums[..., 0] / sums[..., 1]


def with_ones(values):
    return np.stack([values, np.ones_like(values)], axis=1)


def test_interval_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_interval(with_ones(values), mean, samples=4000, level=0.9)
    half = 1.645 * values.std() / np.sqrt(len(values))
    assert low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_interval_equals_drawing_document_numbers_one_by_one() -> None:
    counts = np.random.default_rng(1).integers(0, 5, size=(40, 3))
    random = np.random.default_rng(2)
    drawn = [
        f1_of_counts(counts[random.integers(0, 40, 40)].sum(axis=0).astype(float))
        for _ in range(5000)
    ]
    interval = bootstrap_interval(counts, f1_of_counts, samples=5000)
    assert interval == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.01)


def test_same_seed_gives_the_same_interval_whatever_the_memory_bound(monkeypatch) -> None:
    counts = np.random.default_rng(1).integers(0, 5, size=(30, 3))
    whole = bootstrap_interval(counts, f1_of_counts, samples=101, seed=3)
    monkeypatch.setattr(bootstrap, "_WEIGHTS_AT_ONCE", 70)
    assert bootstrap_interval(counts, f1_of_counts, samples=101, seed=3) == whole
    assert bootstrap_interval(counts, f1_of_counts, samples=101, seed=4) != whole


def test_equal_documents_leave_no_doubt() -> None:
    low, high = bootstrap_interval([[3, 1, 1]] * 20, f1_of_counts)
    assert low == high == pytest.approx(0.75)


def test_systems_that_agree_have_p_of_one() -> None:
    counts = np.random.default_rng(0).integers(0, 5, size=(30, 3))
    result = paired_test(counts, counts, f1_of_counts, samples=200)
    assert (result.difference, result.low, result.high, result.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_system_better_on_each_document_is_better_beyond_doubt() -> None:
    worse = np.random.default_rng(0).integers(2, 6, size=(60, 3))
    better = worse + np.array([2, -1, -2])
    result = paired_test(better, worse, f1_of_counts, samples=999)
    assert result.difference > 0.1
    assert 0 < result.low < result.difference < result.high
    assert result.p_value == pytest.approx(1 / 1000)
    mirrored = paired_test(worse, better, f1_of_counts, samples=999)
    assert mirrored.difference == -result.difference
    assert mirrored.p_value == result.p_value


def test_p_is_as_large_as_chance_when_systems_differ_by_chance() -> None:
    # Under the null hypothesis p is uniform: a twentieth of the tests falls below 0.05.
    random = np.random.default_rng(0)
    below = 0
    for _ in range(300):
        first, second = random.normal(size=(2, 100))
        test = paired_test(with_ones(first), with_ones(second), mean, samples=300)
        below += test.p_value < 0.05
    assert 5 <= below <= 27  # mean 15, standard deviation 3.8: three of them either way


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"per_document_counts": np.zeros((0, 3))}, r"found shape \(0, 3\); wanted \[documents"),
        ({"per_document_counts": [1, 2]}, r"found shape \(2,\); wanted \[documents, counts\]"),
        ({"samples": 0}, "found 0; wanted 1 or more"),
        ({"level": 1.0}, r"found 1.0; wanted in \(0, 1\)"),
    ],
)
def test_impossible_resampling_is_refused(arguments, message) -> None:
    with pytest.raises(ConfigError, match=message):
        bootstrap_interval(
            **{"per_document_counts": [[1, 1, 1]], "statistic": f1_of_counts, **arguments}
        )


def test_systems_on_other_documents_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"found shapes \(1, 3\) and \(2, 3\); wanted the same"):
        paired_test([[1, 1, 1]], [[1, 1, 1]] * 2, f1_of_counts)
