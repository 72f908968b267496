"""One packed row through the network, as a thinc layer.

thinc owns the backward pass and the optimizer step; the network casts itself. Weights are
serialised as safetensors beside the architecture's config: a pipeline from disk needs nothing
else, and holds no pickle.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import safetensors.torch
import srsly
import torch
from safetensors import SafetensorError
from thinc.api import (
    ArgsKwargs,
    Model,
    PyTorchWrapper_v3,
    get_torch_default_device,
    torch2xp,
    xp2torch,
)
from thinc.types import Floats2d
from torch import Tensor

from spacy_modernbert_bio.encoder.checkpoint import fill
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.packing import PackedBatch, stitch
from spacy_modernbert_bio.errors import CheckpointError, ConfigError


@dataclass(frozen=True)
class NetworkSettings:
    """How a network is run; not part of its weights. See `build_encoder`."""

    attention: str
    precision: str
    layers_frozen: int
    gradient_checkpointing: bool

    def apply(self, encoder: ModernBertEncoder) -> ModernBertEncoder:
        """Settle how `encoder` runs and learns, and move it to thinc's device."""
        if not 0 <= self.layers_frozen <= len(encoder.layers):
            raise ConfigError(
                where="components.transformer.model.layers_frozen",
                found=str(self.layers_frozen),
                wanted=f"0 to {len(encoder.layers)}, the layers of this encoder",
            )
        encoder.attention = self.attention
        encoder.precision = self.precision
        encoder.gradient_checkpointing = self.gradient_checkpointing
        if self.layers_frozen:
            encoder.embeddings.requires_grad_(False)
        encoder.layers[: self.layers_frozen].requires_grad_(False)
        return encoder.to(get_torch_default_device())


def row_layer(settings: NetworkSettings) -> Model[PackedBatch, Floats2d]:
    """A layer without a network yet: `set_encoder` or deserialisation brings it.

    In: one packed row. Out: the kept rows of its hidden states, `[kept, width]`.
    """

    def deserialize(_: object, data: bytes, device: torch.device) -> ModernBertEncoder | None:
        encoder = _from_bytes(data)
        return encoder and settings.apply(encoder).to(device)

    layer: Model[PackedBatch, Floats2d] = PyTorchWrapper_v3(
        None,  # type: ignore[arg-type]  # the shim takes None, the wrapper's annotation does not
        convert_inputs=_to_torch,
        convert_outputs=_from_torch,
        serialize_model=_to_bytes,
        deserialize_model=deserialize,
    )
    layer.attrs["settings"] = settings
    return layer


def encoder_of(layer: Model[PackedBatch, Floats2d]) -> ModernBertEncoder | None:
    """The network of a row layer; None before it has one."""
    encoder: ModernBertEncoder | None = layer.shims[0]._model
    return encoder


def set_encoder(layer: Model[PackedBatch, Floats2d], encoder: ModernBertEncoder) -> None:
    """Give a row layer its network."""
    layer.shims[0]._model = layer.attrs["settings"].apply(encoder)


def _to_torch(
    model: Model[PackedBatch, Floats2d], batch: PackedBatch, is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], PackedBatch]]:
    encoder = encoder_of(model)
    assert encoder is not None, "the layer was run before it was initialised"
    return ArgsKwargs((batch.piece_ids, batch.layout), {}), lambda _: batch


def _from_torch(
    model: Model[PackedBatch, Floats2d],
    in_and_out: tuple[PackedBatch, Tensor],
    is_train: bool,
) -> tuple[Floats2d, Callable[[Floats2d], ArgsKwargs]]:
    batch, hidden = in_and_out
    kept = stitch(hidden, batch)

    def to_torch(gradient: Floats2d) -> ArgsKwargs:
        return ArgsKwargs(((kept,),), {"grad_tensors": xp2torch(gradient, device=kept.device)})

    return cast(Floats2d, torch2xp(kept.detach())), to_torch


def _to_bytes(encoder: ModernBertEncoder | None) -> bytes:
    if encoder is None:
        return b""
    tensors = {key: value.contiguous().cpu() for key, value in encoder.state_dict().items()}
    content: bytes = srsly.msgpack_dumps(
        {
            "config": json.dumps(encoder.config.to_dict()),
            "weights": safetensors.torch.save(tensors),
        }
    )
    return content


def _from_bytes(data: bytes) -> ModernBertEncoder | None:
    if not data:
        return None
    where = "the saved transformer"
    try:
        content = srsly.msgpack_loads(data)
        raw, tensors = json.loads(content["config"]), safetensors.torch.load(content["weights"])
    except (ValueError, TypeError, KeyError, SafetensorError) as error:
        raise CheckpointError(
            where=where,
            found="weights that are no safetensors data",
            wanted="weights that this package wrote",
            fix="The file is damaged or was written by another architecture.",
        ) from error
    encoder = ModernBertEncoder(EncoderConfig.from_dict(raw, where=where))
    fill(encoder, tensors, where=where)
    return encoder
