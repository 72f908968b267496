import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.bootstrap import bootstrap_interval
from spacy_modernbert_bio.evaluation.recall_threshold import (
    clopper_pearson,
    fit_recall_threshold,
)

SCORES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1).filter(any)
TARGETS = st.sampled_from([0.05, 0.3, 0.5, 0.8, 0.95])


@given(SCORES, TARGETS)
def test_no_higher_threshold_reaches_the_target(scores, target):
    fitted = fit_recall_threshold(scores, target)
    array = np.array(scores)
    bounds = {
        score: clopper_pearson(int(np.sum(array >= score)), len(scores), 0.95)
        for score in scores
        if score > 0
    }
    reached = [score for score, bound in bounds.items() if bound >= target]
    assert fitted.reached == bool(reached)
    assert fitted.threshold == (max(reached) if reached else min(bounds))
    assert fitted.recall == np.mean(array >= fitted.threshold)
    assert fitted.lower_bound == bounds[fitted.threshold] <= fitted.recall
    assert (fitted.spans, fitted.documents) == (len(scores), 0)


@given(SCORES, TARGETS, TARGETS)
def test_a_higher_target_never_gives_a_higher_threshold(scores, one, other):
    low, high = sorted([one, other])
    assert fit_recall_threshold(scores, low).threshold >= (
        fit_recall_threshold(scores, high).threshold
    )


@given(st.integers(1, 50), st.data())
def test_the_bound_is_where_so_many_would_be_found_once_in_twenty(spans, data):
    found = data.draw(st.integers(1, spans))
    bound = clopper_pearson(found, spans, 0.95)
    assert binom.sf(found - 1, spans, bound) == pytest.approx(0.05)


def test_nothing_found_has_a_bound_of_nothing():
    assert clopper_pearson(0, 10, 0.95) == 0.0


@pytest.mark.parametrize(("spans", "reached"), [(598, True), (597, False)])
def test_598_spans_without_a_miss_are_needed_for_995_in_a_thousand(spans: int, reached: bool):
    fitted = fit_recall_threshold(np.linspace(0.3, 0.9, spans), 0.995)
    assert fitted.reached is reached
    assert fitted.threshold == pytest.approx(0.3)
    assert fitted.recall == 1.0
    assert (fitted.lower_bound >= 0.995) is reached


def test_spans_that_the_model_gives_nothing_stay_missed():
    fitted = fit_recall_threshold([0.0] * 50 + [0.2] * 50, 0.6)
    assert (fitted.threshold, fitted.recall, fitted.reached) == (0.2, 0.5, False)


def test_a_thousandth_of_the_way_is_kept():
    # A span with the threshold's own score is found.
    scores = np.arange(1, 1001) / 1000
    fitted = fit_recall_threshold(scores, 0.9)
    assert fitted.recall == np.mean(scores >= fitted.threshold) > 0.9


def test_the_bound_holds_nineteen_times_in_twenty():
    random = np.random.default_rng(0)
    trials, held = 400, 0
    for _ in range(trials):
        # With uniform scores the recall of a threshold t on other notes is 1 - t.
        fitted = fit_recall_threshold(random.random(500), 0.95)
        held += 1 - fitted.threshold >= 0.95
    # Never far below 95 %: three standard errors of 400 trials.
    assert held / trials >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)


def test_documents_can_only_lower_the_bound():
    random = np.random.default_rng(1)
    scores = random.random(300) ** 0.2
    alone = fit_recall_threshold(scores, 0.9)
    spread = fit_recall_threshold(scores, 0.9, documents=np.arange(300) + 7, samples=500)
    assert spread.threshold <= alone.threshold
    assert spread.documents == 300
    assert spread.lower_bound >= 0.9


def test_misses_of_one_note_count_together():
    # Each note is found whole or missed whole: thirty notes are no nine hundred witnesses.
    documents = np.repeat(np.arange(30), 30)
    scores = np.where(documents < 3, 0.1, 0.8)
    alone = fit_recall_threshold(scores, 0.87)
    together = fit_recall_threshold(scores, 0.87, documents=documents, samples=500)
    assert (alone.threshold, alone.recall) == (0.8, 0.9)
    assert (together.threshold, together.recall) == (0.1, 1.0)
    # A set without a miss still has no better bound than its spans give.
    assert together.lower_bound == clopper_pearson(900, 900, 0.95)


def share(sums):
    return sums[..., 0] / sums[..., 1]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9]), st.integers(0, 5)), min_size=1), TARGETS
)
def test_the_search_finds_what_trying_all_would(rows, target):
    scores, documents = (np.array(column) for column in zip(*rows, strict=True))
    of_note = [scores[documents == note] for note in np.unique(documents)]
    bounds = {}
    for threshold in np.unique(scores):
        counts = [(np.sum(own >= threshold), own.size) for own in of_note]
        found = sum(int(part) for part, _ in counts)
        low, _ = bootstrap_interval(counts, share, 50, seed=3, level=2 * 0.95 - 1)
        bounds[threshold] = min(low, clopper_pearson(found, scores.size, 0.95))
    fitted = fit_recall_threshold(scores, target, documents=documents, samples=50, seed=3)
    reached = [threshold for threshold, bound in bounds.items() if bound >= target]
    assert fitted.threshold == (max(reached) if reached else scores.min())
    assert fitted.lower_bound == bounds[fitted.threshold]


ANY = [0.5, 0.9]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], 0.9), {}, "found 0 scores, none of them above 0; wanted at least one gold span"),
        (([0.0], 0.9), {}, "found 1 scores, none of them above 0"),
        (([1.2], 0.9), {}, r"found a value outside \[0, 1\] or not a number; wanted prob"),
        (([np.nan], 0.9), {}, r"found a value outside \[0, 1\] or not a number"),
        ((ANY, 1.0), {}, r"target_recall\): found 1.0; wanted a number between 0 and 1, both"),
        ((ANY, 0.0), {}, r"target_recall\): found 0.0; wanted a number between 0 and 1"),
        ((ANY, 0.9), {"confidence": 0.5}, r"confidence\): found 0.5; wanted .* between 0.5 and 1"),
        ((ANY, 0.9), {"documents": [0]}, "found 1 of them for 2 scores; wanted one a score"),
    ],
)
def test_impossible_input_is_refused(arguments, options, message):
    with pytest.raises(ConfigError, match=message):
        fit_recall_threshold(*arguments, **options)
