"""From a batch's token scores to spans with confidences, and to the loss of training.

The scores of words (white space has no tag) become a chain of BIO tags in which an I needs its B
(`models.crf`); the best path spells the spans; each has the probability that exactly it stands
there. Costs some 30 microseconds a word of the longest document in a batch, on one core, and
little for the documents beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from thinc.api import Ops
from torch import Tensor

from spacy_modernbert_bio.components.tags import MISSING, Indices, TagSpans, decode_tags
from spacy_modernbert_bio.models.crf import (
    Chain,
    chain_log_likelihood,
    make_chain,
    posterior,
    viterbi,
)
from spacy_modernbert_bio.models.tag_scheme import TagRules
from spacy_modernbert_bio.models.token_classifier import TagScores

Decoder = Literal["viterbi", "crf"]
# From the best path's spans over a batch's rows, the [words, tags] marginals and each row's
# document to spans in order, none of which overlap or leave their document.
Revision = Callable[[TagSpans, NDArray[np.float64], Indices], TagSpans]


@dataclass(frozen=True, eq=False)
class DocSpans:
    """The spans found in one document, in order: [spans] each.

    starts, stops: first token and token after the last. labels: numbers into the component's
    labels. confidences: the probability of exactly that span, its borders and its label.
    """

    starts: Indices
    stops: Indices
    labels: Indices
    confidences: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WordScores:
    """Scores of a batch on the CPU, without white space; or the gradients of them.

    emissions: [words, tags], document after document. transitions: [tags, tags].
    start, stop: [tags]. lengths: words a document.
    """

    emissions: Tensor
    transitions: Tensor
    start: Tensor
    stop: Tensor
    lengths: list[int]

    def tensors(self) -> list[Tensor]:
        """The four scores."""
        return [self.emissions, self.transitions, self.start, self.stop]

    def with_tensors(self, tensors: Sequence[Tensor]) -> "WordScores":
        """Others in the place of `tensors()`, such as their gradients."""
        emissions, transitions, start, stop = tensors
        return WordScores(emissions, transitions, start, stop, self.lengths)

    def chain(self, rules: TagRules) -> Chain:
        """The batch's chain: what spells no spans is forbidden."""
        return make_chain(
            self.emissions,
            _forbid(self.transitions, rules.follows),
            _forbid(self.start, rules.starts),
            _forbid(self.stop, rules.stops),
            self.lengths,
        )


def gather(scores: TagScores, rows: Sequence[Indices], ops: Ops) -> WordScores:
    """A model's scores for the words of each document. rows: the words' tokens, a document."""
    to_numpy = cast(Callable[[Any], NDArray[np.float32]], ops.to_numpy)  # not annotated in thinc
    emissions = to_numpy(ops.xp.concatenate(scores.emissions))
    offsets = np.cumsum([0, *map(len, scores.emissions)])
    kept = np.concatenate([offset + own for offset, own in zip(offsets, rows, strict=False)])
    edges = (scores.transitions, scores.start, scores.stop)
    transitions, start, stop = (torch.from_numpy(to_numpy(edge).copy()) for edge in edges)
    lengths = [len(own) for own in rows]
    return WordScores(torch.from_numpy(emissions[kept]), transitions, start, stop, lengths)


def spread(
    gradients: WordScores, rows: Sequence[Indices], sizes: Sequence[int], ops: Ops
) -> TagScores:
    """Gradients of words as those of all tokens, `sizes` a document: white space gets none."""
    documents = []
    per_document = torch.split(gradients.emissions, gradients.lengths)
    for own, size, words in zip(rows, sizes, per_document, strict=True):
        document = np.zeros((size, words.shape[1]), dtype=np.float32)
        document[own] = words.numpy()
        documents.append(_array(ops, document))
    edges = (gradients.transitions, gradients.start, gradients.stop)
    return TagScores(documents, *(_array(ops, edge.numpy()) for edge in edges))


def total_loss(words: WordScores, gold: Indices, rules: TagRules, decoder: Decoder) -> Tensor:
    """The loss summed over all words whose gold tag is known. gold: [words], MISSING if not.

    The softmax leaves other words out; the CRF sums over all tags that they might have.
    """
    known, target = torch.from_numpy(gold != MISSING), torch.from_numpy(gold)
    if decoder == "viterbi":
        return F.cross_entropy(words.emissions[known], target[known], reduction="sum")
    allowed = F.one_hot(target.clamp(min=0), words.emissions.shape[1]).bool()
    allowed |= ~known.unsqueeze(1)
    return -chain_log_likelihood(words.chain(rules), allowed).sum()


def best_spans(chain: Chain) -> tuple[TagSpans, Indices]:
    """The spans of each document's best path over the batch's rows, and their tags in a row."""
    found = decode_tags(viterbi(chain))
    return found, spell(found)


def spell(spans: TagSpans) -> Indices:
    """The tags of spans' words, span after span: a B, and an I for each further word."""
    lengths = spans.stops - spans.starts
    tags = np.repeat(2 + 2 * spans.labels, lengths)
    tags[np.cumsum(lengths) - lengths] -= 1
    return tags


def confidences(
    chain: Chain, spans: TagSpans, path: Indices, rules: TagRules
) -> NDArray[np.float64]:
    """[spans], the probability that exactly these spans stand there."""
    return posterior(chain).span_probabilities(spans.starts, spans.stops, path, rules.continues)


def decode(
    chain: Chain, rows: Sequence[Indices], rules: TagRules, revise: Revision | None = None
) -> list[DocSpans]:
    """The spans of each document, in its own tokens. rows: as `gather` took them.

    revise: gives other spans than those of the best path; see `Revision`.
    """
    found, _ = best_spans(chain)
    believed = posterior(chain)
    if revise is not None:
        found = revise(found, believed.marginals, chain.steps.document)
    confidence = believed.span_probabilities(
        found.starts, found.stops, spell(found), rules.continues
    )
    token = np.concatenate(rows)
    starts, stops = token[found.starts], token[found.stops - 1] + 1
    borders = np.searchsorted(found.starts, np.cumsum([0, *map(len, rows)])).tolist()
    return [
        DocSpans(starts[own], stops[own], found.labels[own], confidence[own])
        for own in map(slice, borders[:-1], borders[1:])
    ]


def _forbid(scores: Tensor, allowed: NDArray[np.bool_]) -> Tensor:
    return scores.masked_fill(~torch.from_numpy(allowed), -torch.inf)


def _array(ops: Ops, array: NDArray[np.float32]) -> Any:
    return ops.asarray(cast(Any, array))  # thinc's types are not numpy's
