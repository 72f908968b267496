import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from tokenizers import Tokenizer, models

from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import CheckpointError
from spacy_modernbert_bio.pretraining.config import PhaseConfig
from spacy_modernbert_bio.pretraining.objectives import ClmObjective, build_objective
from spacy_modernbert_bio.pretraining.shards import Stretch
from tests.conftest import make_config

CLS, SEP, MASK, VOCABULARY = 1, 2, 4, 400
ALPHA = 1e-3
MLM = PhaseConfig(objective="mlm", length="1 steps", masked=0.15)


def make_stretch(lengths: list[int], seed: int = 0) -> Stretch:
    """Documents of ordinary pieces between [CLS] and [SEP]."""
    random = np.random.default_rng(seed)
    documents = [
        np.concatenate([[CLS], random.integers(5, VOCABULARY, length), [SEP]]) for length in lengths
    ]
    return Stretch(np.concatenate(documents), tuple(length + 2 for length in lengths))


@pytest.fixture(scope="module")
def mlm(tiny_tokenizer):
    return build_objective(MLM, make_config(), tiny_tokenizer, seed=17)


LENGTHS = st.lists(st.integers(0, 30), min_size=1, max_size=8)


@given(LENGTHS)
def test_clm_predicts_the_next_piece_of_the_same_sequence_everywhere_but_at_its_end(lengths):
    stretch = make_stretch(lengths)
    found = ClmObjective().supervise(stretch, 0)
    wanted = []
    start = 0
    for length in stretch.lengths:
        wanted += [(i, int(stretch.piece_ids[i + 1])) for i in range(start, start + length - 1)]
        start += length
    assert list(zip(found.positions.tolist(), found.labels.tolist(), strict=True)) == wanted
    assert np.array_equal(found.piece_ids, stretch.piece_ids)


@given(lengths=LENGTHS, number=st.integers(0, 2**40))
def test_mlm_changes_nothing_but_masked_pieces_and_never_special_ones(mlm, lengths, number):
    stretch = make_stretch(lengths)
    found = mlm.supervise(stretch, number)
    assert np.array_equal(stretch.piece_ids[found.positions], found.labels)
    assert not np.isin(found.labels, [0, CLS, SEP, 3, MASK]).any()
    untouched = np.delete(np.arange(len(stretch.piece_ids)), found.positions)
    assert np.array_equal(found.piece_ids[untouched], stretch.piece_ids[untouched])
    assert not np.isin(found.piece_ids[found.positions], [0, CLS, SEP, 3]).any()


def test_mlm_masks_15_percent_and_replaces_80_10_10(mlm):
    stretch = make_stretch([200] * 500)
    found = mlm.supervise(stretch, 0)
    ordinary = 200 * 500
    masked = len(found.labels)
    assert chisquare([masked, ordinary - masked], [0.15 * ordinary, 0.85 * ordinary]).pvalue > ALPHA
    inputs = found.piece_ids[found.positions]
    counts = [(inputs == MASK).sum(), ((inputs != MASK) & (inputs != found.labels)).sum()]
    counts.append(masked - sum(counts))
    # A random piece is the right one now and then.
    hit = 0.1 / len(mlm.ordinary)
    shares = np.array([0.8, 0.1 - hit, 0.1 + hit])
    assert chisquare(counts, shares * masked).pvalue > ALPHA


def test_mlm_draws_random_pieces_evenly_from_those_that_are_not_special(mlm):
    stretch = make_stretch([2000] * 100)
    inputs, labels = zip(
        *(
            (found.piece_ids[found.positions], found.labels)
            for found in (mlm.supervise(stretch, number) for number in range(10))
        ),
        strict=True,
    )
    inputs, labels = np.concatenate(inputs), np.concatenate(labels)
    drawn = inputs[(inputs != MASK) & (inputs != labels)]
    counts = np.bincount(drawn, minlength=VOCABULARY)[mlm.ordinary]
    assert counts.sum() == len(drawn)
    assert chisquare(counts).pvalue > ALPHA


def test_masks_are_another_rows_for_another_row_and_seed_and_the_same_again(mlm, tiny_tokenizer):
    stretch = make_stretch([100])
    other = build_objective(MLM, make_config(), tiny_tokenizer, seed=18)
    first = mlm.supervise(stretch, 5).positions.tolist()
    assert mlm.supervise(stretch, 5).positions.tolist() == first
    assert mlm.supervise(stretch, 6).positions.tolist() != first
    assert mlm.supervise(stretch, 5 + 2**32).positions.tolist() != first
    assert other.supervise(stretch, 5).positions.tolist() != first


def test_mlm_needs_a_mask_piece():
    bare = PieceTokenizer(Tokenizer(models.BPE(vocab={"a": 0}, merges=[])))
    with pytest.raises(CheckpointError, match=r"tokenizer.json: found no mask piece"):
        build_objective(MLM, make_config(), bare, seed=0)
