"""The highest threshold at which enough PHI is found, with the confidence that the data allow.

One sort and a binary search; with documents given, a bootstrap at each of its steps. Says nothing
of notes unlike those that the scores come from.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.bootstrap import bootstrap_interval


@dataclass(frozen=True)
class RecallThreshold:
    """A threshold, and what is known of the recall at it.

    threshold: a span whose score is at or above it is found.
    recall: the share of gold spans found. lower_bound: what it is at least, at the confidence that
        was asked for.
    spans: gold spans that it rests on. documents: the notes that they are of; 0 when not given.
    reached: whether `lower_bound` is the target or more. If not, `threshold` is the lowest positive
        score: no threshold is low enough for so few spans, or for spans that the model gives 0.
    """

    threshold: float
    recall: float
    lower_bound: float
    spans: int
    documents: int
    reached: bool


def fit_recall_threshold(
    scores_of_gold: ArrayLike,
    target_recall: float,
    *,
    confidence: float = 0.95,
    documents: ArrayLike | None = None,
    samples: int = 2000,
    seed: int = 0,
) -> RecallThreshold:
    """The highest threshold whose lower bound of recall is `target_recall` or more.

    scores_of_gold: a gold span each, in [0, 1]: the lowest non-O probability of its tokens, since a
        span is found when all its tokens are.
    confidence: one-sided, in (0.5, 1): how often the recall on other notes of the same kind may
        not fall below the bound.
    documents: which note each span is of. Spans of one note are not independent (a name missed once
        is missed again), and the bound over spans takes them to be. With documents, the bound is
        the lower of that and of a bootstrap over notes, which alone would call a set without a miss
        perfect. samples, seed: of that bootstrap.

    Source: Clopper & Pearson 1934, the exact binomial bound. It needs 598 spans without a miss to
    tell 0.995 at 95 %.
    Raises ConfigError for scores, targets and confidences out of range, lengths that differ, and
    when no score is positive.
    """
    scores = _checked_scores(scores_of_gold)
    _check_range("target_recall", target_recall, 0.0)
    _check_range("confidence", confidence, 0.5)
    bounds: list[Callable[[int, float], float]] = [
        lambda found, _: clopper_pearson(found, scores.size, confidence)
    ]
    note_of = None if documents is None else _checked_documents(documents, scores)
    if note_of is not None:
        bounds.append(lambda _, at: _note_bound(scores, note_of, at, confidence, samples, seed))

    def measure(threshold: float) -> RecallThreshold:
        found = int(np.sum(scores >= threshold))
        bound = min(each(found, threshold) for each in bounds)
        return RecallThreshold(
            threshold=threshold,
            recall=found / scores.size,
            lower_bound=bound,
            spans=scores.size,
            documents=0 if note_of is None else int(note_of.max()) + 1,
            reached=bound >= target_recall,
        )

    # From the lowest up: the bound only falls, so that the last that reaches it is the highest.
    candidates = np.unique(scores[scores > 0.0])
    best = measure(float(candidates[0]))
    low, high = 0, candidates.size
    while best.reached and high - low > 1:
        middle = (low + high) // 2
        tried = measure(float(candidates[middle]))
        if tried.reached:
            best, low = tried, middle
        else:
            high = middle
    return best


def clopper_pearson(found: int, spans: int, confidence: float) -> float:
    """The one-sided exact lower bound of a binomial share; 0 when nothing was found."""
    return float(beta.ppf(1.0 - confidence, found, spans - found + 1)) if found else 0.0


def _note_bound(
    scores: NDArray[np.float64],
    note_of: NDArray[np.intp],
    threshold: float,
    confidence: float,
    samples: int,
    seed: int,
) -> float:
    found = np.bincount(note_of, weights=scores >= threshold)
    counts = np.stack([found, np.bincount(note_of)], axis=1)
    # The lower end of a two-sided interval leaves out half of what the level does.
    level = 2.0 * confidence - 1.0
    low, _ = bootstrap_interval(counts, _found_of_all, samples, seed, level)
    return low


def _found_of_all(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = counts[..., 0] / counts[..., 1]
    return result


def _checked_scores(scores_of_gold: ArrayLike) -> NDArray[np.float64]:
    scores = np.asarray(scores_of_gold, dtype=np.float64).reshape(-1)
    where = "fit_recall_threshold(scores_of_gold)"
    # Written so that not-a-number fails it too.
    if not bool(np.all((scores >= 0.0) & (scores <= 1.0))):
        raise ConfigError(
            where=where, found="a value outside [0, 1] or not a number", wanted="probabilities"
        )
    if not bool(np.any(scores > 0.0)):
        raise ConfigError(
            where=where,
            found=f"{scores.size} scores, none of them above 0",
            wanted="at least one gold span that the model gives a chance",
        )
    return scores


def _checked_documents(documents: ArrayLike, scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """The notes, numbered from 0 in the order of their own numbers."""
    given = np.asarray(documents).reshape(-1)
    if given.size != scores.size:
        raise ConfigError(
            where="fit_recall_threshold(documents)",
            found=f"{given.size} of them for {scores.size} scores",
            wanted="one a score",
        )
    numbered: NDArray[np.intp] = np.unique(given, return_inverse=True)[1].reshape(-1)
    return numbered


def _check_range(name: str, value: float, above: float) -> None:
    if not above < value < 1.0:
        raise ConfigError(
            where=f"fit_recall_threshold({name})",
            found=str(value),
            wanted=f"a number between {above:g} and 1, both left out",
        )
