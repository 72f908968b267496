"""The dial adds words that are likely enough to be PHI, and takes none away."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.components.recall_dial import RecallDial, check_thresholds
from spacy_modernbert_bio.components.recall_fit import fit_dial
from spacy_modernbert_bio.components.tags import MISSING, TagSpans, decode_tags
from spacy_modernbert_bio.components.word_chain import best_spans
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.crf import make_chain, marginals
from spacy_modernbert_bio.models.tag_scheme import allowed_transitions

LABELS = ("PATIENT", "DOCTOR", "DATE")
TAGS = 1 + 2 * len(LABELS)


def probabilities(**of_words: list[float]) -> np.ndarray:
    """[words, tags], the mass of each label on its B; the rest is O."""
    words = len(next(iter(of_words.values())))
    rows = np.zeros((words, TAGS))
    for label, masses in of_words.items():
        rows[:, 1 + 2 * LABELS.index(label)] = masses
    rows[:, 0] = 1.0 - rows.sum(axis=1)
    return rows


def spans(*found: tuple[int, int, str]) -> TagSpans:
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    starts, stops = (np.array(column, dtype=np.int64) for column in columns[:2])
    return TagSpans(starts, stops, np.array([LABELS.index(x) for x in columns[2]], dtype=np.int64))


def listed(found: TagSpans) -> list[tuple[int, int, str]]:
    return [
        (start, stop, LABELS[label])
        for start, stop, label in zip(
            found.starts.tolist(), found.stops.tolist(), found.labels.tolist(), strict=True
        )
    ]


def dial(words: int, before: TagSpans, masses: np.ndarray, documents=None, **thresholds: float):
    documents = np.zeros(words, dtype=np.int64) if documents is None else np.array(documents)
    return listed(RecallDial(LABELS, thresholds)(before, masses, documents))


def test_a_word_at_its_groups_threshold_is_found():
    masses = probabilities(PATIENT=[0.1, 0.3, 0.0], DATE=[0.0, 0.0, 0.3])
    assert dial(3, spans(), masses, NAME=0.29) == [(1, 2, "PATIENT")]
    assert dial(3, spans(), masses, NAME=0.09, DATE=0.29) == [(0, 2, "PATIENT"), (2, 3, "DATE")]
    assert dial(3, spans(), masses, NAME=0.31) == []


def test_a_group_counts_the_sum_of_its_labels_and_takes_the_likeliest():
    masses = probabilities(PATIENT=[0.1], DOCTOR=[0.15], DATE=[0.2])
    assert dial(1, spans(), masses, NAME=0.4) == [(0, 1, "DOCTOR")]


def test_a_word_beside_a_span_of_its_group_makes_that_longer():
    masses = probabilities(PATIENT=[0.9, 0.0, 0.0], DOCTOR=[0.0, 0.3, 0.3])
    assert dial(3, spans((0, 1, "PATIENT")), masses, NAME=0.2) == [(0, 3, "PATIENT")]


def test_spans_of_the_best_path_keep_the_border_between_them():
    masses = probabilities(PATIENT=[0.9, 0.9, 0.3])
    before = spans((0, 1, "PATIENT"), (1, 2, "PATIENT"))
    assert dial(3, before, masses, NAME=0.2) == [(0, 1, "PATIENT"), (1, 3, "PATIENT")]


def test_no_span_reaches_into_the_next_document():
    masses = probabilities(PATIENT=[0.9, 0.3, 0.3])
    found = dial(3, spans((0, 1, "PATIENT")), masses, [0, 0, 1], NAME=0.2)
    assert found == [(0, 2, "PATIENT"), (2, 3, "PATIENT")]


@st.composite
def batches(draw):
    """A chain of random scores over one to three documents."""
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return random_chain(rng, lengths)


def random_chain(rng: np.random.Generator, lengths: list[int]):
    rules = allowed_transitions(["O", *(f"{m}-{label}" for label in LABELS for m in "BI")])

    def forbid(scores, allowed):
        return torch.from_numpy(np.where(allowed, scores, -np.inf))

    return make_chain(
        torch.from_numpy(rng.normal(size=(sum(lengths), TAGS))),
        forbid(rng.normal(size=(TAGS, TAGS)), rules.follows),
        forbid(rng.normal(size=TAGS), rules.starts),
        forbid(rng.normal(size=TAGS), rules.stops),
        lengths,
    )


def covered(found: TagSpans) -> set[int]:
    return {
        word
        for start, stop in zip(found.starts.tolist(), found.stops.tolist(), strict=True)
        for word in range(start, stop)
    }


@given(batches(), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_lower_threshold_covers_all_that_a_higher_one_does(chain, one, other):
    low, high = sorted((one, other))
    before, _ = best_spans(chain)
    believed = marginals(chain)
    found = {
        limit: RecallDial(LABELS, dict.fromkeys(("NAME", "DATE"), limit))(
            before, believed, chain.steps.document
        )
        for limit in (low, high)
    }
    assert covered(before) <= covered(found[high]) <= covered(found[low])
    for each in found.values():
        borders = list(zip(each.starts.tolist(), each.stops.tolist(), strict=True))
        assert borders == sorted(borders)
        assert all(a[1] <= b[0] for a, b in pairwise(borders))
        for start, stop in borders:
            assert len(set(chain.steps.document[start:stop].tolist())) == 1


@given(st.integers(0, 2**16))
def test_the_fitted_thresholds_find_the_share_that_they_promise(seed):
    rng = np.random.default_rng(seed)
    chain = random_chain(rng, [40, 30, 50])
    gold = rng.choice([0, 0, 0, 1, 3, 5], size=120)
    known = rng.random(120) < 0.2
    report = fit_dial([(chain, gold, known)], LABELS, target_recall=0.5, confidence=0.6)
    before, _ = best_spans(chain)
    believed = marginals(chain)
    after = RecallDial(LABELS, report.thresholds)(before, believed, chain.steps.document)
    known_words = set(np.flatnonzero(known).tolist())
    wanted = decode_tags(gold)
    for row in report.rows:
        labels = [i for i, label in enumerate(LABELS) if (label == "DATE") == (row.group == "DATE")]
        own = [
            set(range(start, stop))
            for start, stop, label in zip(wanted.starts, wanted.stops, wanted.labels, strict=True)
            if label in labels
        ]
        assert row.fitted.spans == len(own)
        # A name that seems to be a date is asked for the threshold of dates: that counts as well.
        found = np.mean([words <= covered(after) | known_words for words in own])
        assert found >= row.fitted.recall >= row.recall_before
        assert report.thresholds[row.group] <= row.fitted.threshold
    assert report.words_before <= report.words_after


def test_development_data_without_phi_is_refused():
    chain = random_chain(np.random.default_rng(0), [5])
    batch = (chain, np.array([0, 0, MISSING, 0, 0]), np.zeros(5, dtype=bool))
    with pytest.raises(ConfigError, match="found no gold span of PHI; wanted annotated"):
        fit_dial([batch], LABELS, target_recall=0.9)


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"PATIENT": 0.5}, r"deid: found the group 'PATIENT'; wanted one of NAME"),
        ({"NAME": 0.0}, r"deid.NAME: found 0.0; wanted a probability above 0"),
        ({"NAME": 1.5}, r"deid.NAME: found 1.5; wanted a probability above 0"),
    ],
)
def test_what_is_no_threshold_is_refused(thresholds, message):
    with pytest.raises(ConfigError, match=message):
        check_thresholds(thresholds, where="deid")
