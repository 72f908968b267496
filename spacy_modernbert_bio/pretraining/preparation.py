"""What has to be there before the first step: shards that fit, sources that fill a row, phases.

Everything that can be refused is refused here, before anything is written.
"""

from pathlib import Path

import torch

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, load_checkpoint
from spacy_modernbert_bio.encoder.precision import choose_dtype
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.files import checksum
from spacy_modernbert_bio.pretraining.checkpoints import (
    Progress,
    TrainingState,
    decisive_settings,
    read_optimizer,
)
from spacy_modernbert_bio.pretraining.config import PhaseConfig, PretrainConfig
from spacy_modernbert_bio.pretraining.flops import matrix_rate
from spacy_modernbert_bio.pretraining.freezing import parse_layers
from spacy_modernbert_bio.pretraining.loop import Observer, Phase, Run
from spacy_modernbert_bio.pretraining.objectives import ClmObjective, build_objective
from spacy_modernbert_bio.pretraining.processes import Processes
from spacy_modernbert_bio.pretraining.sampler import Sampler
from spacy_modernbert_bio.pretraining.schedule import count_steps
from spacy_modernbert_bio.pretraining.shards import MANIFEST, Manifest, ShardReader
from spacy_modernbert_bio.pretraining.stopping import StopRequest
from spacy_modernbert_bio.pretraining.validation import Validation

# What validation masks, whatever a phase trains with: the decay's share (card).
_VALIDATION_MASKED = 0.15
_TERA = 1e12


def load_start(config: PretrainConfig) -> Checkpoint:
    """The checkpoint that a run starts from."""
    return load_checkpoint(config.run.start, revision=config.run.revision)


def first_state(config: PretrainConfig, start: Checkpoint, phase: Phase) -> TrainingState:
    """The state before the first step: no optimizer state, or that of another run."""
    other = config.run.optimizer
    moments = read_optimizer(Path(other)) if other else {}
    return TrainingState(start, moments, Progress(phase.name, 0, 0))


def plan_phases(config: PretrainConfig, start: Checkpoint) -> list[Phase]:
    """The phases in their order. Raises ConfigError for lengths and layers that cannot be."""
    phases = []
    for name in config.run.phases:
        settings = config.phases[name]
        steps, warmup = (
            count_steps(
                getattr(settings, key),
                step_tokens=config.batch.tokens,
                where=f"phases.{name}.{key}",
            )
            for key in ("length", "warmup")
        )
        if not warmup <= steps or steps == 0:
            raise ConfigError(
                where=f"phases.{name}.length",
                found=f"{steps} steps (warmup: {warmup})",
                wanted="at least one step, and no fewer than the warm-up has",
            )
        layers = start.config.num_hidden_layers
        parse_layers(settings.freeze, layers=layers, where=f"phases.{name}.freeze")
        objective = build_objective(settings, start.config, start.tokenizer, seed=config.run.seed)
        phases.append(Phase(name, settings, objective, steps, warmup))
    return phases


def prepare_run(
    config: PretrainConfig,
    start: Checkpoint,
    processes: Processes,
    observe: Observer,
    stop: StopRequest,
) -> Run:
    """Open the shards and put together what all phases share, without a log.

    Raises ConfigError for a batch that does not divide over the processes or is longer than the
    context, and CorpusError for shards of other sources or of another tokenizer.
    """
    _check_batch(config, start, processes)
    shards = Path(config.corpus.shards)
    manifest = Manifest.read(shards)
    manifest.check(start.tokenizer.fingerprint, where=config.run.start)
    missing = [name for name in config.corpus.sources if name not in manifest.sources]
    if missing:
        raise ConfigError(
            where=f"corpus.sources.{missing[0]}",
            found=f"no such source in {shards}",
            wanted=f"one of {', '.join(manifest.sources)}",
            fix="Run `modernbert-bio tokenize` with this config first.",
        )
    batch = config.batch
    train = {name: ShardReader.open(shards, name, "train") for name in config.corpus.sources}
    heldout = {name: ShardReader.open(shards, name, "heldout") for name in config.corpus.sources}
    masking = PhaseConfig(objective="mlm", length="1 steps", masked=_VALIDATION_MASKED)
    mlm = build_objective(masking, start.config, start.tokenizer, seed=config.run.seed)
    validation = Validation(
        heldout,
        config.mix,
        (ClmObjective(), mlm),
        rows=config.record.validation_rows,
        row_tokens=batch.row_tokens,
        rows_at_once=batch.rows_at_once,
    )
    sampler = Sampler(train, config.mix, row_tokens=batch.row_tokens, seed=config.run.shuffle_seed)
    return Run(
        config=config,
        settings=decisive_settings(config, checksum(shards / MANIFEST)),
        processes=processes,
        sampler=sampler,
        validation=validation,
        log=None,
        observe=observe,
        stop=stop,
        peak=_peak(config, processes.device),
    )


def _peak(config: PretrainConfig, device: torch.device) -> float:
    """FLOP/s that the device can do: as the config says, or as measured here."""
    stated = config.record.peak_tflops
    if stated is not None:
        return stated * _TERA
    return matrix_rate(device, choose_dtype(config.run.precision, device))


def _check_batch(config: PretrainConfig, start: Checkpoint, processes: Processes) -> None:
    batch = config.batch
    parts = processes.count * batch.rows_at_once
    if batch.rows % parts:
        raise ConfigError(
            where="batch.rows",
            found=f"{batch.rows}",
            wanted=f"a multiple of {parts}: {processes.count} processes x "
            f"{batch.rows_at_once} rows at once",
            fix="Change batch.rows_at_once; it does not change the result.",
        )
    context = start.config.max_position_embeddings
    if batch.row_tokens > context:
        raise ConfigError(
            where="batch.row_tokens",
            found=f"{batch.row_tokens}",
            wanted=f"at most the checkpoint's context ({context})",
        )
