"""What our results are held against: code that is not ours, or the definition written out."""

import math

import torch
from torch import Tensor


def hf_masked_lm(folder, attention: str = "sdpa"):
    """Hugging Face's ModernBertForMaskedLM on a saved folder, in eval mode."""
    from transformers import AutoModelForMaskedLM

    model = AutoModelForMaskedLM.from_pretrained(
        folder, attn_implementation=attention, reference_compile=False
    )
    return model.eval()


def masked_attention(
    q: Tensor, k: Tensor, v: Tensor, lengths: list[int], *, reach: int | None, causal: bool
) -> Tensor:
    """Attention by its definition, with one explicit mask over the whole row, in float64.

    q, k, v: [pieces, heads, head_width].
    """
    document = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    position = torch.arange(len(q))
    distance = position[None, :] - position[:, None]
    visible = document[None, :] == document[:, None]
    if reach is not None:
        visible &= distance.abs() <= reach
    if causal:
        visible &= distance <= 0
    q, k, v = (x.double().transpose(0, 1) for x in (q, k, v))
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(~visible, -math.inf).softmax(-1)
    return (weights @ v).transpose(0, 1)


def overlapping_pieces(pieces, token_start: int, token_stop: int) -> list[int]:
    """The pieces that share a character with a token, one comparison a piece."""
    return [
        index
        for index, (start, stop) in enumerate(zip(pieces.starts, pieces.stops, strict=True))
        if start < token_stop and stop > token_start
    ]
