"""Do confidences mean what they say: one temperature fitted, and the error that is left measured.

Fitting calls the likelihood some twenty to thirty times; measuring is one pass over the arrays.
Does not know what a likelihood is of: the caller scales its own logits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from spacy_modernbert_bio.errors import ConfigError

# Beyond these a softmax is one-hot or flat. A development set without an error has its optimum at
# 0, where no confidence could ever say "perhaps": it gets the lower end.
TEMPERATURE_RANGE = (0.05, 20.0)
_LOG_TEMPERATURE_TOLERANCE = 1e-4


def fit_temperature(negative_log_likelihood: Callable[[float], float]) -> float:
    """The temperature at which held-out labels are most likely, within TEMPERATURE_RANGE.

    negative_log_likelihood: of the held-out labels when all logits are divided by its argument.
        Convex in 1/temperature for a softmax and for a linear chain, so a search over one
        dimension in log-temperature finds the minimum. Guo et al. 2017, "On Calibration of Modern
        Neural Networks", section 4.2.

    Gives 1.0 where no other temperature is better (a likelihood that does not depend on it).
    Raises ConfigError when the likelihood is not a finite number.
    """

    def loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        value = float(negative_log_likelihood(temperature))
        if not math.isfinite(value):
            raise ConfigError(
                where="fit_temperature(negative_log_likelihood)",
                found=f"{value} at temperature {temperature:.3g}",
                wanted="a finite number",
                fix="Look for infinite logits, or a gold label that the model forbids.",
            )
        return value

    low, high = TEMPERATURE_RANGE
    found = minimize_scalar(
        loss,
        bounds=(math.log(low), math.log(high)),
        method="bounded",
        options={"xatol": _LOG_TEMPERATURE_TOLERANCE},
    )
    return math.exp(float(found.x)) if float(found.fun) < loss(0.0) else 1.0


@dataclass(frozen=True)
class ReliabilityBin:
    """One bar of a reliability diagram.

    low, high: the confidences it holds, low < confidence <= high (the first holds 0 as well).
    count: predictions in it, at least one.
    confidence: their mean confidence. accuracy: the share of them that is correct.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: ArrayLike, correct: ArrayLike, bins: int = 15) -> list[ReliabilityBin]:
    """Bins of equal width that hold a prediction, from the lowest confidence up.

    confidences: [predictions], each in [0, 1]. correct: [predictions], true or false.
    Source: Guo et al. 2017, section 2, whose bins are open at their lower end.
    Raises ConfigError for confidences outside [0, 1], lengths that differ, or no bins.
    """
    confidence, hit = _checked(confidences, correct, bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    bin_of = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    confidence_sum = np.bincount(bin_of, weights=confidence, minlength=bins)
    hit_sum = np.bincount(bin_of, weights=hit, minlength=bins)
    return [
        ReliabilityBin(
            low=float(edges[index]),
            high=float(edges[index + 1]),
            count=int(count[index]),
            confidence=float(confidence_sum[index] / count[index]),
            accuracy=float(hit_sum[index] / count[index]),
        )
        for index in np.flatnonzero(count)
    ]


def expected_calibration_error(confidences: ArrayLike, correct: ArrayLike, bins: int = 15) -> float:
    """The mean gap between confidence and accuracy over bins, weighted by count; 0 is perfect.

    Arguments as `reliability` takes them. Source: Naeini et al. 2015; Guo et al. 2017, equation 3.
    Raises ConfigError as `reliability` does, and when there is no prediction: the error of nothing
    is no number, and 0 would call it perfect.
    """
    rows = reliability(confidences, correct, bins)
    if not rows:
        raise ConfigError(
            where="expected_calibration_error(confidences)",
            found="no predictions",
            wanted="at least one",
        )
    return calibration_error(rows)


def calibration_error(rows: Sequence[ReliabilityBin]) -> float:
    """What `expected_calibration_error` gives, from at least one row of `reliability`."""
    total = sum(row.count for row in rows)
    return sum(row.count * abs(row.accuracy - row.confidence) for row in rows) / total


def _checked(
    confidences: ArrayLike, correct: ArrayLike, bins: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    confidence = np.asarray(confidences, dtype=np.float64).reshape(-1)
    hit = np.asarray(correct, dtype=np.bool_).reshape(-1)
    if bins < 1:
        raise ConfigError(where="reliability(bins)", found=str(bins), wanted="1 or more")
    if confidence.size != hit.size:
        raise ConfigError(
            where="reliability(confidences, correct)",
            found=f"{confidence.size} confidences for {hit.size} outcomes",
            wanted="one of each a prediction",
        )
    # Written so that not-a-number fails it too.
    if not bool(np.all((confidence >= 0.0) & (confidence <= 1.0))):
        raise ConfigError(
            where="reliability(confidences)",
            found="a value outside [0, 1] or not a number",
            wanted="probabilities",
        )
    return confidence, hit
