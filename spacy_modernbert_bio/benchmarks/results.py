"""Figures of several runs: from the files that evaluating commands write to mean and deviation.

A run is one file. Which runs belong together only the caller knows; that they were scored on the
same data is checked where the files say on which.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.files import read_text


@dataclass(frozen=True)
class Spread:
    """One figure of several runs, two at least. values: in the order of their files."""

    figure: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the runs."""
        return fmean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation that the runs let expect of others: n - 1 below the line."""
        return stdev(self.values)


def collect(files: Sequence[Path], figures: Sequence[str]) -> list[Spread]:
    """The spread of each figure over the files, in the order given.

    files: JSON, a run each. figures: keys as they stand in it, inner ones after a point, as
    `micro.f1`.
    Raises ConfigError for fewer than two files or the same one twice, a file that holds no figures,
    a figure that is not in one of them or no number there, and runs scored on different data.
    """
    if len(files) < 2 or len({path.resolve() for path in files}) < len(files):
        raise ConfigError(
            where="FILES",
            found="a file twice" if len(files) > 1 else "one file",
            wanted="a file each of two runs or more",
        )
    runs = {path: _read(path) for path in files}
    first = files[0]
    for path in files[1:]:
        if runs[path].get("data_sha256") != runs[first].get("data_sha256"):
            raise ConfigError(
                where=f"{path}: data_sha256",
                found=f"other data than in {first}",
                wanted="runs scored on the same documents",
            )
    return [
        Spread(figure, tuple(_number(run, figure, path) for path, run in runs.items()))
        for figure in figures
    ]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_text(path))
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError(
            where=str(path), found="no JSON object", wanted="figures, as --output writes them"
        )
    return found


def _number(run: dict[str, Any], figure: str, path: Path) -> float:
    value: Any = run
    for key in figure.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigError(
            where=f"{path}: {figure}",
            found=f"keys {', '.join(value)}" if isinstance(value, dict) else "no number",
            wanted="the key of a number, inner keys after a point, as in micro.f1",
        )
    return float(value)
