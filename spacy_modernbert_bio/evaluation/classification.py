"""How well documents were labelled: rates a label, and their averages as papers name them.

One pass over the array, then two bootstraps over documents. Knows decisions only: what the
probabilities behind them are worth is in `label_probabilities`.

Published comparisons, and what to give here for theirs:
HoC in BLURB is `micro` (Gu et al. 2021, "Domain-Specific Language Model Pretraining for Biomedical
Natural Language Processing", section 2.3.5: micro F1 across the ten hallmarks, by abstract).
HoC in BLUE is `example_based` (Peng et al. 2019, "Transfer Learning in Biomedical Natural Language
Processing", and its script `blue/eval_hoc.py`).
ChemProt is `micro` without the class of no relation, GAD the F1 of the class that tells of one:
both leave the negative label out, with `excluded`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.bootstrap import bootstrap_interval
from spacy_modernbert_bio.evaluation.spans import PRF, f1_of_counts

Floats = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Rates:
    """Means of precision, recall and F1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class LabelScores:
    """What `score_labels` gives. A rate of nothing is 0.

    documents: those that tell of a label. accuracy: the share of them of which everything known was
        predicted right.
    per_label: in the order given, excluded ones too.
    counted: the labels that all averages are over.
    micro: all decisions counted together. macro: means over labels. weighted: the same, each label
        as often as it holds. Intervals are of their F1, at 95 % over resampled documents.
    example_based: BLUE's. Means over documents of precision and recall of each one's labels, and
        the F1 of these two means (Zhang & Zhou 2014, "A Review on Multi-Label Learning
        Algorithms"). A document in which no label holds has no recall and is left out, as BLUE
        left them out of its data; None where there is no other.
    """

    documents: int
    accuracy: float
    per_label: Mapping[str, PRF]
    counted: tuple[str, ...]
    micro: PRF
    micro_f1_interval: Interval
    macro: Rates
    macro_f1_interval: Interval
    weighted: Rates
    example_based: Rates | None


def score_labels(
    gold: ArrayLike,
    predicted: ArrayLike,
    labels: Sequence[str],
    *,
    excluded: Collection[str] = (),
    samples: int = 2000,
    seed: int = 0,
) -> LabelScores:
    """Scores of decisions, over what is known.

    gold: [documents, labels], 1 where a label holds, 0 where it does not, NaN where nothing is
        known. predicted: [documents, labels], 1 or true where it was taken to hold.
    excluded: labels that averages leave out, as a class that stands for "none of the others".
    samples, seed: of the bootstrap. A rare label is missing in some resamples, and is 0 there: the
        interval of a macro average reaches lower than one of common labels would.

    Raises ConfigError when shapes differ, no document tells of a label, or `excluded` names a
    label that is not there or leaves none.
    """
    wanted, found = _checked(gold, predicted, labels)
    counted = _counted(labels, excluded)
    columns = [labels.index(label) for label in counted]
    known = ~np.isnan(wanted)
    counts = np.stack(
        [known & (wanted == 1.0) & found, known & (wanted == 0.0) & found, (wanted == 1.0) & ~found]
    ).astype(np.float64)
    # [documents, labels, 3], as `f1_of_counts` takes them.
    by_document = np.moveaxis(counts, 0, -1)
    per_label = [PRF(*map(int, row)) for row in by_document.sum(axis=0)]
    averaged = [per_label[column] for column in columns]
    some = by_document[:, columns]
    return LabelScores(
        documents=len(wanted),
        accuracy=float((~known | (found == (wanted == 1.0))).all(axis=1).mean()),
        per_label=dict(zip(labels, per_label, strict=True)),
        counted=counted,
        micro=PRF(*(int(count) for count in some.sum(axis=(0, 1)))),
        micro_f1_interval=bootstrap_interval(some.sum(axis=1), f1_of_counts, samples, seed),
        macro=_mean(averaged, [1] * len(averaged)),
        macro_f1_interval=bootstrap_interval(
            some.reshape(len(some), -1), _macro_f1_of_counts, samples, seed
        ),
        weighted=_mean(averaged, [score.tp + score.fn for score in averaged]),
        example_based=_example_based(some),
    )


def _macro_f1_of_counts(counts: Floats) -> Floats:
    """From [..., labels * 3] to [...]."""
    a_label = counts.reshape(*counts.shape[:-1], -1, 3)
    result: Floats = f1_of_counts(a_label).mean(axis=-1)
    return result


def _mean(scores: Sequence[PRF], weights: Sequence[int]) -> Rates:
    total = max(1, sum(weights))
    pairs = list(zip(scores, weights, strict=True))
    return Rates(
        precision=sum(score.precision * weight for score, weight in pairs) / total,
        recall=sum(score.recall * weight for score, weight in pairs) / total,
        f1=sum(score.f1 * weight for score, weight in pairs) / total,
    )


def _example_based(counts: Floats) -> Rates | None:
    """From [documents, labels, 3]."""
    right, superfluous, missed = np.moveaxis(counts.sum(axis=1), -1, 0)
    has_label = right + missed > 0
    if not has_label.any():
        return None
    precision = float((right / np.maximum(right + superfluous, 1))[has_label].mean())
    recall = float((right / np.maximum(right + missed, 1))[has_label].mean())
    both = precision + recall
    return Rates(precision, recall, 2 * precision * recall / both if both else 0.0)


def _counted(labels: Sequence[str], excluded: Collection[str]) -> tuple[str, ...]:
    unknown = [label for label in excluded if label not in labels]
    counted = tuple(label for label in labels if label not in excluded)
    if unknown or not counted:
        raise ConfigError(
            where="score_labels(excluded)",
            found=f"{unknown[0]}, which is no label" if unknown else "all labels",
            wanted=f"some of {', '.join(labels)}" if labels else "one label at least",
        )
    return counted


def _checked(
    gold: ArrayLike, predicted: ArrayLike, labels: Sequence[str]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Gold and decisions of the documents that tell of a label."""
    wanted = np.asarray(gold, dtype=np.float64)
    found = np.asarray(predicted, dtype=np.bool_)
    if wanted.shape != found.shape or wanted.ndim != 2 or wanted.shape[1] != len(labels):
        raise ConfigError(
            where="score_labels(gold, predicted, labels)",
            found=f"shapes {wanted.shape} and {found.shape} for {len(labels)} labels",
            wanted="[documents, labels] twice",
        )
    telling = ~np.isnan(wanted).all(axis=1)
    if not telling.any():
        raise ConfigError(
            where="score_labels(gold)",
            found="no document that tells of a label",
            wanted="annotated documents",
        )
    return wanted[telling], found[telling]
