"""Rows to one packed training batch on a device."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.pretraining.objectives import Objective
from spacy_modernbert_bio.pretraining.sampler import Row


@dataclass(frozen=True, eq=False)
class TrainingBatch:
    """What one pass reads and is asked.

    piece_ids: the packed row. layout: its sequences. positions, labels: the supervised pieces of
    the row and what each is to predict. sources: index of the source of each of them. causal:
    whether the pass is.
    """

    piece_ids: Int[Tensor, "pieces"]
    layout: SequenceLayout
    positions: Int[Tensor, "supervised"]
    labels: Int[Tensor, "supervised"]
    sources: Int[Tensor, "supervised"]
    causal: bool

    @property
    def supervised(self) -> int:
        """Pieces to predict."""
        return self.labels.shape[0]

    def to(self, device: torch.device) -> "TrainingBatch":
        """The same on another device."""
        return TrainingBatch(
            self.piece_ids.to(device, non_blocking=True),
            SequenceLayout.of(self.layout.lengths, device),
            self.positions.to(device, non_blocking=True),
            self.labels.to(device, non_blocking=True),
            self.sources.to(device, non_blocking=True),
            self.causal,
        )


def make_batch(rows: Sequence[Row], objective: Objective) -> TrainingBatch:
    """Pack rows, on the CPU. No sequence sees another, of its own row or of the next."""
    supervisions = [objective.supervise(row.stretch, row.number) for row in rows]
    widths = [len(row.stretch.piece_ids) for row in rows]
    starts = np.cumsum([0, *widths[:-1]])
    positions = [s.positions + start for s, start in zip(supervisions, starts, strict=True)]
    sources = np.repeat([row.source for row in rows], [len(s.labels) for s in supervisions])
    return TrainingBatch(
        torch.from_numpy(np.concatenate([s.piece_ids for s in supervisions])),
        SequenceLayout.of([length for row in rows for length in row.stretch.lengths]),
        torch.from_numpy(np.concatenate(positions)),
        torch.from_numpy(np.concatenate([s.labels for s in supervisions])),
        torch.from_numpy(sources),
        objective.causal,
    )
