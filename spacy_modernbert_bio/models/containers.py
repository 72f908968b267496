"""spacy-transformers' batch and Doc containers over packed arrays.

One row `[1, n, width]` a document, every piece in it and no padding: each window's [CLS], then the
pieces kept of it. No token is aligned with a [CLS]. Listeners, `doc._.trf_data` and the stock
`transformer` pipe work on them unchanged.

Differs from the stock containers in three ways. A document without tokens takes part in nothing,
backwards too, where the stock batch loses count. Documents know how much of them was read. And
hidden states stay out of `doc.to_bytes()` (25 MB a long note) unless asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc
from spacy_transformers.data_classes import FullTransformerBatch, TransformerData, WordpieceBatch
from thinc.api import get_array_module, xp2torch
from thinc.types import Floats3d, Ints1d, Ragged
from transformers.utils import ModelOutput

from spacy_modernbert_bio.encoder.alignment import Alignment
from spacy_modernbert_bio.encoder.pieces import Ints, Pieces
from spacy_modernbert_bio.encoder.windows import Window


@dataclass(frozen=True)
class Vocabulary:
    """The names of pieces by id, and the id of [CLS]."""

    names: Sequence[str]
    cls_id: int


@dataclass
class PackedTransformerData(TransformerData):  # type: ignore[misc]  # an untyped base
    """The hidden states of one document; see TransformerData for the fields of the base class.

    pieces: pieces of the document's text; when all were read, there are as many rows of hidden
        states beside those of the windows' [CLS].
    cls_rows: rows of the windows' [CLS], one for each overlapping window that the document was
        read in.
    borrowed: numbers of the tokens without a piece of their own, which took the nearest one's.
    keep_hidden_states: whether serialisation (`doc.to_bytes`, DocBin, `n_process`) includes the
        hidden states; set it on the instance.
    """

    pieces: int = 0
    cls_rows: tuple[int, ...] = ()
    borrowed: tuple[int, ...] = ()
    keep_hidden_states: bool = False

    def to_dict(self) -> dict[str, Any]:
        """What is serialised: nothing but an empty container unless `keep_hidden_states`."""
        saved = self if self.keep_hidden_states else TransformerData.empty()
        content: dict[str, Any] = TransformerData.to_dict(saved)
        return content


@dataclass
class PackedTransformerBatch(FullTransformerBatch):  # type: ignore[misc]  # an untyped base
    """The output for a batch of documents: one packed row, and its cut into documents."""

    # One container a document is made in the forward pass; the base class would make them from
    # its padded arrays.
    cached_doc_data: list[TransformerData]

    def unsplit_by_doc(self, arrays: list[list[Floats3d]]) -> FullTransformerBatch:
        """Gradients a document at a time, `[1, n, width]` each, back to one row `[1, sum, width]`.

        arrays: one list a document that has tokens, as listeners give them.
        """
        xp = get_array_module(arrays[0][0])  # type: ignore[no-untyped-call]  # thinc's own
        row = xp.concatenate([array for (array,) in arrays], axis=1)
        return FullTransformerBatch(
            spans=self.spans,
            wordpieces=self.wordpieces,
            model_output=ModelOutput(last_hidden_state=xp2torch(row)),
            align=self.align,
        )


def make_batch(
    docs: Sequence[Doc],
    pieces: Sequence[Pieces],
    alignments: Sequence[Alignment],
    windows: Sequence[Sequence[Window]],
    hidden: Any,
    vocabulary: Vocabulary,
) -> PackedTransformerBatch:
    """The containers of a batch.

    pieces, alignments, windows: one a document. hidden: what was kept of all documents in order,
    each window's [CLS] and its pieces, `[sum of pieces and windows, width]`.
    """
    data: list[TransformerData] = []
    rows = [_Rows.of(row, own, vocabulary.cls_id) for row, own in zip(pieces, windows, strict=True)]
    start = 0
    for doc, row, alignment in zip(docs, rows, alignments, strict=True):
        stop = start + len(row.piece_ids)
        if len(doc):
            data.append(_document_data(row, alignment, hidden[start:stop], vocabulary))
        else:
            # What the stock layers take for a document without tokens, forwards and backwards.
            data.append(PackedTransformerData(**vars(TransformerData.empty())))
        start = stop
    offsets = np.cumsum([0, *(len(row.piece_ids) for row in rows)])
    index = [
        row.of_piece[part.piece_index] + offset
        for row, part, offset in zip(rows, alignments, offsets, strict=False)
    ]
    lengths = np.concatenate([part.lengths for part in alignments])
    return PackedTransformerBatch(
        spans=[[doc[:]] if len(doc) else [] for doc in docs],
        wordpieces=_wordpieces(np.concatenate([row.piece_ids for row in rows]), vocabulary),
        model_output=ModelOutput(last_hidden_state=xp2torch(hidden)[None]),
        align=_ragged(np.concatenate(index), lengths),
        cached_doc_data=data,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """A document's rows of hidden states: each window's [CLS], then the pieces kept of it.

    of_piece: the row of each piece.
    """

    piece_ids: Ints
    cls_rows: Ints
    of_piece: Ints

    @classmethod
    def of(cls, pieces: Pieces, windows: Sequence[Window], cls_id: int) -> "_Rows":
        starts = np.array([window.keep_start for window in windows], dtype=np.int64)
        number = np.arange(len(pieces))
        return cls(
            piece_ids=np.insert(pieces.piece_ids, starts, cls_id),
            cls_rows=starts + np.arange(len(starts)),
            # As many [CLS] stand before a piece as windows have begun.
            of_piece=number + np.searchsorted(starts, number, side="right"),
        )


def _document_data(
    rows: _Rows, alignment: Alignment, hidden: Any, vocabulary: Vocabulary
) -> PackedTransformerData:
    return PackedTransformerData(
        wordpieces=_wordpieces(rows.piece_ids, vocabulary),
        model_output=ModelOutput(last_hidden_state=hidden[None]),
        align=_ragged(rows.of_piece[alignment.piece_index], alignment.lengths),
        pieces=len(rows.of_piece),
        cls_rows=tuple(rows.cls_rows.tolist()),
        borrowed=tuple(alignment.borrowed.nonzero()[0].tolist()),
    )


def _ragged(index: Ints, lengths: Ints) -> Ragged:
    return Ragged(cast(Ints1d, index.astype("i")), cast(Ints1d, lengths.astype("i")))


def _wordpieces(piece_ids: Ints, vocabulary: Vocabulary) -> WordpieceBatch:
    count = len(piece_ids)
    return WordpieceBatch(
        strings=[[vocabulary.names[number] for number in piece_ids.tolist()]],
        input_ids=piece_ids.astype("i")[None],
        attention_mask=np.ones((1, count), dtype="f"),
        lengths=[count],
        token_type_ids=None,
    )
