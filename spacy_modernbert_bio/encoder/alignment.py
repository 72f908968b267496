"""Which pieces overlap which token, by their characters.

A piece belongs to every token that it shares a character with. Tokens that share none (a combining
mark that normalisation ate, a blank that its neighbour's piece took) get the nearest piece and are
counted, so that nobody takes them for read.
"""

from dataclasses import dataclass

import numpy as np

from spacy_modernbert_bio.encoder.pieces import Ints, Pieces


@dataclass(frozen=True, eq=False)
class Alignment:
    """For each token its pieces, in one flat array.

    piece_index: indices into the document's pieces, token after token, `[sum(lengths)]`.
    lengths: pieces of each token, `[tokens]`; all at least 1 unless the document has no pieces.
    borrowed: tokens that have no piece of their own and took the nearest, `[tokens]`.
    """

    piece_index: Ints
    lengths: Ints
    borrowed: np.ndarray[tuple[int], np.dtype[np.bool_]]


def align(pieces: Pieces, token_starts: Ints, token_stops: Ints) -> Alignment:
    """Align tokens with pieces; both are given by character offsets into the same text.

    token_starts, token_stops: one span `[start, stop)` a token, in text order, not overlapping.
    """
    tokens = len(token_starts)
    if len(pieces) == 0:
        none = np.zeros(tokens, dtype=np.int64)
        return Alignment(none[:0], none, np.ones(tokens, dtype=bool))
    # Ends never decrease, so the pieces that overlap a token are the ones from the first that
    # ends behind its start to the last that starts before its stop.
    first = np.searchsorted(pieces.stops, token_starts, side="right")
    last = np.searchsorted(pieces.starts, token_stops, side="left")
    borrowed = first >= last
    nearest = _nearest(pieces, token_starts, token_stops)
    first = np.where(borrowed, nearest, first)
    lengths = np.where(borrowed, 1, last - first)
    ends = np.cumsum(lengths)
    index = np.arange(ends[-1] if tokens else 0) + np.repeat(first - (ends - lengths), lengths)
    return Alignment(index, lengths, borrowed)


def _nearest(pieces: Pieces, token_starts: Ints, token_stops: Ints) -> Ints:
    """The piece with the fewest characters between it and the token; the earlier one on a tie."""
    last = len(pieces) - 1
    after = np.minimum(np.searchsorted(pieces.starts, token_stops, side="left"), last)
    before = np.maximum(np.searchsorted(pieces.stops, token_starts, side="right") - 1, 0)
    gap_after = np.abs(pieces.starts[after] - token_stops)
    gap_before = np.abs(token_starts - pieces.stops[before])
    return np.where(gap_before <= gap_after, before, after)
