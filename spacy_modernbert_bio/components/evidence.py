"""Evidence by pieces to the passages that a reader is shown: sentences, or windows of tokens.

A sentence that is longer than `limit` tokens, or a document without sentence borders, gives its
best windows of `limit` tokens instead: a page-long "sentence" points at nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import SENT_START
from spacy.tokens import Doc
from thinc.types import Ragged

Floats = NDArray[np.float64]
# A passage with less than this share of a label's evidence is none.
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True)
class Evidence:
    """Tokens `start:stop` of a document, and the share of a label's evidence that they have."""

    start: int
    stop: int
    weight: float


def token_weights(weights: NDArray[np.float32], align: Ragged) -> Floats:
    """The evidence in each token, [tokens, labels], from that in rows, [rows, labels].

    A row that belongs to several tokens is divided among them, so that nothing counts twice.
    """
    rows = np.asarray(align.dataXd).reshape(-1).astype(np.int64)
    lengths = np.asarray(align.lengths).astype(np.int64)
    shares = np.maximum(np.bincount(rows, minlength=len(weights)), 1)
    parts = weights[rows].astype(np.float64) / shares[rows, None]
    tokens = np.repeat(np.arange(len(lengths)), lengths)
    summed = np.zeros((len(lengths), weights.shape[1]))
    np.add.at(summed, tokens, parts)
    return summed


def select_evidence(doc: Doc, mass: Floats, *, count: int, limit: int) -> list[Evidence]:
    """The passages with most of the evidence, at most `count`, the weightiest first.

    mass: the share of each token, `[tokens]`. No two passages overlap.
    """
    sums = np.concatenate([[0.0], np.cumsum(mass)])
    starts, stops = _passages(doc, limit)
    weights = sums[stops] - sums[starts]
    # Of windows that hold the same peak, the one that has it in the middle.
    margins = np.where(stops - starts == limit, limit // 4, 0)
    ranks = weights + sums[stops - margins] - sums[starts + margins]
    found: list[Evidence] = []
    while len(found) < count and len(ranks):
        best = int(ranks.argmax())
        if weights[best] < _LEAST_WEIGHT:
            break
        start, stop = int(starts[best]), int(stops[best])
        found.append(Evidence(start, stop, float(weights[best])))
        apart = (stops <= start) | (starts >= stop)
        starts, stops, weights, ranks = (each[apart] for each in (starts, stops, weights, ranks))
    return sorted(found, key=lambda each: -each.weight)


def _passages(doc: Doc, limit: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and stops of all sentences, long ones as all of their windows."""
    borders = np.flatnonzero(doc.to_array([SENT_START]) == 1)
    firsts = np.unique(np.concatenate([[0], borders])) if len(doc) else np.zeros(0, dtype=np.int64)
    lasts = np.concatenate([firsts[1:], [len(doc)]]) if len(doc) else firsts
    short = lasts - firsts <= limit
    starts, stops = [firsts[short]], [lasts[short]]
    for first, last in zip(firsts[~short].tolist(), lasts[~short].tolist(), strict=True):
        own = np.arange(first, last - limit + 1)
        starts.append(own)
        stops.append(own + limit)
    return np.concatenate(starts).astype(np.int64), np.concatenate(stops).astype(np.int64)
