"""One packed row through the network, as a thinc layer.

thinc owns the backward pass and the optimizer step; the network casts itself. Weights are saved
beside the architecture's config: a pipeline from disk needs no checkpoint and no network.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import safetensors.torch
import srsly
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
from torch import Tensor, nn

from spacy_modernbert_bio.encoder.checkpoint import fill
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.packing import PackedBatch, stitch
from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from spacy_modernbert_bio.models.torch_layer import SafeTorchShim

_WHERE = "the saved transformer"


@dataclass(frozen=True)
class NetworkSettings:
    """How a network is run; not part of its weights. See `encoder_layer.build_encoder`."""

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


class EncoderShim(SafeTorchShim):
    """Holds the network; none until it is set or read from bytes."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(nn.Module())
        self._settings = settings

    @property
    def encoder(self) -> ModernBertEncoder | None:
        """The network, if there is one yet."""
        module = self.module
        return module if isinstance(module, ModernBertEncoder) else None

    @encoder.setter
    def encoder(self, encoder: ModernBertEncoder) -> None:
        self._model = self._settings.apply(encoder)

    def to_bytes(self) -> bytes:
        """Config and weights: msgpack around JSON and safetensors; empty without a network."""
        if self.encoder is None:
            return b""
        state = self.encoder.state_dict()
        content: bytes = srsly.msgpack_dumps(
            {
                "config": json.dumps(self.encoder.config.to_dict()),
                "weights": safetensors.torch.save(
                    {key: value.contiguous().cpu() for key, value in state.items()}
                ),
            }
        )
        return content

    def from_bytes(self, bytes_data: bytes) -> "EncoderShim":
        """Read what `to_bytes` gave. Raises CheckpointError for anything else."""
        if not bytes_data:
            return self
        try:
            content = srsly.msgpack_loads(bytes_data)
            raw = json.loads(content["config"])
            tensors = safetensors.torch.load(content["weights"])
        except (ValueError, TypeError, KeyError, SafetensorError):
            raise CheckpointError(
                where=_WHERE,
                found="bytes that are no config and safetensors, or are cut off",
                wanted="weights that Encoder.v1 wrote",
                fix="Save the pipeline again with this library; pickles are never read.",
            ) from None
        encoder = ModernBertEncoder(EncoderConfig.from_dict(raw, where=_WHERE))
        fill(encoder, tensors, where=_WHERE)
        self.encoder = encoder
        return self


def row_layer(settings: NetworkSettings) -> Model[PackedBatch, Floats2d]:
    """A layer without a network yet; see `EncoderShim`.

    In: one packed row. Out: the kept rows of its hidden states, `[kept, width]`.
    """
    wrapper = PyTorchWrapper_v3(nn.Module(), convert_inputs=_to_torch, convert_outputs=_from_torch)
    return Model(
        "packed_rows", wrapper._func, attrs=dict(wrapper.attrs), shims=[EncoderShim(settings)]
    )


def shim_of(layer: Model[PackedBatch, Floats2d]) -> EncoderShim:
    """The shim of a row layer."""
    return cast(EncoderShim, layer.shims[0])


def _to_torch(
    model: Model[PackedBatch, Floats2d], batch: PackedBatch, is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], PackedBatch]]:
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
