"""The probability from which a label is taken to hold: fitted a label, on development data.

One sort a label. A fitted threshold is the best there is for the documents that it was fitted on:
on others the score is a little lower, the more so the fewer documents a label holds in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import srsly
from numpy.typing import ArrayLike, NDArray

from spacy_modernbert_bio.errors import ConfigError

Floats = NDArray[np.float64]

# Decimals that a threshold is given first; where probabilities lie closer, as many as are saved.
_FEW_DECIMALS, _MOST_DECIMALS = 6, 10


@dataclass(frozen=True)
class ThresholdFit:
    """A label's threshold, and what it does to the documents that it was fitted on.

    threshold: the label holds where its probability is this or more.
    positives: documents in which the label holds; with none, the threshold is the default.
    f1_before: at the default threshold. f1, precision, recall: at this one; of nothing they are 0.
    """

    label: str
    threshold: float
    positives: int
    f1_before: float
    f1: float
    precision: float
    recall: float


@dataclass(frozen=True)
class _Cuts:
    """Where a label's documents can be cut in two: one cut below each different probability.

    thresholds: from the highest down, such that they decide the same after they were saved; NaN
    where probabilities lie too close for that. lows, highs: any threshold above the one and up to
    the other makes the same cut. found: documents at or above it. right: those of them in which
    the label holds. positives: all in which it does.
    """

    thresholds: Floats
    lows: Floats
    highs: Floats
    found: Floats
    right: Floats
    positives: int

    @property
    def f1(self) -> Floats:
        return 2.0 * self.right / (self.found + self.positives)


def fit_thresholds(
    probabilities: ArrayLike,
    gold: ArrayLike,
    labels: Sequence[str],
    *,
    default: float,
    target_recall: float | None = None,
) -> list[ThresholdFit]:
    """A threshold for each label from the documents that tell of it, in the order of the labels.

    probabilities: [documents, labels], in [0, 1]. gold: [documents, labels], 1 where a label holds,
        0 where it does not, NaN where nothing is known.
    default: the threshold where none was fitted; of several that are equally good, the nearest to
        it is taken.
    target_recall: the highest threshold that reaches this recall, in (0, 1]; without one, the
        threshold of the highest F1, which is never below that at the default.

    Thresholds lie midway between neighbouring probabilities, but for the default itself. They are
    rounded so that they decide the same once saved: spaCy's JSON keeps ten decimals.

    Source: the F1-optimal threshold of a score on held-out data, Lipton et al. 2014, "Optimal
    Thresholding of Classifiers to Maximize F1 Measure".
    Raises ConfigError when nothing is annotated, shapes differ, or a number is out of its range.
    """
    found, known_gold = _checked(probabilities, gold, labels)
    if target_recall is not None and not 0.0 < target_recall <= 1.0:
        raise ConfigError(
            where="fit_thresholds(target_recall)",
            found=f"{target_recall:g}",
            wanted="a number above 0, 1 at most",
        )
    return [
        _fit(label, found[:, column], known_gold[:, column], default, target_recall)
        for column, label in enumerate(labels)
    ]


def _fit(
    label: str, probabilities: Floats, gold: Floats, default: float, target_recall: float | None
) -> ThresholdFit:
    known = ~np.isnan(gold)
    probability, holds = probabilities[known], gold[known] == 1.0
    positives = int(holds.sum())
    if not positives:
        return ThresholdFit(label, default, 0, 0.0, 0.0, 0.0, 0.0)
    cuts = _cut(probability, holds)
    if target_recall is None:
        threshold = _best_f1(cuts, default)
    else:
        # A share such as 0.9 of 10 is a little more than 9 in floating point.
        enough = cuts.right >= target_recall * positives - 1e-9
        threshold = float(cuts.thresholds[enough & ~np.isnan(cuts.thresholds)][0])
    chosen = probability >= threshold
    right = int((chosen & holds).sum())
    return ThresholdFit(
        label=label,
        threshold=threshold,
        positives=positives,
        f1_before=_f1(probability >= default, holds),
        f1=_f1(chosen, holds),
        precision=right / max(1, int(chosen.sum())),
        recall=right / positives,
    )


def _cut(probability: Floats, holds: NDArray[np.bool_]) -> _Cuts:
    order = np.argsort(-probability, kind="stable")
    ordered, right = probability[order], np.cumsum(holds[order])
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    highs = ordered[last]
    # Below the lowest probability there is no other to stay above: 0 cuts there as well.
    lows = np.append(highs[1:], -1.0)
    middles = (highs + np.maximum(lows, 0.0)) / 2.0
    thresholds = np.full(len(highs), np.nan)
    for decimals in (_FEW_DECIMALS, _MOST_DECIMALS):
        open_ = np.isnan(thresholds)
        saved = _saved(np.round(middles[open_], decimals))
        fits = (lows[open_] < saved) & (saved <= highs[open_])
        thresholds[open_] = np.where(fits, saved, np.nan)
    return _Cuts(
        thresholds=thresholds,
        lows=lows,
        highs=highs,
        found=(last + 1).astype(np.float64),
        right=right[last].astype(np.float64),
        positives=int(holds.sum()),
    )


def _best_f1(cuts: _Cuts, default: float) -> float:
    # The default stands for its own cut, unless it would make another once it was saved.
    thresholds = cuts.thresholds.copy()
    own = (cuts.lows < default) & (default <= cuts.highs)
    saved = float(_saved(np.array([default]))[0])
    stays = own & (cuts.lows < saved) & (saved <= cuts.highs)
    thresholds[stays | (own & np.isnan(thresholds))] = default
    f1 = np.where(np.isnan(thresholds), -1.0, cuts.f1)
    best = np.flatnonzero(f1 == f1.max())
    return float(thresholds[best[np.argmin(np.abs(thresholds[best] - default))]])


def _saved(thresholds: Floats) -> Floats:
    """What is read back of them: ten decimals, the last bit not always the same."""
    return np.array(srsly.json_loads(srsly.json_dumps(thresholds.tolist())), dtype=np.float64)


def _f1(chosen: NDArray[np.bool_], holds: NDArray[np.bool_]) -> float:
    """Of at least one document in which the label holds."""
    return float(2.0 * (chosen & holds).sum() / (chosen.sum() + holds.sum()))


def _checked(
    probabilities: ArrayLike, gold: ArrayLike, labels: Sequence[str]
) -> tuple[Floats, Floats]:
    found = np.asarray(probabilities, dtype=np.float64)
    known = np.asarray(gold, dtype=np.float64)
    if found.shape != known.shape or found.ndim != 2 or found.shape[1] != len(labels):
        raise ConfigError(
            where="fit_thresholds(probabilities, gold, labels)",
            found=f"shapes {found.shape} and {known.shape} for {len(labels)} labels",
            wanted="[documents, labels] twice",
        )
    if np.isnan(known).all():
        raise ConfigError(
            where="fit_thresholds(gold)",
            found="no document that tells of a label",
            wanted="annotated development documents",
        )
    # Written so that not-a-number fails it too.
    if not bool(np.all((found >= 0.0) & (found <= 1.0))):
        raise ConfigError(
            where="fit_thresholds(probabilities)",
            found="a value outside [0, 1] or not a number",
            wanted="probabilities",
        )
    return found, known
