from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.sampler import Sampler, exact_shares, plan_rows
from spacy_modernbert_bio.pretraining.shards import Stretch

SHARES = st.lists(st.integers(1, 50), min_size=1, max_size=5).map(
    lambda parts: exact_shares([part / sum(parts) for part in parts])
)


class Stream:
    """A source's shards in memory: pieces count up, documents are of equal length."""

    def __init__(self, pieces: int, document: int = 7, first: int = 0) -> None:
        self.pieces, self.document, self.first = pieces, document, first

    def read(self, start: int, stop: int) -> Stretch:
        borders = [i for i in range(start + 1, stop) if i % self.document == 0]
        edges = [start, *borders, stop]
        lengths = tuple(b - a for a, b in pairwise(edges))
        return Stretch(np.arange(start, stop) + self.first, lengths)


def make_sampler(*, seed: int = 42, row_tokens: int = 10, **pieces: int) -> Sampler:
    streams = {name: Stream(n, first=1000 * i) for i, (name, n) in enumerate(pieces.items())}
    mix = {name: 1 / len(pieces) for name in pieces}
    return Sampler(streams, mix, row_tokens=row_tokens, seed=seed)


@given(SHARES, st.integers(0, 500), st.integers(1, 60), st.integers(1, 60))
def test_a_plan_is_the_same_however_it_is_cut(shares, start, first, second):
    whole = plan_rows(shares, start, start + first + second)
    parts = plan_rows(shares, start, start + first)
    parts += plan_rows(shares, start + first, start + first + second)
    assert whole == parts
    assert len(whole) == first + second


@given(SHARES, st.integers(1, 300))
def test_every_prefix_of_the_order_holds_each_source_in_its_share_within_a_row_a_source(
    shares, rows
):
    plan = plan_rows(shares, 0, rows)
    for source, share in enumerate(shares):
        numbers = [number for at, number in plan if at == source]
        assert numbers == list(range(len(numbers)))
        assert abs(len(numbers) - share * rows) <= len(shares)


def test_the_recipes_mix_comes_out_exactly_in_a_step():
    shares = exact_shares([0.6, 0.2, 0.2])
    assert shares == [Fraction(3, 5), Fraction(1, 5), Fraction(1, 5)]
    counts = Counter(source for source, _ in plan_rows(shares, 385_000, 386_000))
    assert counts == {0: 600, 1: 200, 2: 200}


def test_an_epoch_reads_each_piece_at_most_once_and_leaves_less_than_a_row():
    sampler = make_sampler(notes=104)
    rows = sampler.rows(0, 10)
    pieces = np.concatenate([row.stretch.piece_ids for row in rows])
    assert len(set(pieces.tolist())) == 100
    assert all(len(row.stretch.piece_ids) == 10 for row in rows)


def test_epochs_differ_in_order_and_in_where_rows_begin():
    sampler = make_sampler(notes=104)
    starts = [
        [int(row.stretch.piece_ids[0]) for row in sampler.rows(first, first + 10)]
        for first in (0, 10)
    ]
    assert sorted(starts[0]) != starts[0]
    assert set(starts[0]) != set(starts[1])


def test_a_row_over_the_end_of_the_stream_goes_on_at_its_start_as_another_sequence():
    sampler = make_sampler(notes=35, row_tokens=30, seed=3)
    (row,) = sampler.rows(0, 1)
    ids = row.stretch.piece_ids.tolist()
    assert 34 in ids
    assert ids.index(0) == ids.index(34) + 1
    assert ids.index(0) in np.cumsum(row.stretch.lengths)
    assert sum(row.stretch.lengths) == 30


@given(st.integers(0, 40), st.integers(1, 20))
def test_a_row_depends_on_seed_and_number_alone(first, count):
    kept, fresh = make_sampler(a=200, b=300), make_sampler(a=200, b=300)
    kept.rows(0, 50)
    for old, new in zip(
        kept.rows(first, first + count), fresh.rows(first, first + count), strict=True
    ):
        assert (old.number, old.source) == (new.number, new.source)
        assert np.array_equal(old.stretch.piece_ids, new.stretch.piece_ids)
        assert old.stretch.lengths == new.stretch.lengths


def test_another_seed_gives_another_order():
    one, two = (make_sampler(notes=1000, seed=seed).rows(0, 50) for seed in (1, 2))
    starts = [[int(row.stretch.piece_ids[0]) for row in rows] for rows in (one, two)]
    assert starts[0] != starts[1]


def test_a_source_that_does_not_fill_a_row_is_named():
    with pytest.raises(ConfigError, match=r"corpus.sources.b: found 9 pieces; wanted .*= 10"):
        make_sampler(a=100, b=9)
