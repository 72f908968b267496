"""Sums over all paths of a chain, forward and backward, scaled at each token.

The recursions of Rabiner 1989, section V.A, on numpy arrays: `crf` says of what.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.time_steps import TimeSteps

Numbers = NDArray[np.float64]

# Scores of one token that are further apart are taken as this far apart: odds of exp(-150) change
# no sum, and four such factors in a row still are numbers in float64 (down to exp(-745)).
_SCORE_RANGE = 150.0


@dataclass(frozen=True, eq=False)
class Scores:
    """A chain's scores as numpy arrays: [tokens, tags], [tags, tags], [tags], [tags]."""

    emissions: Numbers
    transitions: Numbers
    start: Numbers
    stop: Numbers


class PathSums:
    """Sums over paths, scaled at each token so that none leaves the range of float64."""

    def __init__(self, scores: Scores, steps: TimeSteps) -> None:
        self.steps = steps
        self.local, self._local_log = _scaled(scores.emissions)
        odds, self._odds_log = _scaled(scores.transitions.reshape(-1))
        self.odds = odds.reshape(scores.transitions.shape)
        self._start, self._start_log = _scaled(scores.start)
        self._stop, self._stop_log = _scaled(scores.stop)
        self.forward, self.log_z = self._run_forward()
        check_finite(self.log_z)

    def _run_forward(self) -> tuple[Numbers, Numbers]:
        """[tokens, tags], tags given the tokens so far; and [docs], the log sums of all paths."""
        steps = self.steps
        sums = self.local[steps.order]
        scale = np.ones(len(sums))
        # A document without any path divides by 0 here, and is reported by its log_z.
        with np.errstate(divide="ignore", invalid="ignore"):
            for step in range(len(steps.sizes)):
                here = sums[steps.rows(step)]
                here *= self._start if step == 0 else sums[steps.rows_before(step)] @ self.odds
                total = here.sum(axis=1)
                here /= total[:, None]
                scale[steps.rows(step)] = total
            forward, log_scale = np.empty_like(sums), np.empty_like(scale)
            forward[steps.order], log_scale[steps.order] = sums, np.log(scale)
            log_scale += self._local_log
            log_scale[steps.transitions()[1]] += self._odds_log
            log_z = np.zeros(len(steps.filled))
            np.add.at(log_z, steps.document, log_scale)
            ends = np.log(forward[steps.last] @ self._stop)
        log_z[steps.filled] += ends + self._start_log + self._stop_log
        return forward, log_z

    def backward(self) -> Numbers:
        """[tokens, tags], what the tokens that follow say of each tag, up to a factor a token."""
        steps = self.steps
        local = self.local[steps.order]
        sums = np.tile(self._stop, (len(local), 1))  # as it stands at each document's last token
        out_of = np.ascontiguousarray(self.odds.T)
        for step in range(len(steps.sizes) - 1, 0, -1):
            rows = steps.rows(step)
            before = (local[rows] * sums[rows]) @ out_of
            sums[steps.rows_before(step)] = before / before.max(axis=1, keepdims=True)
        backward = np.empty_like(sums)
        backward[steps.order] = sums
        return backward

    def marginals(self, backward: Numbers) -> Numbers:
        """[tokens, tags], the probability of each tag, from what `backward` gave."""
        both = self.forward * backward
        believed: Numbers = both / both.sum(axis=1, keepdims=True)
        return believed


def check_finite(scores: Numbers) -> None:
    """ConfigError unless every document has a path of finite score."""
    if not np.isfinite(scores).all():
        raise ConfigError(
            where="the chain of tags",
            found="a document without a tag path of finite score",
            wanted="scores that are numbers, and at least one allowed path",
            fix="If this happens in training, it has diverged: lower the learning rate.",
        )


def _scaled(scores: Numbers) -> tuple[Numbers, Numbers]:
    """exp(scores), divided by its largest on the last axis, and the log of that divisor."""
    top = scores.max(axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    floor = np.where(np.isneginf(scores), -np.inf, -_SCORE_RANGE)
    return np.exp(np.maximum(scores - top, floor)), top[..., 0]
