"""Architecture Encoder.v1: Docs to hidden states of every piece, and gradients back.

For spacy-transformers' stock `transformer` factory. Text is encoded as it stands, long documents
become windows, all windows of a batch become packed rows of at most `max_pieces`, and the rows'
kept states become one container a document. Nothing is cut off and nothing is padded.

The weights travel inside the pipeline: `initialize` reads the checkpoint, and what `to_disk` wrote
loads with no checkpoint and no network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from spacy.attrs import IDX, LENGTH
from spacy.tokens import Doc
from spacy_transformers.data_classes import FullTransformerBatch, TransformerData
from spacy_transformers.layers import split_trf_batch, trfs2arrays
from thinc.api import Model, chain, deserialize_attr, serialize_attr
from thinc.types import Floats2d, Ragged

from spacy_modernbert_bio.encoder.alignment import Alignment, align
from spacy_modernbert_bio.encoder.budget import PieceBudget
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.packing import PlacedWindow, pack, place_windows
from spacy_modernbert_bio.encoder.pieces import Pieces, PieceTokenizer
from spacy_modernbert_bio.encoder.windows import Window
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models import fork  # noqa: F401 -- makes worker processes safe
from spacy_modernbert_bio.models.containers import Vocabulary, make_batch
from spacy_modernbert_bio.models.row_layer import NetworkSettings, row_layer, shim_of

Attention = Literal["auto", "sdpa", "varlen", "flash"]
PrecisionName = Literal["auto", "fp32", "bf16"]
AnyModel = Model[Any, Any]


def build_encoder(
    name: str,
    attention: Attention = "auto",
    window: int = 8192,
    overlap: int = 512,
    precision: PrecisionName = "auto",
    layers_frozen: int = 0,
    gradient_checkpointing: bool = False,
    max_pieces: int = 16384,
) -> Model[list[Doc], FullTransformerBatch]:
    """Registered as architecture `spacy_modernbert_bio.Encoder.v1`.

    name: a folder or hub id of a ModernBERT checkpoint, read by `initialize` only.
    attention: backend; "auto" takes the best that can run and says in the log which.
    window: pieces read in one pass, two special ones included; at most what the checkpoint was
        made for. Longer documents are read in windows that share `overlap` pieces.
    precision: "auto" is bf16 on a GPU that has it, fp32 elsewhere.
    layers_frozen: the lowest layers that do not learn; with 1 or more, embeddings don't either.
    gradient_checkpointing: less memory in training, about a third more time.
    max_pieces: pieces computed at once; a larger batch is computed in several rows.

    Raises ConfigError for settings that no machine could run.
    """
    if not 2 < window <= max_pieces:
        raise ConfigError(
            where="components.transformer.model.max_pieces",
            found=f"{max_pieces}, with a window of {window}",
            wanted="at least one window, and a window of more than 2 pieces",
        )
    if not 0 <= overlap < window - 2:
        raise ConfigError(
            where="components.transformer.model.overlap",
            found=f"{overlap} with a window of {window}",
            wanted="0 or more, and less than the window without its 2 special pieces",
        )
    settings = NetworkSettings(attention, precision, layers_frozen, gradient_checkpointing)
    return Model(
        "modernbert_encoder",
        _forward,
        init=_initialize,
        layers=[row_layer(settings)],
        dims={"nO": None},
        attrs={
            "reading": Reading(name, window, overlap),
            "reader": TextReader(),
            "budget": PieceBudget(max_pieces),
            "replace_listener": replace_listener,
            "replace_listener_cfg": _replace_listener_cfg,
        },
    )


def build_tok2vec(
    name: str,
    pooling: Model[Ragged, Floats2d],
    grad_factor: float = 1.0,
    attention: Attention = "auto",
    window: int = 8192,
    overlap: int = 512,
    precision: PrecisionName = "auto",
    layers_frozen: int = 0,
    gradient_checkpointing: bool = False,
    max_pieces: int = 16384,
) -> Model[list[Doc], list[Floats2d]]:
    """Registered as architecture `spacy_modernbert_bio.Tok2VecEncoder.v1`.

    The encoder inside a component, not shared: what `nlp.replace_listeners` puts in the place of
    a listener. Arguments as `build_encoder`; pooling, grad_factor as TransformerListener.v1.
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
    return chain(replace_listener(encoder), trfs2arrays(pooling, grad_factor))


@dataclass(frozen=True)
class Reading:
    """Where the weights come from, and how long documents are cut.

    An object of its own: thinc saves plain attributes with the weights, and what was saved would
    then win, in silence, over the config of a loaded pipeline.
    """

    name: str
    window: int
    overlap: int


@dataclass
class TextReader:
    """The tokenizer of a loaded checkpoint, and the ids of its special pieces."""

    tokenizer: PieceTokenizer | None = None
    cls_id: int = -1
    sep_id: int = -1
    names: Sequence[str] = ()

    @classmethod
    def of(cls, tokenizer: PieceTokenizer, *, cls_id: int, sep_id: int) -> "TextReader":
        """A reader around a tokenizer."""
        names = [tokenizer.id_to_token(i) or "" for i in range(tokenizer.vocab_size)]
        return cls(tokenizer, cls_id, sep_id, names)

    def read(self, docs: Sequence[Doc]) -> tuple[list[Pieces], list[Alignment]]:
        """Pieces of each document's whole text, and their alignment with its tokens."""
        assert self.tokenizer is not None, "the layer was run before it was initialised"
        pieces = [
            # Tokens without any piece (a tokenizer that drops white space) still need one row.
            row if len(row) or not len(doc) else _stand_in(self.sep_id)
            for doc, row in zip(
                docs, self.tokenizer.encode([doc.text for doc in docs]), strict=True
            )
        ]
        return pieces, [_align_doc(doc, row) for doc, row in zip(docs, pieces, strict=True)]


@serialize_attr.register(TextReader)
def _reader_to_bytes(_: Any, value: TextReader, __: str, ___: AnyModel) -> bytes:
    if value.tokenizer is None:
        return b""
    ids = np.array([value.cls_id, value.sep_id], dtype="<i8").tobytes()
    return ids + value.tokenizer.to_bytes()


@deserialize_attr.register(TextReader)
def _reader_from_bytes(_: Any, value: bytes, __: str, ___: AnyModel) -> TextReader:
    if not value:
        return TextReader()
    cls_id, sep_id = np.frombuffer(value[:16], dtype="<i8").tolist()
    return TextReader.of(PieceTokenizer.from_bytes(value[16:]), cls_id=cls_id, sep_id=sep_id)


def _initialize(model: AnyModel, X: Any = None, Y: Any = None) -> None:
    """Read the checkpoint, unless weights are there already (from disk, or an earlier call)."""
    if shim_of(model.layers[0]).encoder is None:
        reading: Reading = model.attrs["reading"]
        checkpoint = load_checkpoint(reading.name)
        _check_window(reading.window, checkpoint.config.max_position_embeddings)
        shim_of(model.layers[0]).encoder = checkpoint.encoder
        model.attrs["reader"] = TextReader.of(
            checkpoint.tokenizer,
            cls_id=checkpoint.config.cls_token_id,
            sep_id=checkpoint.config.sep_token_id,
        )
        model.set_dim("nO", checkpoint.config.hidden_size, force=True)


def _check_window(window: int, longest: int) -> None:
    if window > longest:
        raise ConfigError(
            where="components.transformer.model.window",
            found=str(window),
            wanted=f"at most {longest} pieces, the checkpoint's max_position_embeddings",
        )


def _forward(
    model: AnyModel, docs: list[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    reader: TextReader = model.attrs["reader"]
    reading: Reading = model.attrs["reading"]
    rows = model.layers[0]
    encoder = shim_of(rows).encoder
    if encoder is None:
        raise ConfigError(
            where="components.transformer",
            found="an encoder without weights",
            wanted="an initialised pipeline",
            fix="Call nlp.initialize() first, or load a trained pipeline.",
        )
    pieces, alignments = reader.read(docs)
    lengths = [len(row) for row in pieces]
    if not any(lengths):
        return FullTransformerBatch.empty(len(docs)), lambda _: docs
    placed = place_windows(lengths, context=reading.window, overlap=reading.overlap)
    backprops: list[Callable[[Floats2d], Any]] = []

    def run_row(windows: Sequence[PlacedWindow]) -> Any:
        ids = {"cls_id": reader.cls_id, "sep_id": reader.sep_id}
        batch = pack(pieces, windows, **ids, keep_cls=True, device=encoder.device)
        states, backprop = rows(batch, is_train)
        backprops.append(backprop)
        return states

    budget: PieceBudget = model.attrs["budget"]
    parts = budget.run(placed, run_row)
    hidden = model.ops.xp.concatenate(parts) if len(parts) != 1 else parts[0]
    windows: list[list[Window]] = [[] for _ in docs]
    for each in placed:
        windows[each.document].append(each.window)
    vocabulary = Vocabulary(reader.names, reader.cls_id)
    output = make_batch(docs, pieces, alignments, windows, hidden, vocabulary)

    def backprop(d_output: FullTransformerBatch) -> list[Doc]:
        gradient = d_output.model_output.last_hidden_state[0]
        start = 0
        for part, finish in zip(parts, backprops, strict=True):
            stop = start + len(part)
            finish(gradient[start:stop])
            start = stop
        return docs

    return output, backprop


def _align_doc(doc: Doc, pieces: Pieces) -> Alignment:
    spans = doc.to_array([IDX, LENGTH]).astype("int64").reshape(-1, 2)
    return align(pieces, spans[:, 0], spans[:, 0] + spans[:, 1])


def _stand_in(piece_id: int) -> Pieces:
    """One piece that stands for no character."""
    nowhere = np.zeros(1, dtype=np.int64)
    return Pieces(np.array([piece_id], dtype=np.int64), nowhere, nowhere)


def replace_listener(encoder: AnyModel) -> Model[list[Doc], list[TransformerData]]:
    """What gives each document's states where a listener gave them.

    An encoder that is built into a component is nested in the same way as `nlp.replace_listeners`
    nests one, or a saved pipeline would not fit its config.
    """
    return chain(encoder, split_trf_batch())


def _replace_listener_cfg(encoder: dict[str, Any], listener: dict[str, Any]) -> dict[str, Any]:
    """The config of the copy that takes a listener's place: one of pieces has no pooling."""
    taken = {key: listener[key] for key in ("pooling", "grad_factor") if key in listener}
    kind = "Tok2VecEncoder" if "pooling" in taken else "PieceEncoder"
    return encoder | taken | {"@architectures": f"spacy_modernbert_bio.{kind}.v1"}
