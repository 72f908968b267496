"""Cross-entropy under the prediction head, without ever holding all logits at once.

The decoder's products are nearly all of the head's work and its logits all of its memory: 8,192 x
50,368 of them are 1.6 GB in float32, and a plain loss keeps three such. Here they exist for some
rows at a time; their gradient is made in the same moment, in their own memory, so that nothing is
computed twice. Costs one gradient of the decoder's size, which the optimizer needs anyway.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from spacy_modernbert_bio.encoder.heads import PredictionHead

# Logits at once, in bytes of float32: large enough for full speed of the matrix product (a few
# hundred rows at 50,368 pieces), small beside the weights.
_LOGIT_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class ChunkedLoss:
    """Cross-entropy in nats.

    total: summed over the rows; the only part with a gradient. rows: of each row, detached.
    """

    total: Float[Tensor, ""]
    rows: Float[Tensor, "rows"]


def chunked_cross_entropy(
    head: PredictionHead,
    hidden: Float[Tensor, "rows width"],
    labels: Int[Tensor, "rows"],
    *,
    chunk_rows: int | None = None,
) -> ChunkedLoss:
    """Cross-entropy of each row's label under the head's logits.

    hidden: of the supervised positions only. chunk_rows: rows whose logits exist at once; by their
    size where None. Products run in the caller's autocast dtype, the loss in float32 or wider.
    Without rows the total is 0, and all parameters still get a gradient of zeros.
    """
    transformed = head.head(hidden)
    weight = head.decoder.weight
    rows = chunk_rows or max(1, _LOGIT_BYTES // (4 * weight.shape[0]))
    arguments = (transformed, weight, head.decoder.bias, labels, rows)
    total, losses = _DecoderLoss.apply(*arguments)  # type: ignore[no-untyped-call]  # torch's own
    return ChunkedLoss(total, losses)


class _DecoderLoss(torch.autograd.Function):
    """Decoder and cross-entropy as one step, gradients made on the way forward."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        labels: Tensor,
        chunk_rows: int,
    ) -> tuple[Tensor, Tensor]:
        kind = _product_dtype(inputs)
        exact = torch.promote_types(kind, torch.float32)
        wanted = ctx.needs_input_grad[:3]
        into, of_weight, of_bias = (
            torch.zeros_like(tensor) if need and tensor is not None else None
            for tensor, need in zip((inputs, weight, bias), wanted, strict=True)
        )
        losses = torch.empty(len(labels), dtype=exact, device=inputs.device)
        with torch.autocast(inputs.device.type, enabled=False):
            cast = weight.to(kind)
            for start in range(0, len(labels), chunk_rows):
                rows = slice(start, start + chunk_rows)
                picked, some = labels[rows, None], inputs[rows].to(kind)
                logits = (some @ cast.T).to(exact)
                if bias is not None:
                    logits += bias
                label_logits, highest = logits.gather(1, picked), logits.amax(1, keepdim=True)
                # From here on, the logits' memory holds what their gradient is made of.
                slope = logits.sub_(highest).exp_()
                sums = slope.sum(1, keepdim=True)
                losses[rows] = (sums.log() + highest - label_logits).squeeze(1)
                if not any(wanted):
                    continue
                # Softmax less one-hot.
                slope.div_(sums).scatter_add_(1, picked, torch.full_like(sums, -1.0))
                if of_bias is not None:
                    of_bias += slope.sum(0)
                slope = slope.to(kind)
                if into is not None:
                    into[rows] = slope @ cast
                if of_weight is not None and kind == exact:
                    of_weight.addmm_(slope.T, some)
                elif of_weight is not None:
                    of_weight += slope.T @ some
        ctx.gradients = (into, of_weight, of_bias)
        ctx.mark_non_differentiable(losses)
        return losses.sum(), losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_total: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        scaled = [None if g is None else g.mul_(of_total) for g in ctx.gradients]
        # A second backward pass would find them scaled already.
        del ctx.gradients
        return (*scaled, None, None)


def _product_dtype(inputs: Tensor) -> torch.dtype:
    """The dtype in which the caller's autocast would run a matrix product of these inputs."""
    device = inputs.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return inputs.dtype
