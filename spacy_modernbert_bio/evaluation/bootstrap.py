"""How far a score could move with other documents: intervals, and a test between two systems.

Documents are resampled, not spans: spans of one note are no independent evidence. Costs samples x
documents random numbers, in slices of bounded memory. Not for fewer than a dozen documents, where
a resampled world is the same few notes again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spacy_modernbert_bio.errors import ConfigError

# Sums of counts [..., counts] to a score [...], for example `spans.f1_of_counts`.
Statistic: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# Weights held at once: 32 MiB as int64, whatever the number of documents.
_WEIGHTS_AT_ONCE = 1 << 22


def bootstrap_interval(
    per_document_counts: ArrayLike,
    statistic: Statistic,
    samples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """The percentile interval of a score over resampled documents.

    per_document_counts: [documents, counts], what the score is made from (right, superfluous and
        missed spans, say). statistic: from their sums to the score. level: the share of resampled
        scores between the two ends.

    Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.
    Raises ConfigError when there is no document, no sample, or a level outside (0, 1).
    """
    counts = _checked("per_document_counts", per_document_counts, samples)
    if not 0.0 < level < 1.0:
        raise ConfigError(where="bootstrap_interval(level)", found=str(level), wanted="in (0, 1)")
    scores = np.concatenate(
        [statistic(weights @ counts) for weights in _resampled(len(counts), samples, seed)]
    )
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(scores, [tail, 1.0 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class PairedTest:
    """Whether one system beats another on the same documents.

    difference: score of the first less score of the second. low, high: its interval at 95 %.
    p_value: how often documents alone would move the difference that far, either way.
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_test(
    first_counts: ArrayLike,
    second_counts: ArrayLike,
    statistic: Statistic,
    samples: int = 10_000,
    seed: int = 0,
) -> PairedTest:
    """The paired bootstrap test, two-sided: both systems are scored on the same resamples.

    first_counts, second_counts: [documents, counts] of the two systems, same documents, same order.

    Source: Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation"; the
    resampled differences are centred on the observed one as Berg-Kirkpatrick et al. 2012 do ("An
    Empirical Investigation of Statistical Significance in NLP", figure 1), here on both sides.
    One is added above and below, so that no p is 0 (Davison & Hinkley 1997, section 4.2).
    Raises ConfigError when the shapes differ, or there is no document or no sample.
    """
    first = _checked("first_counts", first_counts, samples)
    second = _checked("second_counts", second_counts, samples)
    if first.shape != second.shape:
        raise ConfigError(
            where="paired_test(first_counts, second_counts)",
            found=f"shapes {first.shape} and {second.shape}",
            wanted="the same documents and counts",
        )
    observed = float(statistic(first.sum(axis=0)) - statistic(second.sum(axis=0)))
    differences = np.concatenate(
        [
            statistic(weights @ first) - statistic(weights @ second)
            for weights in _resampled(len(first), samples, seed)
        ]
    )
    # A resample that only reorders sums in floating point must not count as less extreme.
    extreme = int(np.sum(np.abs(differences - observed) >= abs(observed) - 1e-12))
    low, high = np.quantile(differences, [0.025, 0.975])
    return PairedTest(
        difference=observed,
        low=float(low),
        high=float(high),
        p_value=(extreme + 1) / (samples + 1),
    )


def _resampled(documents: int, samples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each document stands in each resample, as [some samples, documents] at a time."""
    random = np.random.default_rng(seed)
    at_once = max(1, _WEIGHTS_AT_ONCE // documents)
    for start in range(0, samples, at_once):
        size = min(at_once, samples - start)
        # Counts of `documents` draws with replacement are one multinomial draw.
        yield random.multinomial(documents, np.full(documents, 1.0 / documents), size=size).astype(
            np.float64
        )


def _checked(name: str, counts: ArrayLike, samples: int) -> NDArray[np.float64]:
    array = np.asarray(counts, dtype=np.float64)
    if array.ndim != 2 or not len(array):
        raise ConfigError(
            where=f"bootstrap({name})",
            found=f"shape {array.shape}",
            wanted="[documents, counts], at least one document",
        )
    if samples < 1:
        raise ConfigError(where="bootstrap(samples)", found=str(samples), wanted="1 or more")
    return array
