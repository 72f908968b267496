"""A run's metrics: one JSON object a line, and TensorBoard's curves beside it.

Each line is on disk before the run goes on. A run that goes on from a checkpoint forgets the lines
after it and writes them again, so that each step stands there once.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.files import atomic_file

METRICS = "metrics.jsonl"
_CURVES = "tensorboard"


@dataclass(frozen=True)
class StepRecord:
    """Optimizer steps since the record before.

    step: of the run, from 1. pieces: read in the run so far, by all processes. loss: mean over the
    supervised pieces, nats; losses: of each source. learning_rate, gradient_norm: of the last step,
    before clipping. seconds: in steps. pieces_per_second: over all processes. utilisation: model
    FLOPs by those that the device could do, in one process.
    """

    phase: str
    objective: str
    step: int
    pieces: int
    loss: float
    losses: Mapping[str, float]
    learning_rate: float
    gradient_norm: float
    seconds: float
    pieces_per_second: float
    utilisation: float

    def to_dict(self) -> dict[str, Any]:
        """As a line of the file holds it."""
        return {"kind": "step", **asdict(self)}


@dataclass(frozen=True)
class ValidationRecord:
    """One objective on the held-out rows, after `step` steps.

    loss: nats; losses: of each source. unigram_entropy: of the same text, nats.
    """

    phase: str
    step: int
    pieces: int
    objective: str
    loss: float
    losses: Mapping[str, float]
    unigram_entropy: float

    def to_dict(self) -> dict[str, Any]:
        """As a line of the file holds it."""
        return {"kind": "validation", **asdict(self)}


Record = StepRecord | ValidationRecord
_KINDS: dict[str, type[StepRecord] | type[ValidationRecord]] = {
    "step": StepRecord,
    "validation": ValidationRecord,
}


class RunLog:
    """The metrics of a run, written as they come.

    folder: the run's. last_step: of the checkpoint that the run goes on from; 0 begins anew.
    tensorboard: whether to write curves as well. Raises ConfigError when that is not installed.
    """

    def __init__(self, folder: Path, *, last_step: int = 0, tensorboard: bool = True) -> None:
        self._path = folder / METRICS
        kept = _lines_up_to(self._path, last_step) if self._path.is_file() and last_step else []
        self._curves = _open_curves(folder / _CURVES, last_step) if tensorboard else None
        with atomic_file(self._path) as path:
            path.write_text("".join(line + "\n" for line in kept), encoding="utf8")
        self._stream = self._path.open("a", encoding="utf8")

    def write(self, record: Record) -> None:
        """One more line, and a point on each of its curves."""
        self._stream.write(json.dumps(_finite(record.to_dict())) + "\n")
        self._stream.flush()
        if self._curves is None:
            return
        for name, value in _points(record):
            self._curves.add_scalar(name, value, record.step)
        self._curves.flush()

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(self, *_: object) -> None:
        """Close both files."""
        self._stream.close()
        if self._curves is not None:
            self._curves.close()


def read_metrics(path: Path) -> tuple[list[StepRecord], list[ValidationRecord]]:
    """The records of a run. Raises CorpusError naming file and line for one that is none."""
    if not path.is_file():
        raise CorpusError(
            where=str(path), found="no such file", wanted="the metrics of a pretraining run"
        )
    steps: list[StepRecord] = []
    validations: list[ValidationRecord] = []
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), start=1):
        try:
            content = json.loads(line)
            record = _KINDS[content.pop("kind")](**content)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CorpusError(
                where=f"{path}:{number}", found="no record", wanted="a line as a run writes it"
            ) from None
        if isinstance(record, StepRecord):
            steps.append(record)
        else:
            validations.append(record)
    return steps, validations


def _lines_up_to(path: Path, last_step: int) -> list[str]:
    """The whole lines of steps that the checkpoint has seen."""
    kept = []
    for line in path.read_text(encoding="utf8").splitlines():
        try:
            step = json.loads(line)["step"]
        except (ValueError, KeyError, TypeError):
            continue  # half a line, of a process that was killed
        if step <= last_step:
            kept.append(line)
    return kept


def _open_curves(folder: Path, last_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ConfigError(
            where="record.tensorboard",
            found="no package tensorboard",
            wanted="it, or record.tensorboard = false",
            fix="pip install spacy-modernbert-bio[pretrain]",
        ) from None
    return SummaryWriter(str(folder), purge_step=last_step + 1)


def _points(record: Record) -> list[tuple[str, float]]:
    if isinstance(record, ValidationRecord):
        head = f"heldout_{record.objective}"
        points = {head: record.loss} | {f"{head}/{k}": v for k, v in record.losses.items()}
    else:
        names = {each.name for each in fields(record)} - {"phase", "objective", "step", "losses"}
        points = {name: float(getattr(record, name)) for name in sorted(names)}
        points |= {f"loss/{name}": loss for name, loss in record.losses.items()}
    return list(points.items())


def _finite(value: Any) -> Any:
    """The same with null for numbers that JSON has not."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value
