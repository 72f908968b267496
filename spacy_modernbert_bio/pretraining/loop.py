"""The training loop of one phase: sum over what was counted, average, clip, step, write down.

Each step reads its rows by their numbers, so nothing of the data is carried from step to step; the
loss is divided by the supervised pieces of the whole step, over all processes and passes, so that
neither their number nor the accumulation changes a gradient.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import nn

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, fill
from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import TrainingError
from spacy_modernbert_bio.pretraining.batches import TrainingBatch, make_batch
from spacy_modernbert_bio.pretraining.checkpoints import TrainingState, save_state
from spacy_modernbert_bio.pretraining.config import PhaseConfig, PretrainConfig
from spacy_modernbert_bio.pretraining.flops import training_flops
from spacy_modernbert_bio.pretraining.freezing import freeze
from spacy_modernbert_bio.pretraining.metrics import RunLog, StepRecord, ValidationRecord
from spacy_modernbert_bio.pretraining.model import LossSums, build_model
from spacy_modernbert_bio.pretraining.objectives import Objective
from spacy_modernbert_bio.pretraining.optimizer import (
    build_optimizer,
    read_moments,
    whole,
    write_moments,
)
from spacy_modernbert_bio.pretraining.processes import Processes
from spacy_modernbert_bio.pretraining.sampler import Sampler, stable_random
from spacy_modernbert_bio.pretraining.schedule import learning_rate
from spacy_modernbert_bio.pretraining.stopping import StopRequest
from spacy_modernbert_bio.pretraining.validation import Validation

Observer = Callable[[StepRecord | ValidationRecord], None]


@dataclass(frozen=True, eq=False)
class Run:
    """What all phases of a run share.

    settings: what a checkpoint of this run records, see `decisive_settings`. log: None in all
    processes but the main one. peak: FLOP/s of the device, for the utilisation.
    """

    config: PretrainConfig
    settings: dict[str, Any]
    processes: Processes
    sampler: Sampler
    validation: Validation
    log: RunLog | None
    observe: Observer
    stop: StopRequest
    peak: float

    @property
    def output(self) -> Path:
        """The run's folder."""
        return Path(self.config.run.output)

    def write(self, record: StepRecord | ValidationRecord) -> None:
        """Into the log, and to whoever watches."""
        if self.log is not None:
            self.log.write(record)
            self.observe(record)


@dataclass(frozen=True, eq=False)
class Phase:
    """A phase that is to be run: its settings, what is predicted, and how long."""

    name: str
    config: PhaseConfig
    objective: Objective
    steps: int
    warmup: int


class PhaseLoop:
    """A phase from a state on: model and optimizer, wrapped and placed."""

    def __init__(self, run: Run, phase: Phase, state: TrainingState) -> None:
        self.run, self.phase = run, phase
        self.progress = state.progress
        self._start = state.checkpoint
        model = build_model(state.checkpoint, run.config.run)
        freeze(model.encoder, phase.config.freeze, where=f"phases.{phase.name}.freeze")
        optimizer = build_optimizer(model, run.config.optimizer)
        self.model, self.optimizer = run.processes.prepare(model.train(), optimizer)
        write_moments(self.optimizer, self._names(), state.moments)
        self._window = Window.begin(run)
        self._ahead: list[TrainingBatch] = []

    def train(self) -> TrainingState:
        """Steps up to the phase's end, or to a stop; the state then, which is saved as well."""
        record = self.run.config.record
        while True:
            self._step()
            done = self.progress
            last = done.phase_step == self.phase.steps
            leave = self._stop_agreed() or last
            if leave or done.step % record.log_every == 0:
                self._log()
            if last or (record.validate_every and done.step % record.validate_every == 0):
                self.validate()
            if leave or done.step % record.save_every == 0:
                state = self._save(last=last)
            if leave:
                return state

    def validate(self) -> None:
        """Both objectives, on the held-out rows."""
        entropy = self.run.validation.unigram_entropy
        for name, (loss, losses) in self.run.validation.run(self.model, self.run.processes).items():
            self.run.write(
                ValidationRecord(
                    phase=self.phase.name,
                    step=self.progress.step,
                    pieces=self._pieces(),
                    objective=name,
                    loss=loss,
                    losses=losses,
                    unigram_entropy=entropy,
                )
            )

    def _step(self) -> None:
        """One optimizer step over the rows of its number."""
        began = time.perf_counter()
        run, phase, done = self.run, self.phase, self.progress
        rate = learning_rate(phase.config, done.phase_step, steps=phase.steps, warmup=phase.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # Dropout's numbers, a function of the step as all else is.
        seeds = stable_random(run.config.run.seed, done.step, run.processes.rank)
        torch.manual_seed(int(seeds.randint(2**31)))
        batches = self._ahead or self._batches(done.step)
        supervised = torch.tensor(sum(b.supervised for b in batches), device=run.processes.device)
        total = max(1, int(run.processes.sum(supervised)))
        for number, batch in enumerate(batches):
            last = number == len(batches) - 1
            with run.processes.accumulate(self.model, last=last):
                placed = batch.to(run.processes.device)
                loss, rows = self.model(placed)
                # Data parallelism takes the mean over processes; the sum is wanted.
                run.processes.backward(loss * (run.processes.count / total))
            self._window.sums.add(placed, rows)
        # A device still works on this step when all of it is asked for: time to make the next one.
        more = done.phase_step + 1 < phase.steps
        self._ahead = self._batches(done.step + 1) if more else []
        norm = run.processes.clip(self.model, run.config.optimizer.clip)
        if not isfinite(norm):
            raise TrainingError(
                where=f"phase {phase.name}, step {done.step + 1}",
                found=f"a gradient norm of {norm}",
                wanted="a finite one",
                fix="The last checkpoint is untouched. Lower the learning rate or warm up longer.",
            )
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.progress = replace(done, phase_step=done.phase_step + 1, step=done.step + 1)
        self._window.flops += sum(self._flops(batch) for batch in batches)
        self._window.steps += 1
        self._window.rate, self._window.norm = rate, norm
        self._window.seconds += time.perf_counter() - began

    def _batches(self, step: int) -> list[TrainingBatch]:
        """This process's passes of a step: every `count`-th row of it, from its rank on."""
        run, size = self.run, self.run.config.batch.rows_at_once
        first = (run.config.run.first_step + step) * run.config.batch.rows
        plan = run.sampler.plan(first, first + run.config.batch.rows)
        mine = range(run.processes.rank, len(plan), run.processes.count)
        rows = [row for i in mine for row in run.sampler.read(first + i, [plan[i]])]
        return [
            make_batch(rows[i : i + size], self.phase.objective) for i in range(0, len(rows), size)
        ]

    def _flops(self, batch: TrainingBatch) -> float:
        return training_flops(
            self._start.config,
            batch.layout.lengths,
            supervised=batch.supervised,
            causal=batch.causal,
        )

    def _log(self) -> None:
        window, run = self._window, self.run
        sums = LossSums(
            run.processes.sum(window.sums.losses), run.processes.sum(window.sums.counts)
        )
        pieces = window.steps * run.config.batch.tokens
        run.write(
            StepRecord(
                phase=self.phase.name,
                objective=self.phase.objective.name,
                step=self.progress.step,
                pieces=self._pieces(),
                loss=sums.mean(),
                losses=sums.means(run.sampler.sources),
                learning_rate=window.rate,
                gradient_norm=window.norm,
                seconds=window.seconds,
                pieces_per_second=pieces / window.seconds,
                utilisation=window.flops / window.seconds / run.peak,
            )
        )
        self._window = Window.begin(run)

    def _save(self, *, last: bool) -> TrainingState:
        state = self._capture()
        if self.run.processes.is_main:
            keep = self.run.config.record.keep
            save_state(self.run.output, state, self.run.settings, last=last, keep=keep)
        self.run.processes.wait()
        return state

    def _capture(self) -> TrainingState:
        """The state as whole tensors on the CPU; all processes call it."""
        tensors = {name: whole(parameter) for name, parameter in self._names()}
        moments = read_moments(self.optimizer, self._names())
        config = self._start.config
        encoder = ModernBertEncoder(config)
        head = PredictionHead(config, encoder)
        parts = {
            prefix: {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            for prefix in ("encoder.", "head.")
        }
        fill(encoder, parts["encoder."], where="the model in training")
        if config.tie_word_embeddings:
            # Shared with the embeddings, and named once.
            tied = encoder.embeddings.tok_embeddings.weight.detach()
            parts["head."]["decoder.weight"] = tied
        fill(head, parts["head."], where="the model in training")
        checkpoint = Checkpoint(config, encoder.eval(), self._start.tokenizer, head.eval())
        return TrainingState(checkpoint, moments, self.progress)

    def _names(self) -> list[tuple[str, nn.Parameter]]:
        return self.run.processes.named_parameters(self.model)

    def _stop_agreed(self) -> bool:
        """Whether any process was asked to stop: all save, or none."""
        asked = torch.tensor(int(self.run.stop.asked), device=self.run.processes.device)
        return bool(self.run.processes.sum(asked))

    def _pieces(self) -> int:
        return self.progress.step * self.run.config.batch.tokens


@dataclass(eq=False)
class Window:
    """What was summed up since the last line of the log."""

    sums: LossSums
    flops: float = 0.0
    steps: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    norm: float = 0.0

    @classmethod
    def begin(cls, run: Run) -> "Window":
        """An empty one."""
        return cls(LossSums.zero(len(run.sampler.sources), run.processes.device))
