"""Thresholds of the recall dial, fitted to a target recall on development data.

Each category by its own gold spans first. But the dial asks for the threshold of the category that
a word seems to be of, and a name may seem to be a place: those thresholds are lowered to the scores
of such words, so that what was counted as found is found.

One forward and backward pass over the tags; the model's own pass is the caller's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.components.recall_dial import Numbers, RecallDial
from spacy_modernbert_bio.components.tags import MISSING, Indices, decode_tags
from spacy_modernbert_bio.components.word_chain import best_spans
from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.recall_threshold import RecallThreshold, fit_recall_threshold
from spacy_modernbert_bio.models.crf import Chain, marginals

# spaCy saves numbers of cfg with ten decimals: thresholds have fewer, or a span at the very edge
# would be found now and missed once the pipeline is loaded.
_STEPS = 10**9


@dataclass(frozen=True)
class DialRow:
    """What a category's own gold spans ask for.

    fitted: with the recall, and the bound of it, that the dial reaches or passes. recall_before:
    share of the spans found without the dial, by the model or by the components before it.
    """

    group: str
    fitted: RecallThreshold
    recall_before: float


@dataclass(frozen=True)
class DialReport:
    """What fitting gave, by category in alphabetical order.

    rows: of categories that have gold spans. thresholds: for the dial, `fitted`'s or lower, and of
    every category that a gold word seems to be of. words_before, words_after: shares of the words
    outside gold spans that are taken for PHI, before and at these thresholds: the price.
    """

    rows: tuple[DialRow, ...]
    thresholds: Mapping[str, float]
    words_before: float
    words_after: float


@dataclass(frozen=True, eq=False)
class _GoldSpan:
    """A gold span of a category. scores: of its words; tops: the categories they seem to be of."""

    group: str
    note: int
    scores: Numbers
    tops: Sequence[str]

    @property
    def lowest(self) -> float:
        """The largest threshold at which all of it is found."""
        return float(self.scores.min())


def fit_dial(
    batches: Iterable[tuple[Chain, Indices, NDArray[np.bool_]]],
    labels: Sequence[str],
    *,
    target_recall: float,
    confidence: float = 0.95,
) -> DialReport:
    """Thresholds at which each category's gold spans are found.

    batches: chains, gold tags of their words (MISSING where there is no annotation), and which
    words other components have found: those need nothing of the model.
    Raises ConfigError when there is no gold span at all, and as `fit_recall_threshold`.
    """
    dial = RecallDial(labels, {})
    gold_spans: list[_GoldSpan] = []
    scores, outside = [], []
    groups: list[str] = []
    passed = 0
    for chain, gold, known in batches:
        found, _ = best_spans(chain)
        believed = marginals(chain)
        words = np.where(known, 1.0, dial.scores(found, believed))
        tops = dial.top_groups(believed)
        spans = decode_tags(np.where(gold == MISSING, 0, gold))
        for start, stop, label in zip(
            spans.starts.tolist(), spans.stops.tolist(), spans.labels.tolist(), strict=True
        ):
            gold_spans.append(
                _GoldSpan(
                    category_of(labels[label]),
                    passed + int(chain.steps.document[start]),
                    np.floor(words[start:stop] * _STEPS) / _STEPS,
                    tops[start:stop],
                )
            )
        passed += len(chain.steps.filled)
        scores.append(words)
        outside.append(gold == 0)
        groups += tops
    if not gold_spans:
        raise ConfigError(
            where="calibrate --target-recall",
            found="no gold span of PHI",
            wanted="annotated development documents",
        )
    rows = _fit_rows(gold_spans, target_recall, confidence)
    thresholds = _lowered({row.group: row.fitted.threshold for row in rows}, gold_spans)
    word_scores, out = np.concatenate(scores), np.concatenate(outside)
    limits = np.array([thresholds.get(name, 1.0) for name in groups])
    return DialReport(
        rows,
        thresholds,
        words_before=float(np.mean(word_scores[out] >= 1.0)),
        words_after=float(np.mean(word_scores[out] >= limits[out])),
    )


def _fit_rows(
    spans: Sequence[_GoldSpan], target_recall: float, confidence: float
) -> tuple[DialRow, ...]:
    rows = []
    for group in sorted({span.group for span in spans}):
        own = [span for span in spans if span.group == group]
        lowest = [span.lowest for span in own]
        fitted = fit_recall_threshold(
            lowest, target_recall, confidence=confidence, documents=[span.note for span in own]
        )
        rows.append(DialRow(group, fitted, float(np.mean(np.array(lowest) >= 1.0))))
    return tuple(rows)


def _lowered(fitted: Mapping[str, float], spans: Iterable[_GoldSpan]) -> dict[str, float]:
    """Thresholds at which every span that its own category's has found is found by the dial."""
    thresholds = dict(fitted)
    for span in spans:
        if span.lowest >= fitted[span.group]:
            for score, top in zip(span.scores.tolist(), span.tops, strict=True):
                thresholds[top] = min(thresholds.get(top, 1.0), score)
    return dict(sorted(thresholds.items()))
