"""AdamW with its decay where the recipe wants it, and its state as named tensors.

The state goes by parameter names rather than by torch's running numbers, so that it survives a
change of frozen layers, of processes and of sharding. Sharded parameters (FSDP2) are gathered.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from spacy_modernbert_bio.errors import ResumeError
from spacy_modernbert_bio.pretraining.config import OptimizerConfig

# What AdamW keeps of each parameter.
MOMENTS = ("step", "exp_avg", "exp_avg_sq")

Moments = dict[str, Tensor]


def build_optimizer(model: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW over the parameters that have a gradient; norms and biases are not decayed.

    The rate is set before each step. Fused: one pass over the weights instead of a dozen.
    """
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (decayed if parameter.ndim > 1 else plain).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=0.0,
        betas=config.betas,
        eps=config.eps,
        fused=True,
    )


def read_moments(optimizer: torch.optim.Optimizer, names: Iterable[tuple[str, Tensor]]) -> Moments:
    """The optimizer's state as tensors named `<moment>.<parameter>`, whole, on the CPU.

    names: the model's named parameters. Where parameters are sharded, every process has to call.
    """
    moments: Moments = {}
    left = set(optimizer.state)
    for name, parameter in names:
        left.discard(parameter)
        for key, value in optimizer.state.get(parameter, {}).items():
            moments[f"{key}.{name}"] = whole(value)
    assert not left, "each parameter that has a state is one of the model's"
    return moments


def write_moments(
    optimizer: torch.optim.Optimizer,
    names: Iterable[tuple[str, Tensor]],
    moments: Mapping[str, Tensor],
) -> None:
    """Put a state that `read_moments` gave into an optimizer over parameters of the same names.

    A parameter that was frozen when the state was read begins without one, as in a new run.
    Raises ResumeError for a state of other shapes or with parts missing.
    """
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in names:
        found = {key: moments[f"{key}.{name}"] for key in MOMENTS if f"{key}.{name}" in moments}
        if id(parameter) not in trained or not found:
            continue
        if len(found) < len(MOMENTS) or found["exp_avg"].shape != parameter.shape:
            raise ResumeError(
                where=f"optimizer state of {name}",
                found=f"{', '.join(found)} of shape {list(found.popitem()[1].shape)}",
                wanted=f"{', '.join(MOMENTS)} of shape {list(parameter.shape)}",
            )
        optimizer.state[parameter] = {
            key: _placed(value, parameter, scalar=key == "step") for key, value in found.items()
        }


def whole(tensor: Tensor) -> Tensor:
    """A copy on the CPU, gathered from all processes where it is sharded."""
    full = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return full.detach().to("cpu", copy=True)


def _placed(value: Tensor, parameter: Tensor, *, scalar: bool) -> Tensor:
    """A tensor where its parameter is, sharded as its parameter is."""
    if isinstance(parameter, DTensor) and not scalar:
        return distribute_tensor(
            value.to(parameter.device), parameter.device_mesh, parameter.placements
        )
    return value.to(parameter.device, copy=True)
