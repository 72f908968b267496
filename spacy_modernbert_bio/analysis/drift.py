"""How far two checkpoints stand apart, layer by layer: in weights, and in what the layers give.

The divergence of two checkpoints is 1 - linear CKA of what a layer makes of all texts (see
`representations`). As in the analysis of the CLM detour (R. Touchent's thesis), a control tells how
much of it another seed alone would do.

Costs one pass over the texts a checkpoint. Says where checkpoints differ, not whether that is good.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spacy_modernbert_bio.analysis.representations import Progress, linear_cka, pooled_states
from spacy_modernbert_bio.encoder.checkpoint import Checkpoint
from spacy_modernbert_bio.encoder.packing import place_windows
from spacy_modernbert_bio.encoder.pieces import Pieces
from spacy_modernbert_bio.errors import CheckpointError, ConfigError

# What has to agree before weights can be subtracted and layers be set side by side. Rotary thetas,
# the local window and the context may differ: continued pretraining may change them.
_SAME = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "hidden_activation",
    "norm_bias",
    "attention_bias",
    "mlp_bias",
    "global_attn_every_n_layers",
    "cls_token_id",
    "sep_token_id",
)
# Windows of a longer text share this part of the context: 512 of 8,192 pieces.
_OVERLAP_SHARE = 16
# A divergence below it is rounding: a ratio to it would say nothing.
_RESOLUTION = 1e-12


@dataclass(frozen=True)
class LayerDrift:
    """One layer of A beside the same layer of B.

    name: "embeddings", or the layer's number from 0.
    kind: "embeddings", "global" or "local" (attention).
    weight_change: ||A - B|| / ||A||, Frobenius norms over all parameters of the layer.
    divergence: 1 - CKA(A, B), from 0 (the same up to rotation and scale) to 1; NaN where a layer
        gives all texts the same vector.
    control: 1 - CKA(B, C), what a seed alone does; None without a control.
    ratio: divergence / control; None without a control, NaN where the control is 0.
    """

    name: str
    kind: str
    weight_change: float
    divergence: float
    control: float | None = None
    ratio: float | None = None


@dataclass(frozen=True)
class Drift:
    """The drift of the embeddings and of every layer, in order.

    texts: how many were read. width: of the hidden states.
    """

    layers: tuple[LayerDrift, ...]
    texts: int
    width: int


def compare_checkpoints(
    a: Checkpoint,
    b: Checkpoint,
    texts: Sequence[str],
    *,
    control: Checkpoint | None = None,
    max_pieces: int = 16_384,
    progress: Progress = iter,
) -> Drift:
    """The drift between A and B on texts that neither was trained on.

    control: a checkpoint C made as B was, but with another seed. Its divergence from B is what
        chance alone does to a layer; a ratio of 1 says that A and B differ no more than that.
    max_pieces: bound of one pass, in pieces.
    progress: for each checkpoint, is given its passes, and gives them back one by one.

    Each checkpoint reads on the device that it is on, in float32; sums and CKA are in float64.
    Longer texts than the smallest context are read in overlapping windows. Texts without a piece
    are left out. Raises CheckpointError when the checkpoints have other architectures or cut the
    texts into other pieces, ConfigError for fewer than 2 different texts and for a control that is
    B itself.
    """
    others = {"B": b} if control is None else {"B": b, "the control": control}
    for name, other in others.items():
        _check_architecture(a, other, name)
    documents = [pieces for pieces in a.tokenizer.encode(texts) if len(pieces)]
    for name, other in others.items():
        _check_pieces(documents, other, texts, name)
    different = len({pieces.piece_ids.tobytes() for pieces in documents})
    if different < 2:
        raise ConfigError(
            where="texts",
            found=f"{different} different texts with pieces in them",
            wanted="at least 2; to tell layers apart, more than the hidden states are wide",
        )
    if control is not None and not any(_weight_changes(b, control)):
        raise ConfigError(
            where="control",
            found="the very weights of B",
            wanted="a checkpoint made as B was, with another seed",
        )
    context = min(each.config.max_position_embeddings for each in (a, *others.values()))
    windows = place_windows(
        [len(pieces) for pieces in documents], context=context, overlap=context // _OVERLAP_SHARE
    )

    def states(checkpoint: Checkpoint) -> Float[Tensor, "layers texts width"]:
        return pooled_states(
            checkpoint, documents, windows, max_pieces=max_pieces, progress=progress
        )

    of_b = states(b)
    divergences = _divergences(states(a), of_b)
    controls = None if control is None else _divergences(of_b, states(control))
    return Drift(
        tuple(_rows(a, _weight_changes(a, b), divergences, controls)),
        texts=len(documents),
        width=a.config.hidden_size,
    )


def _rows(
    a: Checkpoint,
    changes: Sequence[float],
    divergences: Sequence[float],
    controls: Sequence[float] | None,
) -> Iterator[LayerDrift]:
    for place, (change, divergence) in enumerate(zip(changes, divergences, strict=True)):
        name, kind = "embeddings", "embeddings"
        if place:
            name = str(place - 1)
            kind = "global" if a.config.is_global(place - 1) else "local"
        control = None if controls is None else controls[place]
        ratio = None
        if control is not None:
            ratio = divergence / control if control > _RESOLUTION else math.nan
        yield LayerDrift(name, kind, change, divergence, control, ratio)


def _divergences(
    x: Float[Tensor, "layers texts width"], y: Float[Tensor, "layers texts width"]
) -> list[float]:
    return [1 - linear_cka(of_x, of_y) for of_x, of_y in zip(x, y, strict=True)]


def _weight_changes(a: Checkpoint, b: Checkpoint) -> list[float]:
    """||A - B|| / ||A|| of the embeddings and of each layer."""

    def norm(parts: list[Tensor]) -> float:
        norms = [torch.linalg.vector_norm(part, dtype=torch.float64) for part in parts]
        return math.hypot(*map(float, norms))

    def change(of_a: nn.Module, of_b: nn.Module) -> float:
        pairs = zip(of_a.parameters(), of_b.parameters(), strict=True)
        moved = [x.detach() - y.detach().to(x.device) for x, y in pairs]
        return norm(moved) / norm([x.detach() for x in of_a.parameters()])

    pairs: list[tuple[nn.Module, nn.Module]] = [(a.encoder.embeddings, b.encoder.embeddings)]
    pairs += zip(a.encoder.layers, b.encoder.layers, strict=True)
    return [change(x, y) for x, y in pairs]


def _check_architecture(a: Checkpoint, other: Checkpoint, name: str) -> None:
    for key in _SAME:
        found, wanted = getattr(other.config, key), getattr(a.config, key)
        if found != wanted:
            raise CheckpointError(
                where=f"{name}: config.json: {key}", found=repr(found), wanted=f"{wanted!r}, as A"
            )


def _check_pieces(
    documents: Sequence[Pieces], other: Checkpoint, texts: Sequence[str], name: str
) -> None:
    """Vectors of other pieces would differ for that alone."""
    theirs = [pieces for pieces in other.tokenizer.encode(texts) if len(pieces)]
    pairs = zip(documents, theirs, strict=False)
    same = sum(x.piece_ids.tobytes() == y.piece_ids.tobytes() for x, y in pairs)
    read = max(len(documents), len(theirs))
    if same < read:
        raise CheckpointError(
            where=f"{name}: tokenizer.json",
            found=f"other pieces than A's in {read - same} of {read} texts",
            wanted="the tokenizer of A",
        )
