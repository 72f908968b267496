"""Bound a batch by its pieces, also inside one document; retreat after running out of GPU memory.

The cost of a packed row grows with its pieces, not with its documents, so pieces are what a user
bounds. A row holds at least one window, whatever the bound.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from spacy_modernbert_bio.encoder.packing import PlacedWindow
from spacy_modernbert_bio.errors import ConfigError

Result = TypeVar("Result")

_log = logging.getLogger("spacy_modernbert_bio")


class PieceBudget:
    """At most `max_pieces` pieces a row; remembers a retreat for the rows that follow."""

    def __init__(self, max_pieces: int) -> None:
        if max_pieces < 1:
            raise ConfigError(where="max_pieces", found=str(max_pieces), wanted="1 or more")
        self.max_pieces = max_pieces

    def take(self, windows: Sequence[PlacedWindow]) -> Sequence[PlacedWindow]:
        """The longest head of `windows` that fits one row; at least one window."""
        pieces = 0
        for count, placed in enumerate(windows):
            pieces += placed.row_pieces
            if pieces > self.max_pieces and count:
                return windows[:count]
        return windows

    def run(
        self,
        windows: Sequence[PlacedWindow],
        work: Callable[[Sequence[PlacedWindow]], Result],
    ) -> list[Result]:
        """`work` on every window, a row at a time, in order.

        When the GPU runs out of memory the budget halves and the same windows are tried again.
        Raises ConfigError when one window alone does not fit.
        """
        results: list[Result] = []
        done = 0
        while done < len(windows):
            row = self.take(windows[done:])
            result = _try(work, row)
            if result is None:
                self._retreat(row)
                continue
            results.append(result)
            done += len(row)
        return results

    def _retreat(self, row: Sequence[PlacedWindow]) -> None:
        pieces = sum(placed.row_pieces for placed in row)
        if len(row) == 1:
            raise ConfigError(
                where="window",
                found=f"too little GPU memory for one window of {pieces} pieces",
                wanted="a window that fits",
                fix="Lower window, or set gradient_checkpointing = true for training.",
            )
        self.max_pieces = pieces // 2
        _log.warning("out of GPU memory: max_pieces lowered to %d", self.max_pieces)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _try(
    work: Callable[[Sequence[PlacedWindow]], Result], row: Sequence[PlacedWindow]
) -> Result | None:
    """The result, or None when memory ran out.

    A function of its own: on return the exception is gone, and with it the frames that hold on
    to the tensors of the failed attempt.
    """
    try:
        return work(row)
    except torch.OutOfMemoryError:
        return None
