"""`run.json`: what a run is and which of its phases are complete, for its page and its card."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import atomic_file

RECORD = "run.json"


@dataclass(frozen=True)
class PhaseRecord:
    """A phase: complete if `finished`. steps, pieces: of the whole phase; step: where it ends."""

    name: str
    objective: str
    steps: int
    pieces: int
    step: int
    finished: bool


@dataclass(frozen=True)
class RunRecord:
    """A run as plain data.

    config: all settings, sections within sections. start: what it started from. parameters:
    weights of encoder and head, tied ones counted once. sources: counts and share by source.
    processes, device, precision: how it ran last. versions: of the packages it ran with.
    """

    config: Mapping[str, Any]
    start: str
    parameters: int
    architecture: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, float]]
    processes: int
    device: str
    precision: str
    versions: Mapping[str, str]
    phases: tuple[PhaseRecord, ...]

    def write(self, folder: Path) -> None:
        """Write it into a run's folder, whole or not at all."""
        with atomic_file(folder / RECORD) as path:
            path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf8")

    @classmethod
    def read(cls, folder: Path) -> "RunRecord":
        """The record in a run's folder. Raises CorpusError where there is none that is readable."""
        path = folder / RECORD
        try:
            content = json.loads(path.read_text(encoding="utf8"))
            phases = tuple(PhaseRecord(**phase) for phase in content.pop("phases"))
            return cls(phases=phases, **content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise CorpusError(
                where=str(path),
                found="no readable record of a run",
                wanted="the output folder of `modernbert-bio pretrain`",
            ) from None
