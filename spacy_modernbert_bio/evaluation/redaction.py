"""How well notes were de-identified, as the field measures it and as a privacy officer asks.

The field: spans with labels, strict and relaxed, all and HIPAA's, as the 2014 i2b2/UTHealth shared
task scored them. The officer: how much of the PHI is gone whatever it was called, in how many notes
nothing was missed, and how much other text went with it.

One pass over the notes, then eleven bootstraps, and as many for each length: some 4 seconds for the
2,109 texts of Presidio's set. Says nothing of notes unlike those that were scored: give figures for
each source, and across sources.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.bootstrap import Statistic, bootstrap_interval
from spacy_modernbert_bio.evaluation.phi_scores import (
    Counts,
    NoteCounts,
    Part,
    ScoredNote,
    count_note,
)
from spacy_modernbert_bio.evaluation.spans import PRF, f1_of_counts

Interval = tuple[float, float]

# Pieces: the longest note of a bucket, and its name. 8,192 is the encoder's window.
LENGTH_BUCKETS: tuple[tuple[float, str], ...] = (
    (512, "to 512"),
    (2048, "to 2,048"),
    (8192, "to 8,192"),
    (float("inf"), "over 8,192"),
)


@dataclass(frozen=True)
class Share:
    """A part of a whole over all notes.

    part, whole: what was counted. interval: of the share, at 95 % over resampled notes; None where
    there is no whole.
    """

    part: int
    whole: int
    interval: Interval | None

    @property
    def value(self) -> float | None:
        """The share; None where there is no whole: nothing of nothing is not "all found"."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True)
class SpanFigures:
    """Counts of spans, with 95 % intervals of their rates over resampled notes.

    Intervals are None where no note has a span.
    """

    counts: PRF
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True)
class RedactionSummary:
    """The key figures of some notes.

    notes: how many. strict, relaxed: spans with labels; see `phi_scores.NoteCounts`.
    redacted_characters, redacted_tokens: the share of PHI that some predicted span covers.
    clean_notes: the share of notes with PHI of which no letter or digit of PHI is left.
    over_characters, over_tokens: the share of the other text that is covered: over-redaction.
    """

    notes: int
    strict: SpanFigures
    relaxed: SpanFigures
    redacted_characters: Share
    redacted_tokens: Share
    clean_notes: Share
    over_characters: Share
    over_tokens: Share


@dataclass(frozen=True)
class LabelScores:
    """One label: its spans, strict, and the share of its characters that is covered at all."""

    strict: PRF
    redacted_characters: Share


@dataclass(frozen=True)
class RedactionScores:
    """What `score_redaction` gives.

    overall: all notes. hipaa_strict, hipaa_relaxed, hipaa_tokens: spans and tokens of
    `I2B2_HIPAA_TYPES` only. tokens, characters: with labels, overlaps counted once a label.
    per_label: in alphabetical order. per_length: the buckets that hold a note.
    """

    overall: RedactionSummary
    hipaa_strict: PRF
    hipaa_relaxed: PRF
    tokens: PRF
    hipaa_tokens: PRF
    characters: PRF
    per_label: Mapping[str, LabelScores]
    per_length: Mapping[str, RedactionSummary]


def score_redaction(
    notes: Iterable[ScoredNote], *, samples: int = 2000, seed: int = 0
) -> RedactionScores:
    """Scores over notes, one at a time: only their counts are kept.

    samples, seed: of the bootstrap over notes.
    Raises ConfigError when there is no note, or no sample.
    """
    counted: list[NoteCounts] = []
    buckets: dict[str, list[NoteCounts]] = {name: [] for _, name in LENGTH_BUCKETS}
    for scored in notes:
        counts = count_note(scored)
        counted.append(counts)
        buckets[length_bucket(scored.pieces)].append(counts)
    if not counted:
        raise ConfigError(
            where="score_redaction(notes)", found="no document", wanted="at least one"
        )

    def summarise(some: Sequence[NoteCounts]) -> RedactionSummary:
        return _summarise(some, samples, seed)

    overall = summarise(counted)
    return RedactionScores(
        overall=overall,
        hipaa_strict=_total(counts.hipaa_strict for counts in counted),
        hipaa_relaxed=_total(counts.hipaa_relaxed for counts in counted),
        tokens=_total(counts.tokens for counts in counted),
        hipaa_tokens=_total(counts.hipaa_tokens for counts in counted),
        characters=_total(counts.characters for counts in counted),
        per_label=_per_label(counted, samples, seed),
        per_length={
            name: overall if len(some) == len(counted) else summarise(some)
            for name, some in buckets.items()
            if some
        },
    )


def to_figures(scores: object) -> Any:
    """Scores as plain data for JSON, with the rates that follow from their counts."""
    if isinstance(scores, Mapping):
        return {name: to_figures(each) for name, each in scores.items()}
    if not is_dataclass(scores):
        return scores
    figures = {each.name: to_figures(getattr(scores, each.name)) for each in fields(scores)}
    if isinstance(scores, Share):
        figures["share"] = scores.value
    if isinstance(scores, PRF):
        figures |= {name: getattr(scores, name) for name in ("precision", "recall", "f1")}
    return figures


def length_bucket(pieces: int) -> str:
    """The name of the bucket that a note of so many pieces is in."""
    return next(name for longest, name in LENGTH_BUCKETS if pieces <= longest)


def _summarise(counted: Sequence[NoteCounts], samples: int, seed: int) -> RedactionSummary:
    def figures(pick: Callable[[NoteCounts], Counts]) -> SpanFigures:
        rows = [pick(counts) for counts in counted]

        def interval(statistic: Statistic) -> Interval | None:
            return _interval(rows, statistic, samples, seed)

        return SpanFigures(
            counts=_total(rows),
            precision=interval(_precision),
            recall=interval(_recall),
            f1=interval(f1_of_counts),
        )

    def share(pick: Callable[[NoteCounts], Part]) -> Share:
        return _share([pick(counts) for counts in counted], samples, seed)

    return RedactionSummary(
        notes=len(counted),
        strict=figures(lambda counts: counts.strict),
        relaxed=figures(lambda counts: counts.relaxed),
        redacted_characters=share(lambda counts: counts.redacted_characters),
        redacted_tokens=share(lambda counts: counts.redacted_tokens),
        clean_notes=share(lambda counts: counts.clean),
        over_characters=share(lambda counts: counts.over_characters),
        over_tokens=share(lambda counts: counts.over_tokens),
    )


def _per_label(counted: Sequence[NoteCounts], samples: int, seed: int) -> dict[str, LabelScores]:
    rows: dict[str, tuple[list[Counts], list[Part]]] = {}
    for counts in counted:
        for label, own in counts.labels.items():
            spans, parts = rows.setdefault(label, ([], []))
            spans.append(own.strict)
            parts.append(own.redacted)
    return {
        label: LabelScores(_total(spans), _share(parts, samples, seed))
        for label, (spans, parts) in sorted(rows.items())
    }


def _total(rows: Iterable[Counts]) -> PRF:
    tp = fp = fn = 0
    for right, superfluous, missed in rows:
        tp, fp, fn = tp + right, fp + superfluous, fn + missed
    return PRF(tp, fp, fn)


def _share(rows: Sequence[Part], samples: int, seed: int) -> Share:
    # Notes without a whole say nothing of the share, and a world of them alone would have none.
    telling = [row for row in rows if row[1]]
    part, whole = sum(row[0] for row in telling), sum(row[1] for row in telling)
    return Share(part, whole, _interval(telling, _part_of_whole, samples, seed))


def _interval(
    rows: Sequence[tuple[int, ...]], statistic: Statistic, samples: int, seed: int
) -> Interval | None:
    if not any(any(row) for row in rows):
        return None
    return bootstrap_interval(rows, statistic, samples, seed)


def _part_of_whole(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = counts[..., 0] / counts[..., 1]
    return result


def _precision(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = counts[..., 0] / np.maximum(counts[..., 0] + counts[..., 1], 1)
    return result


def _recall(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = counts[..., 0] / np.maximum(counts[..., 0] + counts[..., 2], 1)
    return result
