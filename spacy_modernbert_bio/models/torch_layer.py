"""A torch module as a thinc layer whose weights are saved as safetensors, never as a pickle.

Built on thinc's own PyTorch wrapper and shim. What is added: weights that are checked before they
are loaded, modules that are built when their widths are known, averaged weights (thinc's shim
looks for them under names that its optimizer never writes), and a copy that does not share its
optimizer state with the original. Costs what thinc's wrapper costs. Does not autocast: a module
that wants another precision does so itself.
"""

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import srsly
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from thinc.api import Model, PyTorchShim, PyTorchWrapper_v3, xp2torch
from thinc.shims.shim import Shim
from thinc.util import get_torch_default_device, get_width
from torch import nn

from spacy_modernbert_bio.encoder.checkpoint import fill
from spacy_modernbert_bio.errors import CheckpointError

_WHERE = "the saved weights of a torch layer"


def torch_layer(
    module: nn.Module | Callable[..., nn.Module],
    *,
    convert_inputs: Callable[..., Any] | None = None,
    convert_outputs: Callable[..., Any] | None = None,
    dims: Mapping[str, int | None] | None = None,
    name: str = "torch",
    attrs: Mapping[str, Any] | None = None,
) -> Model[Any, Any]:
    """A thinc layer around a torch module.

    module: the module; or what makes it from `dims` as keyword arguments, called once all of them
        are known, which is at `initialize` or when saved weights are read. It must be picklable
        by name (a class, or a partial of one) for `Model.copy`.
    convert_inputs, convert_outputs: as `thinc.api.PyTorchWrapper_v3` takes them.
    dims: the layer's widths; those that are None are taken from the samples at `initialize`:
        "nI" from X, "nO" from Y.
    attrs: further attributes of the layer. Parameters and buffers must not share memory.
    """
    lazy = not isinstance(module, nn.Module)
    layer: Model[Any, Any] = PyTorchWrapper_v3(
        nn.Module() if lazy else module,  # type: ignore[arg-type]
        convert_inputs=convert_inputs,
        convert_outputs=convert_outputs,
    )
    shim = SafeTorchShim(layer.shims[0]._model, build=module if lazy else None)
    return Model(
        name,
        layer._func,
        init=_build if lazy else None,
        dims=dict(dims) if dims is not None else {"nI": None, "nO": None},
        attrs={**layer.attrs, **(attrs or {})},
        shims=[shim],
    )


class SafeTorchShim(PyTorchShim):
    """thinc's shim with safetensors in place of pickles, and averages that are found.

    build: makes the module from the layer's widths; None when the module stands already.
    """

    def __init__(self, module: nn.Module, *, build: Callable[..., nn.Module] | None = None) -> None:
        super().__init__(module)
        self._build = build

    @property
    def module(self) -> nn.Module:
        """The wrapped module; an empty one until `build` has been called."""
        module: nn.Module = self._model
        return module

    def build(self, widths: Mapping[str, int]) -> None:
        """Make the module if it is still to be made."""
        if self._build is not None and "widths" not in self.cfg:
            self._model = self._build(**widths).to(get_torch_default_device())
            self.cfg["widths"] = dict(widths)

    def copy(self) -> "SafeTorchShim":
        """A deep copy under an id of its own: optimizers keep their state by id."""
        copied = copy.deepcopy(self)
        with Shim.global_id_lock:
            Shim.global_id += 1
            copied.id = Shim.global_id
        return copied

    @contextlib.contextmanager
    def use_params(self, params: Mapping[Any, Any]) -> Iterator[None]:
        """Run a block with other weights: `params[(shim.id, name)]`, as thinc's optimizer keeps."""
        named = dict(self.module.named_parameters())
        chosen = {name: params[self.id, name] for name in named if (self.id, name) in params}
        backup = {name: named[name].detach().clone() for name in chosen}
        try:
            _assign(named, {name: xp2torch(array) for name, array in chosen.items()})
            yield
        finally:
            _assign(named, backup)

    def to_bytes(self) -> bytes:
        """The widths and weights: msgpack around safetensors."""
        state = {key: value.contiguous() for key, value in self.module.state_dict().items()}
        data: bytes = srsly.msgpack_dumps({"config": self.cfg, "state": save(state)})
        return data

    def from_bytes(self, bytes_data: bytes) -> "SafeTorchShim":
        """Read what `to_bytes` gave, into this module.

        Raises CheckpointError when the bytes are no safetensors data, or do not fit the module.
        """
        config, state = _unwrap(bytes_data)
        if "widths" in config:
            self.build(config["widths"])
        try:
            tensors = load(state)
        except (SafetensorError, ValueError, KeyError):
            raise _unreadable() from None
        fill(self.module, tensors, where=_WHERE)
        self.cfg = config
        return self


def _assign(parameters: Mapping[str, nn.Parameter], values: Mapping[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, value in values.items():
            parameters[name].copy_(value)


def _unwrap(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The two fields of `to_bytes`."""
    try:
        message = srsly.msgpack_loads(data)
    except ValueError:
        raise _unreadable() from None
    match message:
        case {"config": dict(config), "state": bytes(state)}:
            return config, state
        case _:
            raise _unreadable()


def _unreadable() -> CheckpointError:
    return CheckpointError(
        where=_WHERE,
        found="bytes that are not safetensors, or are cut off",
        wanted="what this layer's to_bytes gave",
        fix="Save the pipeline again with this library; pickles are never read.",
    )


def _build(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    """Take missing widths from the samples, then make the module if all widths are known."""
    for dim, sample in (("nI", X), ("nO", Y)):
        if sample is not None and model.has_dim(dim) is None:
            model.set_dim(dim, get_width(sample))
    if all(model.has_dim(dim) for dim in model.dim_names):
        cast(SafeTorchShim, model.shims[0]).build(
            {dim: model.get_dim(dim) for dim in model.dim_names}
        )
