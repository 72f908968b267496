"""Architectures PieceListener.v1 and PieceEncoder.v1: the states of all pieces of each document.

What stock listeners give are token vectors; a classifier of whole documents reads the pieces
themselves, and each window's [CLS]. Both layers give the same, so that
`nlp.replace_listeners` can put the one in the place of the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers import TransformerListener
from thinc.api import Model, chain
from thinc.types import Floats2d, Ragged
from transformers.utils import ModelOutput

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.containers import PackedTransformerData
from spacy_modernbert_bio.models.encoder_layer import (
    Attention,
    PrecisionName,
    build_encoder,
    replace_listener,
)


@dataclass(frozen=True, eq=False)
class PieceStates:
    """One document's hidden states.

    vectors: [rows, width], of the pieces in order, each window's [CLS] before its pieces; an array
        without a width for a document without tokens.
    cls_rows: numbers of the rows of [CLS].
    align: for each token, the rows of its pieces.
    """

    vectors: Floats2d
    cls_rows: tuple[int, ...]
    align: Ragged


def build_piece_listener(
    grad_factor: float = 1.0, upstream: str = "*"
) -> Model[list[Doc], list[PieceStates]]:
    """Registered as architecture `spacy_modernbert_bio.PieceListener.v1`.

    Listens to a `transformer` pipe with `spacy_modernbert_bio.Encoder.v1`.
    grad_factor: 1.0 lets the encoder learn from this component as much as from others, 0 not at
        all. upstream: name of the pipe; "*" is any.
    """
    listener = TransformerListener(upstream_name=upstream)
    model: Model[list[Doc], list[PieceStates]] = chain(listener, _piece_states(grad_factor))
    model.set_ref("listener", listener)
    return model


def build_piece_encoder(
    name: str,
    grad_factor: float = 1.0,
    attention: Attention = "auto",
    window: int = 8192,
    overlap: int = 512,
    precision: PrecisionName = "auto",
    layers_frozen: int = 0,
    gradient_checkpointing: bool = False,
    max_pieces: int = 16384,
) -> Model[list[Doc], list[PieceStates]]:
    """Registered as architecture `spacy_modernbert_bio.PieceEncoder.v1`.

    The encoder inside a component, not shared: what `nlp.replace_listeners` puts in the place of
    a piece listener. Arguments as `build_encoder` and `build_piece_listener`.
    """
    encoder = build_encoder(
        name,
        attention,
        window,
        overlap,
        precision,
        layers_frozen,
        gradient_checkpointing,
        max_pieces,
    )
    return chain(replace_listener(encoder), _piece_states(grad_factor))


def _piece_states(grad_factor: float) -> Model[list[TransformerData], list[PieceStates]]:
    return Model("piece_states", _forward, attrs={"grad_factor": grad_factor})


def _forward(
    model: Model[Any, Any], batch: list[TransformerData], is_train: bool
) -> tuple[list[PieceStates], Callable[[list[Floats2d]], list[TransformerData]]]:
    states = [_states_of(model, data) for data in batch]

    def backprop(gradients: list[Floats2d]) -> list[TransformerData]:
        """Documents without tokens have no part in it; see PackedTransformerBatch."""
        factor = model.attrs["grad_factor"]
        return [
            TransformerData(
                wordpieces=data.wordpieces,
                model_output=ModelOutput(last_hidden_state=(gradient * factor)[None]),
                align=data.align,
            )
            for data, gradient in zip(batch, gradients, strict=True)
            if "last_hidden_state" in data.model_output
        ]

    return states, backprop


def _states_of(model: Model[Any, Any], data: TransformerData) -> PieceStates:
    if "last_hidden_state" not in data.model_output:
        return PieceStates(model.ops.alloc2f(0, 0), (), data.align)
    hidden = data.model_output.last_hidden_state
    if isinstance(data, PackedTransformerData):
        return PieceStates(hidden[0], data.cls_rows, data.align)
    # A listener whose transformer did not run gives a row of zeros a token: so at initialisation.
    if len(hidden) == 1 and not hidden.any():
        return PieceStates(hidden[0], (), data.align)
    raise ConfigError(
        where="PieceListener.v1",
        found="the hidden states of another library's encoder",
        wanted="a transformer with the architecture spacy_modernbert_bio.Encoder.v1",
    )
