"""How long documents are for an encoder, and whether its pieces respect the gold borders.

Costs one tokenisation of the corpus; keeps lengths, not pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc, Span

from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

# A window holds [CLS] and [SEP] besides the document's own pieces.
_SPECIALS = 2
_TEXTS_AT_ONCE = 64


@dataclass(frozen=True)
class PieceLengths:
    """Lengths of the documents of one split, in pieces, special ones not counted.

    over_context: documents that need more than one window.
    borders, borders_inside: span borders, and those of them that fall inside a piece.
    """

    documents: int
    shortest: int
    median: float
    p90: float
    longest: int
    over_context: int
    borders: int
    borders_inside: int

    @property
    def share_over_context(self) -> float:
        """Share of the documents that need more than one window."""
        return self.over_context / self.documents if self.documents else 0.0


def measure_pieces(
    docs: Sequence[Doc],
    gold: Sequence[Sequence[Span]],
    tokenizer: PieceTokenizer,
    context: int,
) -> PieceLengths:
    """Measure documents and their gold spans; `context` in pieces, special ones included."""
    lengths: list[int] = []
    borders = inside = 0
    for begin in range(0, len(docs), _TEXTS_AT_ONCE):
        batch = docs[begin : begin + _TEXTS_AT_ONCE]
        encoded = tokenizer.encode([doc.text for doc in batch])
        for pieces, spans in zip(encoded, gold[begin : begin + _TEXTS_AT_ONCE], strict=True):
            lengths.append(len(pieces))
            edges = np.array(
                [edge for s in spans for edge in (s.start_char, s.end_char)], dtype=int
            )
            borders += len(edges)
            # Pieces that began before the edge less those that ended there or earlier.
            open_there = np.searchsorted(pieces.starts, edges) - np.searchsorted(
                pieces.stops, edges, side="right"
            )
            inside += int((open_there > 0).sum())
    sizes = np.array(lengths or [0])
    return PieceLengths(
        documents=len(lengths),
        shortest=int(sizes.min()),
        median=float(np.median(sizes)),
        p90=float(np.percentile(sizes, 90)),
        longest=int(sizes.max()),
        over_context=int((sizes > context - _SPECIALS).sum()),
        borders=borders,
        borders_inside=inside,
    )
