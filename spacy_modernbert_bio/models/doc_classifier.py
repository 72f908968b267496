"""Architecture DocClassifier.v1: a score for every label of a document, from all of its pieces.

Pieces of all documents of a batch lie in one array: cost grows with pieces, and a long document
costs its neighbours nothing. What a label's score was read from goes out beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast, get_args

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, torch2xp, xp2torch
from thinc.types import Floats2d, Ragged
from thinc.util import get_width
from torch import Tensor, nn

from spacy_modernbert_bio.encoder.pieces import Ints
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.piece_states import PieceStates
from spacy_modernbert_bio.models.pooling import LabelwisePooling, MeanPooling, RowOwners
from spacy_modernbert_bio.models.torch_layer import SafeTorchShim, torch_layer

Pooling = Literal["labelwise", "mean", "cls"]


@dataclass(frozen=True, eq=False)
class DocScores:
    """What the classifier says of a batch.

    logits: [documents, labels]. weights: for each document what each of its rows of hidden states
    has in the evidence for each label, [rows, labels], see `evidence_shares`; None where the
    pooling has none. align: for each document the rows of each token.
    """

    logits: Floats2d
    weights: list[Floats2d] | None
    align: list[Ragged]


def build_doc_classifier(
    tok2vec: Model[list[Doc], list[PieceStates]],
    nO: int | None = None,
    pooling: Pooling = "labelwise",
    attention_width: int = 128,
    dropout: float = 0.1,
) -> Model[list[Doc], DocScores]:
    """Registered as architecture `spacy_modernbert_bio.DocClassifier.v1`.

    tok2vec: the states of all pieces, `spacy_modernbert_bio.PieceListener.v1`. (spaCy looks for a
        listener under this name.)
    nO: labels, by default as many as the component has.
    pooling: "labelwise", attention over all pieces for each label, which tells where a label was
        read; "mean" of all pieces; "cls", the state of [CLS], or the mean of those of a longer
        document's windows.
    attention_width: of the hidden layer of the attention; used by "labelwise" only.
    dropout: share of each vector's numbers that are left out in training, in [0, 1).
    Raises ConfigError for a setting outside its range.
    """
    if not 0.0 <= dropout < 1.0:
        raise _wrong("dropout", str(dropout), "0 or more, below 1")
    if attention_width < 1:
        raise _wrong("attention_width", str(attention_width), "1 or more")
    if pooling not in get_args(Pooling):
        raise _wrong("pooling", repr(pooling), f"one of {', '.join(get_args(Pooling))}")
    head = torch_layer(
        partial(DocScorer, pooling=pooling, attention_width=attention_width, dropout=dropout),
        convert_inputs=_to_torch,
        convert_outputs=_from_torch,
        dims={"nI": None, "nO": nO},
        name="doc_scorer",
    )
    return Model(
        "doc_classifier",
        _forward,
        init=_initialize,
        layers=[tok2vec, head],
        refs={"tok2vec": tok2vec, "output_layer": head},
    )


class DocScorer(nn.Module):
    """Dropout and pooling. Takes [rows, nI]; gives logits [documents, nO] and weights [rows, nO].

    Weights are None where the pooling has none.
    """

    def __init__(
        self, nI: int, nO: int, *, pooling: Pooling, attention_width: int, dropout: float
    ) -> None:
        super().__init__()
        self.reads_cls = pooling == "cls"
        self.dropout = nn.Dropout(dropout)
        self.pooling = (
            LabelwisePooling(nI, nO, attention_width=attention_width)
            if pooling == "labelwise"
            else MeanPooling(nI, nO)
        )

    def forward(self, rows: Tensor, of: RowOwners) -> tuple[Tensor, Tensor | None]:
        """Logits and weights."""
        pooled = self.pooling(self.dropout(rows), of)
        return pooled if isinstance(pooled, tuple) else (pooled, None)

    def set_priors(self, logits: Tensor) -> None:
        """Begin with the labels' log-odds, `[nO]`: rare labels then need not be unlearnt."""
        with torch.no_grad():
            self.pooling.values.bias.copy_(logits)


def scorer_in(model: Model[list[Doc], DocScores]) -> DocScorer:
    """The torch module of an initialised classifier."""
    return _scorer(model.get_ref("output_layer"))


def _scorer(head: Model[Any, Any]) -> DocScorer:
    return cast(DocScorer, cast(SafeTorchShim, head.shims[0]).module)


def _wrong(setting: str, found: str, wanted: str) -> ConfigError:
    return ConfigError(where=f"DocClassifier.v1: {setting}", found=found, wanted=wanted)


def _initialize(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    pieces, head = model.get_ref("tok2vec"), model.get_ref("output_layer")
    pieces.initialize(X=X)
    if X is not None and head.has_dim("nI") is None:
        head.set_dim("nI", max(states.vectors.shape[1] for states in pieces.predict(X)))
    if Y is not None and head.has_dim("nO") is None:
        head.set_dim("nO", get_width(Y))
    head.initialize()


def _forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[DocScores, Callable[[Floats2d], list[Doc]]]:
    """Gradients are of the logits alone."""
    states, to_docs = model.get_ref("tok2vec")(docs, is_train)
    scores, to_states = model.get_ref("output_layer")(states, is_train)
    return scores, lambda gradient: to_docs(to_states(gradient))


def _chosen_rows(head: Model[Any, Any], batch: list[PieceStates]) -> list[Ints]:
    """For each document the numbers of the rows that are pooled: of its pieces, or of [CLS]."""
    found = []
    for states in batch:
        rows = np.arange(len(states.vectors))
        cls_rows = np.array(states.cls_rows, dtype=rows.dtype)
        reads_cls = _scorer(head).reads_cls and len(cls_rows)
        found.append(cls_rows if reads_cls else np.delete(rows, cls_rows))
    return found


def _to_torch(
    model: Model[Any, Any], batch: list[PieceStates], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Floats2d]]]:
    """The chosen rows of all documents as one array; gradients a document, of all its rows."""
    ops = model.ops
    chosen = _chosen_rows(model, batch)
    taken = [
        ops.xp.take(states.vectors, rows, axis=0)
        for states, rows in zip(batch, chosen, strict=True)
    ]
    # A document without tokens has an array without a width.
    filled = [rows for rows in taken if len(rows)] or [ops.alloc2f(0, model.get_dim("nI"))]
    device = cast(SafeTorchShim, model.shims[0]).device
    joined = xp2torch(ops.xp.concatenate(filled), requires_grad=is_train, device=device)
    counts = torch.tensor([len(rows) for rows in chosen], dtype=torch.long, device=device)
    owners = torch.repeat_interleave(torch.arange(len(batch), device=device), counts)

    def to_documents(gradients: ArgsKwargs) -> list[Floats2d]:
        return _spread(ops, cast(Floats2d, torch2xp(gradients.args[0])), batch, chosen)

    return ArgsKwargs((joined, RowOwners(owners, len(batch))), {}), to_documents


def _from_torch(
    model: Model[Any, Any],
    in_and_out: tuple[list[PieceStates], tuple[Tensor, Tensor | None]],
    is_train: bool,
) -> tuple[DocScores, Callable[[Floats2d], ArgsKwargs]]:
    batch, (logits, weights) = in_and_out

    def to_torch(gradient: Floats2d) -> ArgsKwargs:
        gradient_rows = xp2torch(gradient, device=logits.device)
        return ArgsKwargs(((logits,),), {"grad_tensors": (gradient_rows,)})

    found = None
    if weights is not None:
        rows = cast(Floats2d, torch2xp(weights.detach().float()))
        found = _spread(model.ops, rows, batch, _chosen_rows(model, batch))
    scores = DocScores(
        cast(Floats2d, torch2xp(logits.detach().float())), found, [each.align for each in batch]
    )
    return scores, to_torch


def _spread(
    ops: Any, rows: Floats2d, batch: list[PieceStates], chosen: list[Ints]
) -> list[Floats2d]:
    """Rows of what was chosen to one array a document, 0 where a row was not chosen."""
    spread, start = [], 0
    for states, numbers in zip(batch, chosen, strict=True):
        own = ops.alloc2f(len(states.vectors), rows.shape[1])
        own[numbers] = rows[start : start + len(numbers)]
        spread.append(own)
        start += len(numbers)
    return spread
