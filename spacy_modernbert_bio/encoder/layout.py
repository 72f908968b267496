"""Where each sequence begins and ends in one packed row of pieces.

A batch is one row without padding; `cu_seqlens` (cumulative sequence lengths, flash-attention's
name) marks the borders. Everything that must not cross a border asks this class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True, eq=False)
class SequenceLayout:
    """The borders of the sequences of one packed row.

    lengths: pieces of each sequence, none of them zero.
    device: where the tensors made from it live.
    """

    lengths: tuple[int, ...]
    device: torch.device

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device | str = "cpu") -> "SequenceLayout":
        """A layout of sequences of the given lengths, in their order."""
        assert all(length > 0 for length in lengths), "a sequence without pieces cannot be packed"
        return cls(tuple(lengths), torch.device(device))

    @property
    def total(self) -> int:
        """Pieces in the row."""
        return sum(self.lengths)

    @property
    def longest(self) -> int:
        """Pieces of the longest sequence; 0 in an empty row."""
        return max(self.lengths, default=0)

    @cached_property
    def cu_seqlens(self) -> Int[Tensor, "boundaries"]:
        """Borders, the row's start and end included: `[0, n0, n0 + n1, ...]`, int32."""
        return torch.tensor([0, *self.lengths], device=self.device).cumsum(0, dtype=torch.int32)

    @cached_property
    def starts(self) -> Int[Tensor, "pieces"]:
        """For each piece, where its sequence starts in the row."""
        lengths = torch.tensor(self.lengths, device=self.device)
        return torch.repeat_interleave(self.cu_seqlens[:-1].long(), lengths, output_size=self.total)

    @cached_property
    def stops(self) -> Int[Tensor, "pieces"]:
        """For each piece, where its sequence stops in the row."""
        lengths = torch.tensor(self.lengths, device=self.device)
        return torch.repeat_interleave(self.cu_seqlens[1:].long(), lengths, output_size=self.total)

    @cached_property
    def positions(self) -> Int[Tensor, "pieces"]:
        """For each piece, its position in its own sequence, from 0."""
        return torch.arange(self.total, device=self.device) - self.starts
