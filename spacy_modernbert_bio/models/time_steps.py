"""The order in time of a ragged batch: what a loop over time steps needs to pad nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class TimeSteps:
    """All first tokens of a batch, then all second ones, and so on.

    Each step works on the documents that are longer than it, so one document of 50,000 tokens
    among a hundred short ones costs its own tokens and no more.

    lengths: tokens a document, in the order in which the documents stand in the batch.
    order: [tokens], the batch row of each time-major row; longer documents first in each step.
    document: [tokens], the document of each batch row.
    sizes: documents in each step. first, last: batch rows of the first and the last token of each
        document that is not empty; `filled` says which are not.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        length = np.asarray(lengths, dtype=np.int64)
        offset = np.cumsum(length) - length
        self.document: Rows = np.repeat(np.arange(len(length)), length)
        time = np.arange(int(length.sum())) - offset[self.document]
        rank = np.empty_like(length)
        rank[np.argsort(-length, kind="stable")] = np.arange(len(length))
        self.order: Rows = np.lexsort((rank[self.document], time))
        self.sizes: list[int] = np.bincount(time).tolist()
        self._starts: list[int] = [0, *np.cumsum(self.sizes, dtype=np.int64).tolist()]
        self.filled: NDArray[np.bool_] = length > 0
        self.first: Rows = offset[self.filled]
        self.last: Rows = (offset + length - 1)[self.filled]

    def rows(self, step: int) -> slice:
        """The time-major rows of a step."""
        return slice(self._starts[step], self._starts[step + 1])

    def rows_before(self, step: int) -> slice:
        """Time-major rows of the tokens right before those of a step (not the first step)."""
        start = self._starts[step - 1]
        return slice(start, start + self.sizes[step])

    def transitions(self) -> tuple[Rows, Rows]:
        """Batch rows of all pairs of neighbours: the left ones and the right ones."""
        inner = np.ones(len(self.order), dtype=np.bool_)
        inner[self.first] = False
        right = np.flatnonzero(inner)
        return right - 1, right
