"""The temperature at which a span's confidence tells how often such spans are right.

What is fitted: the log loss of "this predicted span is right" under its confidence. A likelihood
of whole tag sequences would be convex, but nearly all of it is the many tokens outside of spans,
which nobody is shown a confidence of; the log loss of the spans scores the very events that are
reported, and is lowest where confidences are true (a proper scoring rule). The best path, and so
the predictions, are the same at every temperature, so nothing but confidences can change.

Costs one forward and backward pass over the tags for each of some twenty temperatures; the model
runs once.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spacy_modernbert_bio.components.tags import MISSING, Indices, TagSpans, decode_tags
from spacy_modernbert_bio.components.word_chain import WordScores, best_spans, confidences
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.calibration import (
    expected_calibration_error,
    fit_temperature,
)
from spacy_modernbert_bio.models.tag_scheme import TagRules

# A wrong span of confidence 1 would cost infinitely much, and no temperature could be compared.
_SMALLEST_PROBABILITY = 1e-12


@dataclass(frozen=True)
class CalibrationReport:
    """What calibration did.

    temperature: fitted; 1 is the model as it was trained, above 1 it was too sure of itself.
    spans: predicted spans that were judged. correct: those of them that are right.
    error_before, error_after: expected calibration error at temperature 1 and as fitted, on the
        same data: what is left on other data is a little more.
    """

    temperature: float
    spans: int
    correct: int
    error_before: float
    error_after: float


def calibrate_spans(
    batches: Iterable[tuple[WordScores, Indices]], rules: TagRules
) -> CalibrationReport:
    """Fit the temperature on scores and gold tags of words (MISSING where not annotated).

    Predicted spans over words without annotation are not judged.
    Raises ConfigError when no span is predicted where there is annotation.
    """
    words, gold = _join(batches)
    chain = words.chain(rules)
    spans, path = best_spans(chain)
    judged = _is_annotated(spans, gold)
    correct = _is_right(spans, decode_tags(np.where(gold == MISSING, 0, gold)))[judged]
    if not judged.any():
        raise ConfigError(
            where="calibrate",
            found="no predicted span in annotated text",
            wanted="at least one, right or wrong",
            fix="Train the component first, and calibrate on data of the same kind.",
        )

    def confidence(temperature: float) -> NDArray[np.float64]:
        return confidences(chain.tempered(temperature), spans, path, rules)[judged]

    def log_loss(temperature: float) -> float:
        right = confidence(temperature)
        told = np.where(correct, right, 1.0 - right)
        return -float(np.log(np.maximum(told, _SMALLEST_PROBABILITY)).mean())

    # spaCy saves numbers of cfg cut to ten digits: what is used now is what will be loaded.
    temperature = round(fit_temperature(log_loss), 6)
    return CalibrationReport(
        temperature=temperature,
        spans=int(judged.sum()),
        correct=int(correct.sum()),
        error_before=expected_calibration_error(confidence(1.0), correct),
        error_after=expected_calibration_error(confidence(temperature), correct),
    )


def _join(batches: Iterable[tuple[WordScores, Indices]]) -> tuple[WordScores, Indices]:
    """All batches as one; transition scores are the same in each."""
    scored = list(batches)
    if not scored:
        raise ConfigError(
            where="calibrate", found="no words", wanted="annotated development documents"
        )
    first = scored[0][0]
    words = WordScores(
        emissions=torch.cat([words.emissions for words, _ in scored]),
        transitions=first.transitions,
        start=first.start,
        stop=first.stop,
        lengths=[length for words, _ in scored for length in words.lengths],
    )
    return words, np.concatenate([gold for _, gold in scored])


def _is_annotated(spans: TagSpans, gold: Indices) -> NDArray[np.bool_]:
    missing = np.concatenate([[0], np.cumsum(gold == MISSING)])
    annotated: NDArray[np.bool_] = missing[spans.stops] == missing[spans.starts]
    return annotated


def _is_right(spans: TagSpans, gold: TagSpans) -> NDArray[np.bool_]:
    known = set(zip(gold.starts.tolist(), gold.stops.tolist(), gold.labels.tolist(), strict=True))
    found = zip(spans.starts.tolist(), spans.stops.tolist(), spans.labels.tolist(), strict=True)
    return np.array([span in known for span in found], dtype=np.bool_)
