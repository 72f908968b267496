"""Windows of many documents to one row without padding, and hidden states back to documents.

Each window becomes one sequence `[CLS] pieces [SEP]`; its positions start at 0. The index vector
`keep` names the rows that are kept: since the keep ranges of a document's windows partition it,
one `index_select` stitches all documents, and its backward is autograd's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.pieces import Pieces
from spacy_modernbert_bio.encoder.windows import Window, plan_windows

# [CLS] in front and [SEP] behind.
SPECIALS = 2


@dataclass(frozen=True)
class PlacedWindow:
    """A window and the number of the document it lies in."""

    document: int
    window: Window

    @property
    def row_pieces(self) -> int:
        """Pieces it takes in a row, the special ones included."""
        return self.window.stop - self.window.start + SPECIALS


@dataclass(frozen=True, eq=False)
class PackedBatch:
    """One row of pieces.

    piece_ids: special pieces included, `[pieces]`.
    layout: one sequence a window.
    keep: rows whose hidden states are kept, in the order of documents and their pieces; where
        `pack` was asked for it, each window's [CLS] before its pieces.
    """

    piece_ids: Int[Tensor, "pieces"]
    layout: SequenceLayout
    keep: Int[Tensor, "kept"]


def place_windows(lengths: Sequence[int], *, context: int, overlap: int) -> list[PlacedWindow]:
    """The windows of documents of the given lengths in pieces, in order.

    context: pieces in one pass, the two special ones included; overlap: pieces that neighbouring
    windows share. Raises ConfigError when they leave no room.
    """
    return [
        PlacedWindow(document, window)
        for document, length in enumerate(lengths)
        for window in plan_windows(length, size=context - SPECIALS, overlap=overlap)
    ]


def pack(
    documents: Sequence[Pieces],
    windows: Sequence[PlacedWindow],
    *,
    cls_id: int,
    sep_id: int,
    keep_cls: bool = False,
    device: torch.device | str = "cpu",
) -> PackedBatch:
    """One row of the given windows; `document` of each is an index into `documents`.

    keep_cls: keep the state of each window's [CLS] as well, before those of its pieces.
    """
    parts, keep, start = [], [], 0
    for placed in windows:
        window = placed.window
        ids = documents[placed.document].piece_ids[window.start : window.stop]
        parts.append(np.concatenate([[cls_id], ids, [sep_id]]))
        first = start + 1 - window.start
        if keep_cls:
            keep.append(np.array([start]))
        keep.append(np.arange(first + window.keep_start, first + window.keep_stop))
        start += placed.row_pieces
    layout = SequenceLayout.of([placed.row_pieces for placed in windows], device)
    piece_ids = torch.from_numpy(np.concatenate(parts)).to(device)
    return PackedBatch(piece_ids, layout, torch.from_numpy(np.concatenate(keep)).to(device))


def stitch(
    hidden: Float[Tensor, "pieces width"], batch: PackedBatch
) -> Float[Tensor, "kept width"]:
    """The kept rows of a batch's hidden states: every piece of its windows' keep ranges, once."""
    return hidden.index_select(0, batch.keep)
