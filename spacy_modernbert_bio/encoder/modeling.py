"""The network: embeddings, layers, final norm, over one packed row of pieces.

ModernBERT (Warner et al. 2024, arXiv 2412.13663), with Hugging Face's names for every parameter,
so that a checkpoint needs no conversion. Differs from transformers' class in what it runs, not in
what it computes: no padding, local layers in blocks or CUDA windows, and a causal switch for the
CLM phase. No prediction head here; that is `heads`.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from spacy_modernbert_bio.encoder.attention import AttentionPlan, attend, choose_backend
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.precision import autocast, choose_dtype
from spacy_modernbert_bio.encoder.rotary import RotaryTable, rotate

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "silu": F.silu,
    "relu": F.relu,
}
# Rows of the feed-forward layer at once when nothing is kept for a backward pass: its
# intermediate is three times as wide as the hidden states, and this bounds it.
_MLP_ROWS = 2048


class ModernBertEncoder(nn.Module):
    """Hidden states of every piece of a packed row.

    config: the architecture.
    attention: "auto", "sdpa", "varlen" or "flash" (see `choose_backend`).
    precision: "auto", "fp32" or "bf16" (see `choose_dtype`).
    gradient_checkpointing: keep only the borders between layers for the backward pass and
        compute the rest again: less memory, about a third more time.
    """

    def __init__(
        self,
        config: EncoderConfig,
        *,
        attention: str = "auto",
        precision: str = "auto",
        gradient_checkpointing: bool = False,
    ) -> None:
        super().__init__()
        self.config = config
        self.attention = attention
        self.precision = precision
        self.gradient_checkpointing = gradient_checkpointing
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config, i) for i in range(config.num_hidden_layers))
        self.final_norm = _norm(config)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.final_norm.weight.device

    def forward(
        self, piece_ids: Int[Tensor, "pieces"], layout: SequenceLayout, *, causal: bool = False
    ) -> Float[Tensor, "pieces width"]:
        """Hidden states after the final norm, float32.

        piece_ids: the row, special pieces included.
        layout: its borders; no sequence sees another.
        causal: each piece sees itself and earlier ones only (local layers: the `reach` before it).
        """
        dtype = choose_dtype(self.precision, self.device)
        with autocast(self.device, dtype):
            plan, tables = self._prepare(layout, dtype, causal)
            hidden: Tensor = self.embeddings(piece_ids)
            for layer in self.layers:
                table = tables[bool(layer.local)]
                if self.gradient_checkpointing and self.training:
                    hidden = checkpoint(layer, hidden, plan, table, use_reentrant=False)
                else:
                    hidden = layer(hidden, plan, table)
            output: Tensor = self.final_norm(hidden)
        return output.float()

    def _prepare(
        self, layout: SequenceLayout, dtype: torch.dtype, causal: bool
    ) -> tuple[AttentionPlan, dict[bool, RotaryTable]]:
        """What the layers share: the attention plan and a rotary table for each kind of layer."""
        config = self.config
        dropout = config.attention_dropout if self.training else 0.0
        backend = choose_backend(self.attention, device=self.device, dtype=dtype, dropout=dropout)
        plan = AttentionPlan.of(
            layout, backend=backend, reach=config.reach, causal=causal, dtype=dtype
        )
        thetas = {
            False: config.global_rope_theta,
            True: config.local_rope_theta or config.global_rope_theta,
        }
        tables = {
            local: RotaryTable.of(layout, head_width=config.head_width, theta=theta, dtype=dtype)
            for local, theta in thetas.items()
        }
        return plan, tables


class Embeddings(nn.Module):
    """One vector a piece, normalised; positions come with the attention."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.tok_embeddings = nn.Embedding(
            config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id
        )
        self.norm = _norm(config)
        self.drop = nn.Dropout(config.embedding_dropout)

    def forward(self, piece_ids: Int[Tensor, "pieces"]) -> Float[Tensor, "pieces width"]:
        """Look up, normalise, drop."""
        vectors: Tensor = self.drop(self.norm(self.tok_embeddings(piece_ids)))
        return vectors


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and added to what came in (pre-norm)."""

    def __init__(self, config: EncoderConfig, number: int) -> None:
        super().__init__()
        self.local = not config.is_global(number)
        # The embeddings end with a norm, so the first layer begins without one.
        self.attn_norm = nn.Identity() if number == 0 else _norm(config)
        self.attn = Attention(config, local=self.local)
        self.mlp_norm = _norm(config)
        self.mlp = FeedForward(config)

    def forward(
        self, hidden: Float[Tensor, "pieces width"], plan: AttentionPlan, table: RotaryTable
    ) -> Float[Tensor, "pieces width"]:
        """One layer."""
        attended: Tensor = hidden + self.attn(self.attn_norm(hidden), plan, table)
        if torch.is_grad_enabled():
            output: Tensor = attended + self.mlp(self.mlp_norm(attended))
            return output
        for rows in torch.split(attended, _MLP_ROWS):
            rows.add_(self.mlp(self.mlp_norm(rows)))
        return attended


class Attention(nn.Module):
    """Multi-head attention with rotary positions, global or in a sliding window."""

    def __init__(self, config: EncoderConfig, *, local: bool) -> None:
        super().__init__()
        self.local = local
        self.heads = config.num_attention_heads
        self.dropout = config.attention_dropout
        width = config.hidden_size
        self.Wqkv = nn.Linear(width, 3 * width, bias=config.attention_bias)
        self.Wo = nn.Linear(width, width, bias=config.attention_bias)
        self.out_drop = nn.Dropout(config.attention_dropout)

    def forward(
        self, hidden: Float[Tensor, "pieces width"], plan: AttentionPlan, table: RotaryTable
    ) -> Float[Tensor, "pieces width"]:
        """Project, rotate, attend, project."""
        pieces, width = hidden.shape
        qkv = self.Wqkv(hidden).view(pieces, 3 * self.heads, width // self.heads)
        # Queries and keys stand side by side: one rotation turns both.
        q, k = rotate(qkv[:, : 2 * self.heads], table).chunk(2, dim=1)
        v = qkv[:, 2 * self.heads :]
        dropout = self.dropout if self.training else 0.0
        mixed = attend(q, k, v, plan, local=self.local, dropout=dropout)
        output: Tensor = self.out_drop(self.Wo(mixed.reshape(pieces, width)))
        return output


class FeedForward(nn.Module):
    """Gated linear unit (GeGLU; Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.Wi = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=config.mlp_bias)
        self.Wo = nn.Linear(config.intermediate_size, config.hidden_size, bias=config.mlp_bias)
        self.drop = nn.Dropout(config.mlp_dropout)
        self.activation = ACTIVATIONS[config.hidden_activation]

    def forward(self, hidden: Float[Tensor, "pieces width"]) -> Float[Tensor, "pieces width"]:
        """Wo(activation(first half of Wi) * second half of Wi)."""
        value, gate = self.Wi(hidden).chunk(2, dim=-1)
        output: Tensor = self.Wo(self.drop(self.activation(value) * gate))
        return output


def _norm(config: EncoderConfig) -> nn.LayerNorm:
    return nn.LayerNorm(config.hidden_size, eps=config.norm_eps, bias=config.norm_bias)
