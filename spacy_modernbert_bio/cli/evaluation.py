"""What evaluating commands share: what was run on what, how fast, and how true confidences are.

Figures are plain data for JSON: rates as shares of one, seconds of the pipeline's passes alone.
"""

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike
from spacy.language import Language
from spacy.tokens import Doc

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.calibration import calibration_error, reliability
from spacy_modernbert_bio.evaluation.spans import PRF
from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.files import atomic_file, checksum

Figures = dict[str, Any]
_PACKAGES = ("spacy-modernbert-bio", "spacy", "spacy-transformers", "thinc", "torch")


def choose_component(nlp: Language, pipe: str | None, factory: str) -> str:
    """The name given, or that of the only component of a factory. Raises ConfigError for none."""
    ours = [name for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory == factory]
    name = pipe or (ours[0] if len(ours) == 1 else "")
    if name in nlp.pipe_names:
        return name
    raise ConfigError(
        where="--pipe",
        found=pipe or f"{len(ours)} components of the kind {factory}",
        wanted=f"one of {', '.join(nlp.pipe_names) or 'no components'}",
    )


def count_pieces(doc: Doc) -> int:
    """A document's length as the encoder counts it; without one (rules have none), in tokens."""
    coverage = doc._.modernbert_coverage if doc.has_extension("modernbert_coverage") else None
    return coverage.pieces if coverage else len(doc)


def describe_run(
    model: str,
    nlp: Language,
    component: str,
    data: Path,
    *,
    documents: int,
    words: int,
    seconds: float,
) -> Figures:
    """What was run, on what, and how fast."""
    return {
        "model": model,
        "pipeline": f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}",
        "component": component,
        "data": str(data),
        "data_sha256": checksum(data),
        "documents": documents,
        "words": words,
        "seconds": seconds,
        "words_per_second": words / seconds,
        "versions": {package: version(package) for package in _PACKAGES}
        | {"python": platform.python_version()},
    }


def to_rates(score: PRF) -> Figures:
    """Counts, and the rates that follow from them."""
    rates = {rate: getattr(score, rate) for rate in ("precision", "recall", "f1")}
    return asdict(score) | rates


def to_calibration(confidences: ArrayLike, correct: ArrayLike) -> Figures:
    """Reliability bins of predictions, and the expected error; None of none."""
    bins = reliability(confidences, correct)
    return {
        "predictions": sum(row.count for row in bins),
        "expected_error": calibration_error(bins) if bins else None,
        "bins": [asdict(row) for row in bins],
    }


def calibration_table(calibration: Figures, counted: str, came_true: str) -> Iterator[Table]:
    """The bins, if there are any. counted, came_true: heads of what is counted, and how often."""
    if calibration["bins"]:
        yield Table(
            title=f"Confidence: expected calibration error {calibration['expected_error']:.3f}",
            columns=("above", "up to", counted, "confidence", came_true),
            rows=[
                (row["low"], row["high"], row["count"], row["confidence"], row["accuracy"])
                for row in calibration["bins"]
            ],
        )


def speed_table(run: Figures) -> Table:
    """How fast the pipeline was."""
    return Table(
        title="Speed, pipeline and progress bar, loading left out",
        columns=("documents", "words", "seconds", "words/s"),
        rows=[tuple(run[k] for k in ("documents", "words", "seconds", "words_per_second"))],
        decimals=1,
    )


def write_figures(figures: Figures, output: Path) -> None:
    """As JSON, whole or not at all."""
    with atomic_file(output) as path:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
