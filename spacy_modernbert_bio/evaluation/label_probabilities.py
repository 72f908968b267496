"""What the probabilities of document labels are worth: Brier score, ROC AUC, and what to bin.

A sort a label. Knows no thresholds: what is decided with them is in `classification`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from spacy_modernbert_bio.errors import ConfigError

Floats = NDArray[np.float64]


def brier_score(gold: ArrayLike, probabilities: ArrayLike, *, exclusive: bool = False) -> float:
    """The mean squared distance of probabilities from what is; 0 is perfect.

    gold: [documents, labels], 1, 0, or NaN where nothing is known. probabilities: the same shape.
    exclusive: the squares of a document's labels are summed and means are over documents, which
        goes from 0 to 2 (Brier 1950, "Verification of Forecasts Expressed in Terms of
        Probability"); otherwise the mean is over all that is known, from 0 to 1.

    Raises ConfigError when shapes differ, or nothing is known.
    """
    wanted, found = _checked("brier_score", gold, probabilities)
    squares = (found - wanted) ** 2
    known = ~np.isnan(squares)
    # An exclusive label that holds tells of all others: a document is known whole or not at all.
    counted = known.any(axis=1).sum() if exclusive else known.sum()
    return float(np.where(known, squares, 0.0).sum() / counted)


def roc_auc(gold: ArrayLike, scores: ArrayLike) -> float | None:
    """How often a document with the label has the higher score than one without; ties are half.

    gold: [documents], 1, 0 or NaN. scores: [documents].
    None where all are of one kind. Source: the Mann-Whitney statistic, Hanley & McNeil 1982.
    """
    wanted = np.asarray(gold, dtype=np.float64).reshape(-1)
    known = ~np.isnan(wanted)
    holds = wanted[known] == 1.0
    positives, negatives = int(holds.sum()), int((~holds).sum())
    if not positives or not negatives:
        return None
    ranks = rankdata(np.asarray(scores, dtype=np.float64).reshape(-1)[known])
    above = ranks[holds].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def label_outcomes(
    gold: ArrayLike, probabilities: ArrayLike, *, exclusive: bool = False
) -> tuple[Floats, NDArray[np.bool_]]:
    """Probabilities and what came true, for `calibration.reliability`.

    exclusive: one a document, of its likeliest label: whether that is the right one (Guo et al.
        2017). Otherwise one for each label that is known of a document: whether it holds. Most
        labels do not hold of most documents, so that the lowest bin has most of them.

    Raises ConfigError as `brier_score` does.
    """
    wanted, found = _checked("label_outcomes", gold, probabilities)
    known = ~np.isnan(wanted)
    if not exclusive:
        return found[known], wanted[known] == 1.0
    rows = np.flatnonzero(known.any(axis=1))
    likeliest = found[rows].argmax(axis=1)
    return found[rows, likeliest], wanted[rows, likeliest] == 1.0


def _checked(where: str, gold: ArrayLike, probabilities: ArrayLike) -> tuple[Floats, Floats]:
    wanted = np.asarray(gold, dtype=np.float64)
    found = np.asarray(probabilities, dtype=np.float64)
    if wanted.shape != found.shape or wanted.ndim != 2 or np.isnan(wanted).all():
        raise ConfigError(
            where=f"{where}(gold, probabilities)",
            found="no document that tells of a label"
            if wanted.shape == found.shape and wanted.ndim == 2
            else f"shapes {wanted.shape} and {found.shape}",
            wanted="[documents, labels] twice, something of it known",
        )
    return wanted, found
