"""Floating-point operations of a training pass, and the rate that this machine reaches at most.

Their quotient is the model FLOP utilisation (Chowdhery et al. 2022, arXiv 2204.02311, appendix B):
operations that the model needs, whatever was computed again, by those that the device could do.
"""

import time
from collections.abc import Sequence

import torch

from spacy_modernbert_bio.encoder.config import EncoderConfig

# Backward needs the forward's products twice: for the inputs and for the weights.
_PASSES = 3
_PRODUCT_SIZE = {"cpu": 1024, "cuda": 8192}
_REPEATS = 8


def training_flops(
    config: EncoderConfig, lengths: Sequence[int], *, supervised: int, causal: bool
) -> float:
    """Operations of one pass forward and backward over a packed row; see `forward_flops`."""
    return _PASSES * forward_flops(config, lengths, supervised=supervised, causal=causal)


def forward_flops(
    config: EncoderConfig, lengths: Sequence[int], *, supervised: int, causal: bool
) -> float:
    """Operations of one pass over a packed row of sequences.

    Two for each weight of a matrix and piece; four for each unit of width and pair of a piece and
    one that it sees, in each layer; the head for supervised pieces only.
    """
    width, inner = config.hidden_size, config.intermediate_size
    matrices = config.num_hidden_layers * (4 * width * width + 3 * width * inner)
    kinds = [config.is_global(layer) for layer in range(config.num_hidden_layers)]
    pairs = sum(
        sum(kinds) * visible_pairs(length, reach=length, causal=causal)
        + (len(kinds) - sum(kinds)) * visible_pairs(length, reach=config.reach, causal=causal)
        for length in lengths
    )
    head = width * width + width * config.vocab_size
    return 2.0 * sum(lengths) * matrices + 4.0 * width * pairs + 2.0 * supervised * head


def visible_pairs(length: int, *, reach: int, causal: bool) -> int:
    """Pairs (i, j) of a sequence with |i - j| <= reach, and j <= i if causal."""
    reach = min(reach, length - 1)
    # To one side: `reach` for all pieces but the first ones, which have 0, 1, ... of them.
    side = reach * length - reach * (reach + 1) // 2
    return length + (side if causal else 2 * side)


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of a large square matrix product in `dtype` on `device`, the best of a few."""
    size = _PRODUCT_SIZE.get(device.type, 1024)
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(_REPEATS):
        _wait(device)
        began = time.perf_counter()
        left @ right
        _wait(device)
        best = min(best, time.perf_counter() - began)
    return 2.0 * size**3 / best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
