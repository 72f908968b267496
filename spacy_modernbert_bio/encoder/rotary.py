"""Rotary position embeddings (Su et al. 2021, RoFormer, §3.4) for packed rows.

ModernBERT uses two thetas: one in its global layers, one in its local ones. A table is made once
a batch for each and shared by all layers of its kind. Pairs are (i, i + head_width / 2), as in
Hugging Face's `rotate_half`.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from spacy_modernbert_bio.encoder.layout import SequenceLayout


@dataclass(frozen=True, eq=False)
class RotaryTable:
    """Cosines and sines for each piece; one column per rotated pair."""

    cos: Float[Tensor, "pieces 1 half"]
    sin: Float[Tensor, "pieces 1 half"]

    @classmethod
    def of(
        cls, layout: SequenceLayout, *, head_width: int, theta: float, dtype: torch.dtype
    ) -> "RotaryTable":
        """The table of one batch. Angles are always taken in float32, then rounded to `dtype`."""
        # Written as Hugging Face writes it: at position 8,192 a last-digit difference in the
        # frequency is a visible one in the angle.
        exponent = torch.arange(0, head_width, 2, device=layout.device).float() / head_width
        frequency = 1.0 / (theta**exponent)
        angle = layout.positions.float()[:, None, None] * frequency
        return cls(angle.cos().to(dtype), angle.sin().to(dtype))


def rotate(
    x: Float[Tensor, "pieces heads head_width"], table: RotaryTable
) -> Float[Tensor, "pieces heads head_width"]:
    """Turn each pair of coordinates of each head by its piece's angle.

    Where no gradient is kept `x` itself is turned: the copy would cost more than the arithmetic.
    """
    first, second = x.chunk(2, dim=-1)
    if torch.is_grad_enabled():
        return torch.cat(
            (
                first * table.cos - second * table.sin,
                second * table.cos + first * table.sin,
            ),
            dim=-1,
        )
    crossed = first * table.sin
    first.mul_(table.cos).addcmul_(second, table.sin, value=-1.0)
    second.mul_(table.cos).add_(crossed)
    return x
