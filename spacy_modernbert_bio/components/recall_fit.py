"""Thresholds of the recall dial, fitted to a target recall on development data.

One forward and backward pass over the tags; the model's own pass is the caller's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.components.recall_dial import RecallDial
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
    """A category's threshold. recall_before: share of its gold spans found without the dial.

    Found: by the model, or by the components before it.
    """

    group: str
    fitted: RecallThreshold
    recall_before: float


@dataclass(frozen=True)
class DialReport:
    """What fitting gave, by category in alphabetical order.

    words_before, words_after: shares of the words outside gold spans that are taken for PHI, before
    and at the fitted thresholds: the price.
    """

    rows: tuple[DialRow, ...]
    words_before: float
    words_after: float


def fit_dial(
    batches: Iterable[tuple[Chain, Indices, NDArray[np.bool_]]],
    labels: Sequence[str],
    *,
    target_recall: float,
    confidence: float = 0.95,
) -> DialReport:
    """Thresholds for each category that has gold spans.

    batches: chains, gold tags of their words (MISSING where there is no annotation), and which
    words other components have found: those need nothing of the model.
    Raises ConfigError when there is no gold span at all, and as `fit_recall_threshold`.
    """
    dial = RecallDial(labels, {})
    lowest: dict[str, list[float]] = {}
    notes: dict[str, list[int]] = {}
    scores, outside = [], []
    groups: list[str] = []
    passed = 0
    for chain, gold, known in batches:
        found, _ = best_spans(chain)
        believed = marginals(chain)
        words = np.where(known, 1.0, dial.scores(found, believed))
        spans = decode_tags(np.where(gold == MISSING, 0, gold))
        for start, stop, label in zip(
            spans.starts.tolist(), spans.stops.tolist(), spans.labels.tolist(), strict=True
        ):
            group = category_of(labels[label])
            score = floor(float(words[start:stop].min()) * _STEPS) / _STEPS
            lowest.setdefault(group, []).append(score)
            notes.setdefault(group, []).append(passed + int(chain.steps.document[start]))
        passed += len(chain.steps.filled)
        scores.append(words)
        outside.append(gold == 0)
        groups += dial.top_groups(believed)
    if not lowest:
        raise ConfigError(
            where="calibrate --target-recall",
            found="no gold span of PHI",
            wanted="annotated development documents",
        )
    rows = tuple(
        DialRow(
            group,
            fit_recall_threshold(
                of_group, target_recall, confidence=confidence, documents=notes[group]
            ),
            float(np.mean(np.array(of_group) >= 1.0)),
        )
        for group, of_group in sorted(lowest.items())
    )
    thresholds = {row.group: row.fitted.threshold for row in rows}
    word_scores, out = np.concatenate(scores), np.concatenate(outside)
    limits = np.array([thresholds.get(name, 1.0) for name in groups])
    return DialReport(
        rows,
        words_before=float(np.mean(word_scores[out] >= 1.0)),
        words_after=float(np.mean(word_scores[out] >= limits[out])),
    )
