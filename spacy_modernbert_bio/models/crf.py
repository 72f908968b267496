"""Linear chains over tags: likelihood, best path, marginals, probabilities of spans.

A path y of a document with emissions e, transitions T, and scores s for its first and z for its
last tag scores s[y1] + sum_t e[t, y_t] + sum_t T[y_t, y_t+1] + z[yn]; its probability is
exp(score) over the sum of that over all paths (Lafferty, McCallum, Pereira 2001). Forward and
backward sums are scaled at each token, as in Rabiner 1989, section V.A. A softmax with forbidden
transitions is the chain whose transitions are 0 or -inf: one piece of code serves both decoders.

A batch is many documents end to end, none padded (`TimeSteps`). All is done in float64 on the
CPU: a step is so small that starting it on a GPU takes longer than doing it. A pass costs some 10
microseconds a step, and memory for a few [tokens, tags] arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from spacy_modernbert_bio.models.path_sums import Numbers, PathSums, Scores, check_finite
from spacy_modernbert_bio.models.time_steps import Rows, TimeSteps


@dataclass(frozen=True, eq=False)
class Chain:
    """The scores of a batch of documents; see the head of this file. Forbidden is -inf.

    emissions: [tokens, tags], document after document. transitions[i, j]: tag j right after i.
    start, stop: [tags], of a document's first and last tag.
    """

    emissions: Float[Tensor, "tokens tags"]
    transitions: Float[Tensor, "tags tags"]
    start: Float[Tensor, " tags"]
    stop: Float[Tensor, " tags"]
    steps: TimeSteps

    def tempered(self, temperature: float) -> "Chain":
        """The same chain with all scores divided by `temperature`: same best path, other odds."""
        return replace(
            self,
            emissions=self.emissions / temperature,
            transitions=self.transitions / temperature,
            start=self.start / temperature,
            stop=self.stop / temperature,
        )

    def scores(self) -> Scores:
        """The scores without their gradients."""
        return Scores(
            emissions=self.emissions.detach().numpy(),
            transitions=self.transitions.detach().numpy(),
            start=self.start.detach().numpy(),
            stop=self.stop.detach().numpy(),
        )


def make_chain(
    emissions: Float[Tensor, "tokens tags"],
    transitions: Float[Tensor, "tags tags"],
    start: Float[Tensor, " tags"],
    stop: Float[Tensor, " tags"],
    lengths: Sequence[int],
) -> Chain:
    """A chain from tensors of any device and precision; gradients flow through.

    lengths: tokens of each document, 0 allowed.
    """
    return Chain(
        emissions=emissions.to("cpu", torch.float64),
        transitions=transitions.to("cpu", torch.float64),
        start=start.to("cpu", torch.float64),
        stop=stop.to("cpu", torch.float64),
        steps=TimeSteps(lengths),
    )


def log_partition(chain: Chain) -> Float[Tensor, " docs"]:
    """log of the sum of exp(score) over each document's paths; 0 for an empty document.

    Differentiable once, in all scores. Raises ConfigError for a document without any path.
    """
    total: Tensor = _LogPartition.apply(  # type: ignore[no-untyped-call]
        chain.emissions, chain.transitions, chain.start, chain.stop, chain.steps
    )
    return total


def chain_log_likelihood(
    chain: Chain, allowed: Bool[Tensor, "tokens tags"]
) -> Float[Tensor, " docs"]:
    """log probability that each document's path stays within the `allowed` tags.

    One allowed tag a token gives the usual likelihood of a gold path; all tags where annotation
    is missing sum over what it might be (Tsuboi et al. 2008). Differentiable once.
    Raises ConfigError when the allowed tags leave a document no path.
    """
    inside = chain.emissions.masked_fill(~allowed, -torch.inf)
    return log_partition(replace(chain, emissions=inside)) - log_partition(chain)


def viterbi(chain: Chain) -> Rows:
    """[tokens], the tags of each document's best path (the lowest tag first among equal ones).

    Raises ConfigError when a document has no path.
    """
    steps = chain.steps
    given = chain.scores()
    scores = given.emissions[steps.order]
    back = np.zeros(scores.shape, dtype=np.int64)
    into = np.ascontiguousarray(given.transitions.T)
    for step in range(len(steps.sizes)):
        rows = steps.rows(step)
        if step == 0:
            scores[rows] += given.start
            continue
        ways = scores[steps.rows_before(step), None, :] + into
        back[rows] = ways.argmax(axis=2)
        scores[rows] += ways.max(axis=2)
    final = np.empty_like(scores)
    final[steps.order] = scores
    ends = final[steps.last] + given.stop
    check_finite(ends.max(axis=1))
    tags = np.zeros(len(scores), dtype=np.int64)
    tags[steps.last] = ends.argmax(axis=1)
    path = tags[steps.order]
    for step in range(len(steps.sizes) - 1, 0, -1):
        rows = steps.rows(step)
        path[steps.rows_before(step)] = np.take_along_axis(back[rows], path[rows, None], 1)[:, 0]
    tags[steps.order] = path
    return tags


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is believed of the tags once the whole document is read.

    Given the document, its tags are a Markov chain whose odds differ at each token: a piece of
    path has the probability of its first tag times the odds of each further one.

    marginals: [tokens, tags], the probability of each tag at each token.
    """

    marginals: Numbers
    _likely: Numbers  # [tokens, tags], what emission and all that follows say of a tag; scaled
    _odds: Numbers  # [tags, tags], exp(transitions), scaled
    _steps: TimeSteps

    def span_probabilities(
        self, starts: Rows, stops: Rows, path: Rows, continues: NDArray[np.bool_]
    ) -> Numbers:
        """[spans], the probability that exactly these spans stand there: borders and tags.

        starts, stops: batch rows of each span's first token and after its last; no span is empty
            or reaches into another document.
        path: tags of the spans' tokens, span after span.
        continues[i, j]: tag j after tag i belongs to the same span. A span ends where none of
            those follows: in BIO only the next token tells. In a scheme that marks last tokens,
            as BILOU does, all are false.
        """
        lengths = stops - starts
        heads = np.cumsum(lengths) - lengths
        rows = np.arange(len(path)) + np.repeat(starts - heads, lengths)
        factor = np.zeros(len(path))
        factor[heads] = self.marginals[starts, path[heads]]
        inner = np.setdiff1d(np.arange(len(path)), heads, assume_unique=True)
        factor[inner] = self._next(rows[inner] - 1, path[inner - 1])[
            np.arange(len(inner)), path[inner]
        ]
        inside = np.multiply.reduceat(factor, heads) if len(heads) else np.zeros(0)
        ending = np.ones(len(starts))
        followed = np.flatnonzero(~np.isin(stops - 1, self._steps.last))
        final = path[heads + lengths - 1][followed]
        odds = self._next(stops[followed] - 1, final)
        ending[followed] = np.where(continues[final], 0.0, odds).sum(axis=1)
        return np.clip(inside * ending, 0.0, 1.0)

    def _next(self, rows: Rows, tags: Rows) -> Numbers:
        """[n, tags], the probability of each tag at the token after `rows`, given `tags` there."""
        ways = self._odds[tags] * self._likely[rows + 1]
        total = ways.sum(axis=1, keepdims=True)
        return ways / np.where(total > 0, total, 1.0)  # no way on: a tag that cannot be there


def posterior(chain: Chain) -> Posterior:
    """Forward and backward over a batch. Raises ConfigError when a document has no path."""
    sums = PathSums(chain.scores(), chain.steps)
    backward = sums.backward()
    return Posterior(sums.marginals(backward), sums.local * backward, sums.odds, chain.steps)


def marginals(chain: Chain) -> Numbers:
    """[tokens, tags], the probability of each tag. Raises as `posterior`."""
    return posterior(chain).marginals


class _LogPartition(torch.autograd.Function):
    """log Z with its known gradient: marginals, and expected counts of transitions.

    Autograd through the loop would keep a graph of thousands of small nodes.
    """

    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        transitions: Tensor,
        start: Tensor,
        stop: Tensor,
        steps: TimeSteps,
    ) -> Tensor:
        given = Scores(emissions.numpy(), transitions.numpy(), start.numpy(), stop.numpy())
        ctx.sums = PathSums(given, steps)
        return torch.from_numpy(ctx.sums.log_z.copy())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        sums: PathSums = ctx.sums
        steps = sums.steps
        weight = gradient.numpy()[steps.document]
        backward = sums.backward()
        expected = sums.forward * backward
        expected *= (weight / expected.sum(axis=1))[:, None]
        left, right = steps.transitions()
        before, after = sums.forward[left], (sums.local * backward)[right]
        total = ((before @ sums.odds) * after).sum(axis=1)
        moves = sums.odds * ((before * (weight[left] / total)[:, None]).T @ after)
        edges = (expected[steps.first].sum(axis=0), expected[steps.last].sum(axis=0))
        return (*(torch.from_numpy(array) for array in (expected, moves, *edges)), None)
