"""Strict span scores: a span is right when start, stop and label all are.

One pass over the spans, a set a document. Scores no partial overlap: a border that is off by one
token counts as one span too many and one missed, as CoNLL's scorer and seqeval's strict mode have
it. A span given twice in one document counts once, on either side: theirs are sets, too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.errors import ConfigError

Span: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True)
class PRF:
    """Counts of spans, and the rates that follow from them; a rate of nothing is 0.

    tp: predicted and gold. fp: predicted only. fn: gold only.
    """

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are gold."""
        return self.tp / (self.tp + self.fp) if self.tp else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold spans that were predicted."""
        return self.tp / (self.tp + self.fn) if self.tp else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall (van Rijsbergen 1979)."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0


@dataclass(frozen=True)
class MacroAverage:
    """Unweighted means over labels; 0 when there is no label."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class SpanScores:
    """What `score_spans` gives.

    micro: all spans counted together. macro: the mean over labels.
    per_label: in alphabetical order, each label that stands in gold or prediction.
    """

    micro: PRF
    macro: MacroAverage
    per_label: Mapping[str, PRF]


def score_spans(gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]) -> SpanScores:
    """Strict scores over documents.

    gold, predicted: a document each, its spans as (start, stop, label); both in the same unit
        (tokens or characters) and in the same order of documents.

    Raises ConfigError when the numbers of documents differ.
    """
    tp: Counter[str] = Counter()
    fp: Counter[str] = Counter()
    fn: Counter[str] = Counter()
    for wanted, found in _documents(gold, predicted):
        tp.update(label for _, _, label in wanted & found)
        fp.update(label for _, _, label in found - wanted)
        fn.update(label for _, _, label in wanted - found)
    labels = sorted({*tp, *fp, *fn})
    per_label = {label: PRF(tp[label], fp[label], fn[label]) for label in labels}
    count = max(1, len(labels))
    return SpanScores(
        micro=PRF(tp.total(), fp.total(), fn.total()),
        macro=MacroAverage(
            precision=sum(score.precision for score in per_label.values()) / count,
            recall=sum(score.recall for score in per_label.values()) / count,
            f1=sum(score.f1 for score in per_label.values()) / count,
        ),
        per_label=per_label,
    )


def count_by_document(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> NDArray[np.int64]:
    """Right, superfluous and missed spans as [documents, 3]: what a bootstrap resamples.

    Arguments and errors as `score_spans` has them.
    """
    rows = [
        (len(wanted & found), len(found - wanted), len(wanted - found))
        for wanted, found in _documents(gold, predicted)
    ]
    return np.asarray(rows, dtype=np.int64).reshape(-1, 3)


def f1_of_counts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 of [..., 3] sums of right, superfluous and missed spans, as [...]; of nothing it is 0."""
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    result: NDArray[np.float64] = 2 * tp / np.maximum(2 * tp + fp + fn, 1)
    return result


def _documents(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> Iterable[tuple[set[Span], set[Span]]]:
    if len(gold) != len(predicted):
        raise ConfigError(
            where="score_spans(gold, predicted)",
            found=f"{len(gold)} gold documents and {len(predicted)} predicted ones",
            wanted="the same documents twice",
        )
    return ((set(wanted), set(found)) for wanted, found in zip(gold, predicted, strict=True))
