"""A training step of masked language modelling, against plain transformers.

Both do the whole of it: forward, loss, backward, AdamW. Same weights, pieces and masks; padded with
all logits there, packed with those of the masked pieces here. The learning rate is zero, so weights
stay and every round does the same work; in float32. Random pieces: only lengths matter to speed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from spacy_modernbert_bio.benchmarks.speed import Workload
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.pretraining.batches import TrainingBatch, make_batch
from spacy_modernbert_bio.pretraining.config import OptimizerConfig, PhaseConfig, RunConfig
from spacy_modernbert_bio.pretraining.model import build_model
from spacy_modernbert_bio.pretraining.objectives import build_objective
from spacy_modernbert_bio.pretraining.optimizer import build_optimizer
from spacy_modernbert_bio.pretraining.sampler import Row
from spacy_modernbert_bio.pretraining.shards import Stretch

# The decay's share of masked pieces (card).
MASKED = 0.15
_WARM_PIECES = 64

# Gives the mean loss over the masked pieces, in nats.
Step = Callable[[TrainingBatch], float]


@dataclass(frozen=True)
class Learner:
    """Who learns: ours, ours with gradient checkpointing, or plain transformers, in `folder`."""

    kind: str
    folder: Path

    def build(self) -> Step:
        """Load the weights and make an optimizer."""
        if self.kind == PLAIN:
            return _plain_step(self.folder)
        return _our_step(self.folder, gradient_checkpointing=self.kind == CHECKPOINTED)


OURS, CHECKPOINTED, PLAIN = "ours", "ours, gradient checkpointing", "transformers, padded"


def training_workloads(context: int, seed: int = 0) -> dict[str, Workload]:
    """Notes of all lengths, and one as long as the context."""
    random = np.random.default_rng(seed)
    longest = min(1024, context)
    lengths = (longest, *random.integers(longest // 16, longest + 1, 7).tolist())
    return {
        "mixed": Workload(f"8 notes of {longest // 16:,}-{longest:,} pieces", lengths),
        "long": Workload(f"one note of {context:,} pieces", (context,)),
    }


def make_step_batch(folder: Path, lengths: tuple[int, ...], seed: int = 0) -> TrainingBatch:
    """Random pieces in sequences of these lengths, masked for MLM."""
    checkpoint = load_checkpoint(folder)
    phase = PhaseConfig(objective="mlm", length="1 steps", masked=MASKED)
    objective = build_objective(phase, checkpoint.config, checkpoint.tokenizer, seed=seed)
    random = np.random.default_rng(seed)
    ids = random.integers(0, checkpoint.tokenizer.vocab_size, sum(lengths))
    return make_batch([Row(0, 0, Stretch(ids, lengths))], objective)


def prepare_step(
    learner: Learner, batch: TrainingBatch
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """A short warm step, after which the optimizer's state is there, and the step to measure."""
    step = learner.build()
    warm = make_step_batch(learner.folder, (_WARM_PIECES,))
    return lambda: step(warm), lambda: step(batch)


def _our_step(folder: Path, *, gradient_checkpointing: bool) -> Step:
    run = RunConfig(
        start=str(folder),
        output="",
        phases=("mlm",),
        precision="fp32",
        gradient_checkpointing=gradient_checkpointing,
    )
    model = build_model(load_checkpoint(folder), run).train()
    optimizer = build_optimizer(model, OptimizerConfig())

    def step(batch: TrainingBatch) -> float:
        total, _ = model(batch)
        loss = total / batch.supervised
        loss.backward()
        _update(model, optimizer)
        return float(loss.detach())

    return step


def _plain_step(folder: Path) -> Step:
    from transformers import AutoModelForMaskedLM

    model = AutoModelForMaskedLM.from_pretrained(
        folder, attn_implementation="sdpa", reference_compile=False
    ).train()
    optimizer = build_optimizer(model, OptimizerConfig())
    config = EncoderConfig.from_file(folder / "config.json")

    def step(batch: TrainingBatch) -> float:
        loss = model(**_padded(batch, config.pad_token_id)).loss
        loss.backward()
        _update(model, optimizer)
        return float(loss.detach())

    return step


def _update(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    torch.nn.utils.clip_grad_norm_(model.parameters(), OptimizerConfig().clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _padded(batch: TrainingBatch, pad_id: int) -> dict[str, torch.Tensor]:
    """A packed batch as transformers takes it: a row a sequence, -100 where nothing is asked."""
    labels = torch.full_like(batch.piece_ids, -100)
    labels[batch.positions] = batch.labels
    flat = {
        "input_ids": (batch.piece_ids, pad_id),
        "labels": (labels, -100),
        "attention_mask": (torch.ones_like(labels), 0),
    }
    lengths = list(batch.layout.lengths)
    return {
        key: pad_sequence(list(torch.split(values, lengths)), True, fill)
        for key, (values, fill) in flat.items()
    }
