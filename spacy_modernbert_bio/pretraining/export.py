"""A phase's end as a Hugging Face folder with its model card, and the run's record brought up.

The folder `<output>/<phase>` is what fine-tuning starts from; `transformers` loads it too.
"""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import torch

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, save_checkpoint
from spacy_modernbert_bio.encoder.precision import choose_dtype
from spacy_modernbert_bio.files import atomic_folder
from spacy_modernbert_bio.pretraining.loop import Phase, Run
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.model_card import write_model_card
from spacy_modernbert_bio.pretraining.run_record import PhaseRecord, RunRecord
from spacy_modernbert_bio.pretraining.shards import Manifest

_PACKAGES = ("spacy-modernbert-bio", "torch", "numpy", "tokenizers", "accelerate")


def export_phase(run: Run, phases: list[Phase], finished: int, checkpoint: Checkpoint) -> Path:
    """Write the end of phase `finished` (from 1) of a run, whole or not at all; its folder."""
    record = write_record(run, phases, finished, checkpoint)
    steps, validations = read_metrics(run.output / METRICS)
    name = phases[finished - 1].name
    with atomic_folder(run.output / name) as target:
        # save_checkpoint takes the place of a whole folder; here the folder is there already.
        save_checkpoint(checkpoint, target)
        write_model_card(target, record, name, steps, validations)
    return run.output / name


def write_record(run: Run, phases: list[Phase], finished: int, checkpoint: Checkpoint) -> RunRecord:
    """Write `run.json`: what this run is, and that its first `finished` phases are complete."""
    config = run.config
    manifest = Manifest.read(Path(config.corpus.shards))
    parts = [checkpoint.encoder, *([checkpoint.head] if checkpoint.head else [])]
    ends = [sum(phase.steps for phase in phases[: place + 1]) for place in range(len(phases))]
    record = RunRecord(
        config=asdict(config),
        start=config.run.start,
        # By identity: a decoder that is tied to the embeddings is counted once.
        parameters=sum({id(p): p.numel() for part in parts for p in part.parameters()}.values()),
        architecture=checkpoint.config.to_dict(),
        sources={
            name: {"share": share, **asdict(manifest.sources[name])}
            for name, share in config.mix.items()
        },
        processes=run.processes.count,
        device=_name(run.processes.device),
        precision=str(choose_dtype(config.run.precision, run.processes.device)).split(".")[-1],
        versions={name: version(name) for name in _PACKAGES},
        phases=tuple(
            PhaseRecord(
                name=phase.name,
                objective=phase.objective.name,
                steps=phase.steps,
                pieces=phase.steps * config.batch.tokens,
                step=end,
                finished=place < finished,
            )
            for place, (phase, end) in enumerate(zip(phases, ends, strict=True))
        ),
    )
    record.write(run.output)
    return record


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
