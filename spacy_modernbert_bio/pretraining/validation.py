"""Both objectives on held-out rows: fixed text, fixed masks, the same at every call.

A loss is the mean over a source's supervised pieces, then over the sources by their shares of the
mix. The unigram entropy of the same pieces stands beside it: the least loss that any model could
reach that knows how frequent each piece is and looks at no context.
"""

from collections.abc import Mapping
from math import ceil

import numpy as np
import torch
from torch import nn

from spacy_modernbert_bio.pretraining.batches import TrainingBatch, make_batch
from spacy_modernbert_bio.pretraining.model import LossSums
from spacy_modernbert_bio.pretraining.objectives import ClmObjective, Objective
from spacy_modernbert_bio.pretraining.processes import Processes
from spacy_modernbert_bio.pretraining.sampler import Row
from spacy_modernbert_bio.pretraining.shards import ShardReader


class Validation:
    """Held-out rows, ready to be predicted.

    readers: the held-out part of each source, by name. mix: share of each source. objectives: what
    is asked. rows: how many rows, over all sources, where there are as many; at least one a source.
    """

    def __init__(
        self,
        readers: Mapping[str, ShardReader],
        mix: Mapping[str, float],
        objectives: tuple[Objective, ...],
        *,
        rows: int,
        row_tokens: int,
        rows_at_once: int,
    ) -> None:
        self.sources = tuple(readers)
        self._mix = mix
        self._objectives = objectives
        self._rows_at_once = rows_at_once
        self._rows = [
            Row(number * len(self.sources) + source, source, reader.read(start, stop))
            for source, (name, reader) in enumerate(readers.items())
            for number, (start, stop) in enumerate(
                _cuts(reader.pieces, row_tokens, max(1, round(mix[name] * rows)))
            )
        ]
        self.unigram_entropy = self._average(self._entropies())

    def run(
        self, model: nn.Module, processes: Processes
    ) -> dict[str, tuple[float, dict[str, float]]]:
        """For each objective, the loss in nats, and that of each source. All processes call it."""
        was_training = model.training
        model.eval()
        losses = {each.name: self._measure(model, processes, each) for each in self._objectives}
        model.train(was_training)
        return {name: (self._average(by_source), by_source) for name, by_source in losses.items()}

    def _measure(
        self, model: nn.Module, processes: Processes, objective: Objective
    ) -> dict[str, float]:
        sums = LossSums.zero(len(self.sources), processes.device)
        batches = self._batches(objective)
        # Sharded engines need as many passes in every process: some read a batch for nothing.
        for turn in range(ceil(len(batches) / processes.count)):
            place = turn * processes.count + processes.rank
            batch = batches[place % len(batches)].to(processes.device)
            with torch.no_grad():
                _, rows = model(batch)
            if place < len(batches):
                sums.add(batch, rows)
        total = LossSums(processes.sum(sums.losses), processes.sum(sums.counts))
        return total.means(self.sources)

    def _batches(self, objective: Objective) -> list[TrainingBatch]:
        size = self._rows_at_once
        parts = (self._rows[i : i + size] for i in range(0, len(self._rows), size))
        return [make_batch(part, objective) for part in parts]

    def _entropies(self) -> dict[str, float]:
        """Entropy in nats of each source's pieces, without those that begin a document."""
        entropies = {}
        for source, name in enumerate(self.sources):
            rows = [row for row in self._rows if row.source == source]
            labels = [ClmObjective().supervise(row.stretch, row.number).labels for row in rows]
            counts = np.bincount(np.concatenate(labels)).astype(np.float64)
            shares = counts[counts > 0] / counts.sum()
            entropies[name] = float(-(shares * np.log(shares)).sum())
        return entropies

    def _average(self, by_source: Mapping[str, float]) -> float:
        present = sum(self._mix[name] for name in by_source)
        return sum(self._mix[name] * value for name, value in by_source.items()) / present


def _cuts(pieces: int, row_tokens: int, most: int) -> list[tuple[int, int]]:
    """The first `most` rows of a stream, the last of them as short as it comes."""
    starts = range(0, pieces, row_tokens)[:most]
    return [(start, min(start + row_tokens, pieces)) for start in starts]
