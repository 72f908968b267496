"""Encoder and prediction head as one module: a packed batch in, its loss out.

One module, because data-parallel and sharded engines wrap what is called. The head is the
checkpoint's own and serves both objectives: a change of phase changes the mask, never the weights.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint
from spacy_modernbert_bio.encoder.chunked_loss import ChunkedLoss, chunked_cross_entropy
from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import FeedForward, ModernBertEncoder
from spacy_modernbert_bio.encoder.precision import autocast, choose_dtype
from spacy_modernbert_bio.errors import CheckpointError
from spacy_modernbert_bio.pretraining.batches import TrainingBatch
from spacy_modernbert_bio.pretraining.config import RunConfig


class PretrainingModel(nn.Module):
    """An encoder and its prediction head. Weights are float32; products run as the encoder's do."""

    def __init__(self, encoder: ModernBertEncoder, head: PredictionHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, batch: TrainingBatch) -> tuple[Float[Tensor, ""], Float[Tensor, "rows"]]:
        """Summed loss of the supervised pieces, in nats, and the loss of each (detached)."""
        hidden = self.encoder(batch.piece_ids, batch.layout, causal=batch.causal)
        device = self.encoder.device
        with autocast(device, choose_dtype(self.encoder.precision, device)):
            loss: ChunkedLoss = chunked_cross_entropy(
                self.head, hidden.index_select(0, batch.positions), batch.labels
            )
        return loss.total, loss.rows


def build_model(checkpoint: Checkpoint, run: RunConfig) -> PretrainingModel:
    """A model of its own with a checkpoint's weights, set up as the run says.

    Raises CheckpointError for a checkpoint without a prediction head: one that begins at random
    would undo what the checkpoint knows.
    """
    if checkpoint.head is None:
        raise CheckpointError(
            where=run.start,
            found="no prediction head",
            wanted="a checkpoint for masked language modelling, head included",
        )
    encoder = ModernBertEncoder(
        checkpoint.config,
        attention=run.attention,
        precision=run.precision,
        gradient_checkpointing=run.gradient_checkpointing,
    )
    model = PretrainingModel(encoder, PredictionHead(checkpoint.config, encoder))
    encoder.load_state_dict(checkpoint.encoder.state_dict())
    model.head.load_state_dict(checkpoint.head.state_dict())
    if run.compile:
        for module in encoder.modules():
            if isinstance(module, FeedForward):
                module.compile()
    return model


@dataclass(frozen=True, eq=False)
class LossSums:
    """Losses and counts by source, summed over batches; what a mean is made of.

    losses: nats, `[sources]`; counts: supervised pieces, `[sources]`; both float64.
    """

    losses: Float[Tensor, "sources"]
    counts: Float[Tensor, "sources"]

    @classmethod
    def zero(cls, sources: int, device: torch.device) -> "LossSums":
        """Nothing summed yet."""
        zeros = torch.zeros(2, sources, dtype=torch.float64, device=device)
        return cls(zeros[0], zeros[1])

    def add(self, batch: TrainingBatch, rows: Float[Tensor, "rows"]) -> None:
        """Take a batch's losses in."""
        self.losses.index_add_(0, batch.sources, rows.double())
        self.counts.index_add_(0, batch.sources, torch.ones_like(rows, dtype=torch.float64))

    def mean(self) -> float:
        """Mean over all supervised pieces; NaN where there are none."""
        return float(self.losses.sum() / self.counts.sum())

    def means(self, names: tuple[str, ...]) -> dict[str, float]:
        """Mean of each source that has supervised pieces."""
        pairs = zip(names, self.losses.tolist(), self.counts.tolist(), strict=True)
        return {name: loss / count for name, loss, count in pairs if count}
