"""Attention over a packed row on any device, in memory linear in its length.

Local layers run in blocks of queries over the whole row at once: each block sees its own keys and
`reach` more to each side, under one small mask that holds the window and the document borders,
is made once a batch and is shared by all local layers. Global layers run a document at a time.
No mask of length x length is ever made.

Does not know flash-attention; that is `attention_varlen`, behind the same signature.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from spacy_modernbert_bio.encoder.layout import SequenceLayout

# Queries a block. Fewer waste less of the window's overhang, more make larger matrix products;
# 64 is the best compromise measured on CPU (`modernbert-bio benchmark speed`).
BLOCK = 64
# Scores that exist at once where softmax is taken explicitly: 4 M floats are 16 MB, about a cache.
_SCORES_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class LocalBlocks:
    """Which keys each block of queries may see; made once a batch.

    allowed: window and document borders. Rows that only fill the last block see everything, so
        that their softmax is defined; they are cut off afterwards.
    bias: the same, as what is added to the scores: 0 or minus infinity.
    left, right: keys before and after the block that its first and last query can reach.
    """

    allowed: Bool[Tensor, "blocks 1 queries keys"]
    bias: Float[Tensor, "blocks 1 queries keys"]
    left: int
    right: int

    @classmethod
    def of(
        cls, layout: SequenceLayout, *, reach: int, causal: bool, dtype: torch.dtype
    ) -> "LocalBlocks":
        """Blocks over `layout` in which a query sees `reach` pieces to each side, or to the left.

        The window is inclusive: |query - key| <= reach.
        """
        left, right = reach, 0 if causal else reach
        count = -(-layout.total // BLOCK)
        fill = count * BLOCK - layout.total
        query = torch.arange(count * BLOCK, device=layout.device).view(count, BLOCK, 1)
        key = query[:, :1] - left + torch.arange(left + BLOCK + right, device=layout.device)
        # A query's keys are an interval: the window's, cut at its document's borders.
        first = torch.maximum(F.pad(layout.starts, (0, fill)).view(count, BLOCK, 1), query - left)
        last = torch.minimum(
            F.pad(layout.stops, (0, fill)).view(count, BLOCK, 1) - 1, query + right
        )
        allowed = (key >= first) & (key <= last) | (query >= layout.total)
        bias = torch.zeros(allowed.shape, dtype=dtype, device=layout.device)
        bias.masked_fill_(~allowed, float("-inf"))
        return cls(allowed[:, None], bias[:, None], left, right)


def attend_local(
    q: Float[Tensor, "pieces heads head_width"],
    k: Float[Tensor, "pieces heads head_width"],
    v: Float[Tensor, "pieces heads head_width"],
    blocks: LocalBlocks,
    *,
    dropout: float = 0.0,
) -> Float[Tensor, "pieces heads head_width"]:
    """Sliding-window attention in blocks; nothing crosses a document border."""
    pieces, heads, width = q.shape
    count = blocks.bias.shape[0]
    fill = count * BLOCK - pieces
    queries = F.pad(q, (0, 0, 0, 0, 0, fill)).view(count, BLOCK, heads, width).transpose(1, 2)
    span = blocks.left + BLOCK + blocks.right

    def windows_of(x: Tensor) -> Tensor:
        padded = F.pad(x, (0, 0, 0, 0, blocks.left, blocks.right + fill))
        # Overlapping views, not copies: [blocks, heads, keys, head_width].
        return padded.unfold(0, span, BLOCK).transpose(2, 3)

    keys, values = windows_of(k), windows_of(v)
    if _wants_explicit_products(q):
        step = max(1, _SCORES_AT_ONCE // (heads * BLOCK * span))
        parts = [
            _explicit(
                queries[i : i + step],
                keys[i : i + step],
                values[i : i + step],
                blocks.bias[i : i + step],
                dropout,
            )
            for i in range(0, count, step)
        ]
        mixed = torch.cat(parts)
    else:
        mixed = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=blocks.bias, dropout_p=dropout
        )
    return mixed.transpose(1, 2).reshape(count * BLOCK, heads, width)[:pieces]


def attend_global(
    q: Float[Tensor, "pieces heads head_width"],
    k: Float[Tensor, "pieces heads head_width"],
    v: Float[Tensor, "pieces heads head_width"],
    layout: SequenceLayout,
    *,
    causal: bool,
    dropout: float = 0.0,
) -> Float[Tensor, "pieces heads head_width"]:
    """Full attention within each document, a document at a time."""
    lengths = list(layout.lengths)
    documents = zip(*(torch.split(x, lengths) for x in (q, k, v)), strict=True)
    return torch.cat(
        [_attend_document(*rows, causal=causal, dropout=dropout) for rows in documents]
    )


def _attend_document(
    q: Tensor, k: Tensor, v: Tensor, *, causal: bool, dropout: float
) -> Float[Tensor, "length heads head_width"]:
    """Full attention in one document: [length, heads, head_width] in and out."""
    queries, keys, values = (x.transpose(0, 1)[None] for x in (q, k, v))
    if not _wants_explicit_products(q):
        mixed = F.scaled_dot_product_attention(
            queries, keys, values, is_causal=causal, dropout_p=dropout
        )
        return mixed[0].transpose(0, 1)
    length, heads, _ = q.shape
    step = max(1, _SCORES_AT_ONCE // (heads * length))
    parts = []
    for start in range(0, length, step):
        stop = min(start + step, length)
        visible = stop if causal else length
        bias = None
        if causal:
            later = torch.arange(visible, device=q.device) > torch.arange(
                start, stop, device=q.device
            ).unsqueeze(1)
            bias = torch.zeros_like(later, dtype=q.dtype).masked_fill_(later, float("-inf"))
        parts.append(
            _explicit(
                queries[:, :, start:stop],
                keys[:, :, :visible],
                values[:, :, :visible],
                bias,
                dropout,
            )
        )
    return torch.cat(parts, dim=2)[0].transpose(0, 1)


def _explicit(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, dropout: float) -> Tensor:
    """softmax(q k' / sqrt(head_width) + bias) v, as two batched matrix products."""
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    if bias is not None:
        scores = scores + bias
    weights = scores.softmax(-1, dtype=torch.float32).to(v.dtype)
    return torch.matmul(F.dropout(weights, dropout) if dropout else weights, v)


def _wants_explicit_products(q: Tensor) -> bool:
    """Whether two matrix products beat the fused kernel: bfloat16 on a CPU.

    There torch's fused kernel ran at 1.70x of padded SDPA, explicit products at 1.97x
    (2,048 pieces; AVX-512 bf16, torch 2.13).
    """
    return q.device.type == "cpu" and q.dtype == torch.bfloat16
