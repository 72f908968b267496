"""One process or many behind one small interface; the engine is Accelerate.

Everything that the loop knows of distribution stands here: who am I, add this up over all, wrap
this model. `accelerate launch` or `torchrun` decides the number, plain or sharded (FSDP2).
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.optimizer import whole


class Processes:
    """The processes of this run, seen from one of them.

    rank: this one's number; count: of all; device: where this one computes.
    Raises ConfigError where Accelerate is not installed.
    """

    def __init__(self) -> None:
        try:
            from accelerate import Accelerator
        except ImportError:
            raise ConfigError(
                where="pretrain",
                found="no package accelerate",
                wanted="the packages of the extra `pretrain`",
                fix="pip install spacy-modernbert-bio[pretrain]",
            ) from None
        # Precision is the encoder's own, accumulation the loop's.
        self._accelerator: Any = Accelerator(mixed_precision="no")
        self.rank: int = self._accelerator.process_index
        self.count: int = self._accelerator.num_processes
        self.device: torch.device = self._accelerator.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def prepare(
        self, model: nn.Module, optimizer: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Model and optimizer on the device, wrapped and sharded as the launch asked."""
        wrapped, prepared = self._accelerator.prepare(model, optimizer)
        return wrapped, prepared.optimizer

    def release(self) -> None:
        """Forget what was prepared, so that the next phase's model is the only one."""
        self._accelerator.free_memory()

    def named_parameters(self, model: nn.Module) -> list[tuple[str, nn.Parameter]]:
        """A model's parameters as its optimizer has them, by the names from before `prepare`."""
        plain: nn.Module = self._accelerator.unwrap_model(model)
        for module in plain.modules():
            if isinstance(module, FSDPModule):
                # A pass forward alone leaves gathered copies in the place of the sharded ones.
                module.reshard()
        return list(plain.named_parameters())

    @contextmanager
    def accumulate(self, model: nn.Module, *, last: bool) -> Iterator[None]:
        """Around a pass forward and backward: gradients are averaged with the last one only."""
        with nullcontext() if last else self._accelerator.no_sync(model):
            yield

    def backward(self, loss: Tensor) -> None:
        """Add a loss's gradients to those that are there."""
        self._accelerator.backward(loss)

    def clip(self, model: nn.Module, largest: float) -> float:
        """Scale the gradients to a norm of `largest` at most; gives the norm before, over all."""
        norm: Tensor = self._accelerator.clip_grad_norm_(model.parameters(), largest)
        return float(whole(norm))

    def sum(self, values: Tensor) -> Tensor:
        """Values added up over all processes."""
        total: Tensor = self._accelerator.reduce(values, reduction="sum")
        return total

    def wait(self) -> None:
        """Until all processes are here."""
        self._accelerator.wait_for_everyone()
