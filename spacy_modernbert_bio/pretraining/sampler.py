"""Which text stands in which row of the data's order: a pure function of the seed and the row.

The order is an endless list of rows, each a stretch of one source's shards. Step s of a run takes
rows s * B to (s + 1) * B - 1, whatever the number of processes, so a resumed run goes on exactly,
and twins that share a seed read the same rows. Nothing is read before it is asked for; an epoch's
permutation of a source's rows costs eight bytes a row.

A document that crosses a row's border is cut there, once in `row_tokens` pieces; the borders move
from epoch to epoch.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from spacy_modernbert_bio.encoder.pieces import Ints
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.shards import ShardReader, Stretch


@dataclass(frozen=True, eq=False)
class Row:
    """One packed sequence of the order.

    number: its place in the order, from 0; source: index among the sources; stretch: its pieces,
    `row_tokens` of them.
    """

    number: int
    source: int
    stretch: Stretch


class Sampler:
    """The rows of a mix of sources.

    readers: one a source, by name. mix: share of each source. row_tokens: pieces of a row.
    Raises ConfigError for a source that does not fill one row.
    """

    def __init__(
        self,
        readers: Mapping[str, ShardReader],
        mix: Mapping[str, float],
        *,
        row_tokens: int,
        seed: int,
    ) -> None:
        for name, reader in readers.items():
            if reader.pieces < row_tokens:
                raise ConfigError(
                    where=f"corpus.sources.{name}",
                    found=f"{reader.pieces} pieces",
                    wanted=f"at least one row (batch.row_tokens = {row_tokens})",
                )
        self.sources = tuple(readers)
        self._readers = tuple(readers.values())
        self._shares = exact_shares([mix[name] for name in self.sources])
        self._row_tokens = row_tokens
        self._seed = seed
        self._epochs: dict[int, tuple[int, Ints, int]] = {}

    def rows(self, start: int, stop: int) -> list[Row]:
        """Rows `start` to `stop - 1` of the order."""
        return self.read(start, plan_rows(self._shares, start, stop))

    def read(self, start: int, plan: list[tuple[int, int]]) -> list[Row]:
        """The rows that a plan of (source, row of the source) names, numbered from `start`."""
        return [
            Row(start + place, source, self._stretch(source, number))
            for place, (source, number) in enumerate(plan)
        ]

    def plan(self, start: int, stop: int) -> list[tuple[int, int]]:
        """For each row from `start` to `stop - 1`, its source and its number within the source."""
        return plan_rows(self._shares, start, stop)

    def _stretch(self, source: int, number: int) -> Stretch:
        reader = self._readers[source]
        epoch, place = divmod(number, reader.pieces // self._row_tokens)
        order, offset = self._epoch(source, epoch)
        start = (offset + int(order[place]) * self._row_tokens) % reader.pieces
        stop = start + self._row_tokens
        if stop <= reader.pieces:
            return reader.read(start, stop)
        # The stream is a ring: its end is a document's end, and so is its start.
        tail, head = reader.read(start, reader.pieces), reader.read(0, stop - reader.pieces)
        return Stretch(
            np.concatenate([tail.piece_ids, head.piece_ids]), (*tail.lengths, *head.lengths)
        )

    def _epoch(self, source: int, epoch: int) -> tuple[Ints, int]:
        """The order of a source's rows in an epoch, and where in the stream row 0 starts."""
        if source not in self._epochs or self._epochs[source][0] != epoch:
            pieces = self._readers[source].pieces
            random = stable_random(self._seed, zlib.crc32(self.sources[source].encode()), epoch)
            order = random.permutation(pieces // self._row_tokens)
            # One epoch a source is kept: the order never goes back.
            self._epochs[source] = (epoch, order, int(random.random_sample() * pieces))
        return self._epochs[source][1:]


def stable_random(*key: int) -> np.random.RandomState:
    """Random numbers that depend on the key alone.

    RandomState's streams are frozen; NumPy's newer generators may change with its version.
    """
    return np.random.RandomState([part % 2**32 for part in key])


def exact_shares(shares: list[float]) -> list[Fraction]:
    """Shares as fractions that sum to exactly 1."""
    parts = [Fraction(str(share)) for share in shares]
    return [part / sum(parts) for part in parts]


def plan_rows(shares: list[Fraction], start: int, stop: int) -> list[tuple[int, int]]:
    """For each row from `start` to `stop - 1`: its source, and its number within the source.

    Row j of a source with share w is due at (j + 1/2) / w; all rows stand in the order in which
    they are due. So any stretch of the order holds each source in its share, within a row a
    source, and a row's place needs no running count. Fractions: no rounding moves a row.
    """
    begin = max(Fraction(0), Fraction(start - len(shares)))
    end = Fraction(stop + len(shares))
    before = [_rows_due(share, begin) for share in shares]
    due = sorted(
        ((j + Fraction(1, 2)) / share, source, j)
        for source, share in enumerate(shares)
        for j in range(before[source], _rows_due(share, end))
    )
    skipped = start - sum(before)
    return [(source, j) for _, source, j in due[skipped : skipped + stop - start]]


def _rows_due(share: Fraction, time: Fraction) -> int:
    """Rows of a source that are due before `time`."""
    return max(0, ceil(share * time - Fraction(1, 2)))
