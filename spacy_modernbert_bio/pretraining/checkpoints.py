"""Training checkpoints: everything from which a run goes on exactly, as one folder each.

A folder holds the model as a Hugging Face checkpoint (`model/`), the optimizer's state by parameter
names, and where the run is. The data needs no state: it is a function of the step. Folders are
written whole or not at all, and older ones are removed only after a newer one is there. Costs
twelve bytes a parameter on disk.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from spacy_modernbert_bio.errors import ResumeError
from spacy_modernbert_bio.files import atomic_folder
from spacy_modernbert_bio.pretraining.config import PretrainConfig
from spacy_modernbert_bio.pretraining.optimizer import Moments

CHECKPOINTS = "checkpoints"
MODEL = "model"
_OPTIMIZER, _STATE = "optimizer.safetensors", "state.json"
_REGULAR = "step-"
_UNFINISHED = ".writing-"
# Where and how the work is done may change when a run goes on; what is computed may not.
_FREE_TO_CHANGE = {
    "run": ("output", "attention", "gradient_checkpointing", "compile", "phases"),
    "batch": ("rows_at_once",),
    "corpus": ("shards", "shard_pieces"),
}


@dataclass(frozen=True)
class Progress:
    """Where a run is.

    phase: name of the phase; phase_step: optimizer steps done in it; step: steps done in the run.
    """

    phase: str
    phase_step: int
    step: int


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A moment of a run: weights, optimizer state, place."""

    checkpoint: Checkpoint
    moments: Moments
    progress: Progress


def decisive_settings(config: PretrainConfig, tokens: str) -> dict[str, Any]:
    """What decides a run's weights, flat: settings by key, and `tokens`, the shards' identity."""
    sections: dict[str, Any] = asdict(config)
    del sections["record"]
    for section, keys in _FREE_TO_CHANGE.items():
        for key in keys:
            del sections[section][key]
    for source in sections["corpus"]["sources"].values():
        del source["path"]  # the shards' identity stands for what was read
    return {**_flat(sections), "shards": tokens}


def save_state(
    output: Path, state: TrainingState, settings: Mapping[str, Any], *, last: bool, keep: int
) -> Path:
    """Write a training checkpoint below a run's folder, and give its folder.

    last: this is a phase's end; such a checkpoint is never removed. keep: how many of the others
    stay. Raises ResumeError when it cannot be written; older ones then stay as they are.
    """
    progress = state.progress
    prefix = f"{progress.phase}-" if last else _REGULAR
    folder = output / CHECKPOINTS / f"{prefix}{progress.step:08d}"
    try:
        with atomic_folder(folder) as target:
            save_checkpoint(state.checkpoint, target / MODEL)
            save_file(state.moments, target / _OPTIMIZER)
            content = {"progress": asdict(progress), "settings": dict(settings)}
            text = json.dumps(content, indent=2) + "\n"
            (target / _STATE).write_text(text, encoding="utf8")
    except (OSError, SafetensorError) as error:
        raise ResumeError(
            where=str(folder),
            found=f"a checkpoint that could not be written ({_reason(error)})",
            wanted="room for it",
            fix="Make room and run the same command: it goes on from the last checkpoint.",
        ) from None
    for older in _regular(output)[:-keep]:
        shutil.rmtree(older)
    return folder


def find_latest(output: Path) -> Path | None:
    """The checkpoint that a run's folder goes on from; None where there is none yet.

    Removes what a killed process left half written.
    """
    for unfinished in (output / CHECKPOINTS).glob(f"{_UNFINISHED}*"):
        # Every process looks, and one of them is first.
        shutil.rmtree(unfinished, ignore_errors=True)
    found = [path for path in (output / CHECKPOINTS).glob("*-*") if path.is_dir()]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def read_settings(folder: Path) -> tuple[Progress, dict[str, Any]]:
    """Where a training checkpoint is, and the settings it was made with."""
    try:
        content = json.loads((folder / _STATE).read_text(encoding="utf8"))
        return Progress(**content["progress"]), dict(content["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ResumeError(
            where=str(folder / _STATE),
            found="no readable state",
            wanted="a training checkpoint, as `modernbert-bio pretrain` writes it",
            fix="If it is damaged, remove its folder: the run goes on from the one before.",
        ) from None


def check_settings(
    found: Mapping[str, Any], wanted: Mapping[str, Any], begun: tuple[str, ...], *, where: str
) -> None:
    """Refuse to go on with settings that would have led elsewhere.

    begun: names of the phases that have begun; a later one may still be changed.
    Raises ResumeError naming the first key that differs.
    """
    for key in sorted(found.keys() | wanted.keys()):
        section, _, rest = key.partition(".")
        if section == "phases" and rest.partition(".")[0] not in begun:
            continue
        if found.get(key) != wanted.get(key):
            raise ResumeError(
                where=f"{where}: {key}",
                found=f"{found.get(key)!r} in the checkpoint",
                wanted=f"{wanted.get(key)!r}, as the config says",
                fix="Give back the old value, or choose another run.output.",
            )


def load_state(folder: Path) -> TrainingState:
    """What `save_state` wrote. Raises ResumeError or CheckpointError when it is damaged."""
    progress, _ = read_settings(folder)
    return TrainingState(load_checkpoint(folder / MODEL), read_optimizer(folder), progress)


def read_optimizer(folder: Path) -> Moments:
    """The optimizer's state of a training checkpoint. Raises ResumeError when it is damaged."""
    path = folder / _OPTIMIZER
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ResumeError(
            where=str(path),
            found=f"no readable optimizer state ({_reason(error)})",
            wanted="a whole safetensors file",
            fix="Remove the checkpoint's folder: the run goes on from the one before.",
        ) from None


def _regular(output: Path) -> list[Path]:
    return sorted((output / CHECKPOINTS).glob(f"{_REGULAR}*"))


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as one, with dotted keys; values as JSON gives them back."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = list(value) if isinstance(value, tuple) else value
    return flat
