import numpy as np
import pytest
import srsly
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.label_thresholds import ThresholdFit, fit_thresholds

NAN = float("nan")
# Close ones, equal ones, and both ends.
PROBABILITIES = st.one_of(
    st.floats(0.0, 1.0),
    st.sampled_from([0.0, 1e-12, 2e-11, 0.3, np.nextafter(0.3, 1), 0.5, 0.5 + 1e-11, 1.0]),
)
DOCUMENTS = st.lists(
    st.tuples(PROBABILITIES, st.sampled_from([0.0, 1.0, NAN])), min_size=1, max_size=12
).filter(lambda rows: any(not np.isnan(gold) for _, gold in rows))
DEFAULTS = st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.3, 0.5, 1.0, 1 / 3]))


def fit_one(rows, **settings) -> ThresholdFit:
    probabilities, gold = np.array(rows).T
    (fit,) = fit_thresholds(probabilities[:, None], gold[:, None], ["a"], **settings)
    return fit


def known(rows):
    probabilities, gold = np.array([row for row in rows if not np.isnan(row[1])]).T
    return probabilities, gold


@given(DOCUMENTS, DEFAULTS)
def test_no_other_threshold_has_a_higher_f1(rows, default):
    fit = fit_one(rows, default=default)
    probabilities, gold = known(rows)
    assert 0.0 <= fit.threshold <= 1.0
    assert fit.positives == gold.sum()
    if not fit.positives:
        assert fit == ThresholdFit("a", default, 0, 0.0, 0.0, 0.0, 0.0)
        return
    chosen = probabilities >= fit.threshold
    assert fit.f1_before == pytest.approx(f1_score(gold, probabilities >= default))
    assert fit.f1 == pytest.approx(f1_score(gold, chosen, zero_division=0))
    assert fit.precision == pytest.approx(precision_score(gold, chosen, zero_division=0))
    assert fit.recall == pytest.approx(recall_score(gold, chosen))
    assert fit.f1 >= fit.f1_before
    # Two probabilities that JSON cannot tell apart may have to stay on one side.
    apart = np.unique(np.round(probabilities, 9))
    for threshold in (apart[1:] + apart[:-1]) / 2:
        assert fit.f1 >= f1_score(gold, probabilities >= threshold, zero_division=0) - 1e-12


@given(DOCUMENTS, DEFAULTS, st.one_of(st.none(), st.floats(0.01, 1.0)))
def test_a_saved_threshold_decides_the_same(rows, default, target_recall):
    fit = fit_one(rows, default=default, target_recall=target_recall)
    probabilities, _ = known(rows)
    saved = srsly.json_loads(srsly.json_dumps({"a": fit.threshold}))["a"]
    if fit.threshold != default:
        assert saved == fit.threshold
        assert list(probabilities >= saved) == list(probabilities >= fit.threshold)


@given(DOCUMENTS, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_target_recall_is_reached_by_the_highest_threshold_that_can(rows, target):
    fit = fit_one(rows, default=0.5, target_recall=target)
    probabilities, gold = known(rows)
    if not fit.positives:
        assert fit.threshold == 0.5
        return
    assert fit.recall >= target - 1e-9
    for higher in probabilities[probabilities > fit.threshold + 1e-9]:
        # The next one up, with its neighbours left out, has too few.
        above = probabilities > higher + 1e-9
        if above.any():
            next_recall = gold[above].sum() / fit.positives
            assert next_recall <= fit.recall + 1e-12
    left = np.unique(probabilities[probabilities >= fit.threshold])
    if len(left) > 1 and left[1] - left[0] > 1e-9:
        assert gold[probabilities >= left[1]].sum() / fit.positives < target


def test_a_threshold_lies_midway_between_what_it_parts():
    rows = [(0.9, 1), (0.42, 1), (0.2, 0), (0.6, NAN)]
    assert fit_one(rows, default=0.95).threshold == pytest.approx(0.31)
    # The lowest has nothing below it but 0.
    assert fit_one([(0.9, 0), (0.4, 1)], default=0.95).threshold == pytest.approx(0.2)


def test_the_default_stays_where_nothing_is_better():
    assert fit_one([(0.9, 1), (0.1, 0)], default=0.5).threshold == 0.5
    assert fit_one([(0.9, 0), (0.1, 0)], default=0.35).threshold == 0.35


def test_of_equally_good_thresholds_the_nearest_to_the_default_is_taken():
    # F1 is 2/3 with the first document alone, and with all four.
    rows = [(0.8, 1), (0.6, 0), (0.4, 0), (0.2, 1)]
    assert fit_one(rows, default=0.9).threshold == pytest.approx(0.7)
    assert fit_one(rows, default=0.3).threshold == pytest.approx(0.1)


def test_a_default_that_saving_would_move_over_a_probability_gives_way():
    above = float(np.nextafter(0.3, 1))
    assert srsly.json_loads(srsly.json_dumps(0.3)) == above
    fit = fit_one([(0.3, 1), (0.1, 0)], default=0.3)
    assert fit.threshold == pytest.approx(0.2)
    assert fit.f1 == fit.f1_before == 1.0


def test_probabilities_closer_than_what_is_saved_stay_together():
    # No ten decimals part them, and to take both is worse than the default, which does.
    default = 0.5 + 1.5e-11
    rows = [(0.5 + 2e-11, 1), (0.5 + 1e-11, 0), (0.1, 0)]
    assert fit_one(rows, default=default).threshold == default
    assert fit_one(rows, default=0.9).f1 == pytest.approx(2 / 3)


def test_each_label_has_its_own_documents():
    probabilities = [[0.9, 0.2], [0.4, 0.1], [0.3, 0.8]]
    gold = [[1, NAN], [1, 1], [0, 0]]
    first, second = fit_thresholds(probabilities, gold, ["a", "b"], default=0.5)
    assert (first.label, first.positives, first.f1_before, first.f1) == ("a", 2, 2 / 3, 1.0)
    assert (second.label, second.positives) == ("b", 1)
    assert second.threshold == pytest.approx(0.05)


@pytest.mark.parametrize("target", [0.0, -1.0, 1.5, NAN])
def test_a_target_recall_out_of_range_is_refused(target):
    with pytest.raises(ConfigError, match=r"fit_thresholds\(target_recall\): found .* above 0, 1"):
        fit_one([(0.9, 1)], default=0.5, target_recall=target)


def test_data_that_no_threshold_can_be_fitted_on_are_refused():
    with pytest.raises(ConfigError, match="found no document that tells of a label"):
        fit_one([(0.9, NAN)], default=0.5)
    with pytest.raises(ConfigError, match="found no document that tells of a label"):
        fit_thresholds(np.zeros((0, 2)), np.zeros((0, 2)), ["a", "b"], default=0.5)
    for probabilities, gold in (([[0.5]], [[1, 0]]), ([[0.5]], [[1], [0]]), ([0.5], [1])):
        with pytest.raises(ConfigError, match=r"found shapes .* for 1 labels; wanted \[documents"):
            fit_thresholds(probabilities, gold, ["a"], default=0.5)
    for wrong in (1.5, NAN):
        with pytest.raises(ConfigError, match=r"found a value outside \[0, 1\] or not a number"):
            fit_one([(wrong, 1)], default=0.5)
