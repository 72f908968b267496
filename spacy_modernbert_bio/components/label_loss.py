"""The loss of labels' logits, and its gradient, in closed form.

Arrays are [documents, labels] and small: numpy on the processor, wherever the model runs.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from spacy_modernbert_bio.components.label_gold import LabelCounts
from spacy_modernbert_bio.errors import ConfigError

Floats = NDArray[np.float64]
# "balanced" never counts a document more than this many times: one example is no statistic.
_HIGHEST_WEIGHT = 20.0

ClassWeights = Mapping[str, float] | str | None


def probabilities(logits: Floats, exclusive: bool) -> Floats:
    """[documents, labels]: a softmax of exclusive labels, else a sigmoid of each."""
    found: Floats = softmax(logits, axis=1) if exclusive else expit(logits)
    return found


def label_weights(
    wanted: ClassWeights, labels: Sequence[str], counts: LabelCounts, exclusive: bool
) -> list[float]:
    """How many times a document counts in which a label holds.

    wanted: None for once; "balanced" so that documents with a label count as much in the sum as
        those without it (exclusive labels: as much as the average label), at most 20 times; or a
        number for some labels.
    Raises ConfigError for a label that is not there, a number that is not above 0, another word.
    """
    if wanted is None:
        return [1.0] * len(labels)
    if isinstance(wanted, str):
        if wanted != "balanced":
            raise _wrong(repr(wanted), 'null, "balanced", or a number for some labels')
        positive = np.maximum(np.array(counts.positive, dtype=np.float64), 1.0)
        others = (
            np.full(len(labels), positive.mean())
            if exclusive
            else np.array(counts.known) - np.array(counts.positive)
        )
        balanced = np.clip(others / positive, 1.0 / _HIGHEST_WEIGHT, _HIGHEST_WEIGHT)
        return [float(weight) for weight in balanced]
    for label, weight in wanted.items():
        if label not in labels:
            raise _wrong(f"the label {label}", f"some of {', '.join(labels)}")
        if not weight > 0.0:
            raise _wrong(f"{weight:g} for {label}", "a number above 0")
    return [float(wanted.get(label, 1.0)) for label in labels]


def label_loss(
    logits: Floats, gold: Floats, weights: Sequence[float], exclusive: bool
) -> tuple[float, Floats]:
    """The mean cross-entropy over what is known, and its gradient; all arrays [documents, labels].

    gold: 1, 0, or NaN where nothing is known, which does not count. weights: a label's, on
    documents in which it holds.
    """
    known = ~np.isnan(gold)
    truth = np.where(known, gold, 0.0)
    if exclusive:
        # One cross-entropy a document, weighted by its label.
        weight = (truth * np.array(weights)).sum(1, keepdims=True)
        losses = -(truth * log_softmax(logits, axis=1)) * weight
        gradient = (softmax(logits, axis=1) - truth) * weight
        counted = max(1, int(known.any(1).sum()))
    else:
        weight = np.where(truth == 1.0, np.array(weights), 1.0) * known
        # softplus of the logit's wrong sign.
        with np.errstate(invalid="ignore"):  # a logit that is no number: the caller says so
            losses = np.logaddexp(0.0, np.where(truth == 1.0, -logits, logits)) * weight
        gradient = (expit(logits) - truth) * weight
        counted = max(1, int(known.sum()))
    return float(losses.sum()) / counted, gradient / counted


def _wrong(found: str, wanted: str) -> ConfigError:
    return ConfigError(where="modernbert_phenotype: class_weights", found=found, wanted=wanted)
