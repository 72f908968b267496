"""One call for attention over a packed row; the backend is chosen once a batch.

A plan holds what all layers of a batch share: borders, the local mask, the backend. Layers only
say whether they are local.
"""

import logging
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from spacy_modernbert_bio.encoder import attention_varlen
from spacy_modernbert_bio.encoder.attention_blocked import LocalBlocks, attend_global, attend_local
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.errors import ConfigError

# "sdpa" runs anywhere; "varlen" and "flash" are CUDA kernels. "auto" takes the first that can run
# of flash, varlen, sdpa.
BACKENDS = ("auto", "sdpa", "varlen", "flash")

_log = logging.getLogger("spacy_modernbert_bio")
_said: set[tuple[str, str, torch.dtype]] = set()


def choose_backend(
    wanted: str, *, device: torch.device, dtype: torch.dtype, dropout: float = 0.0
) -> str:
    """The backend to use for `wanted` ("auto" or a name); says once in the log what it is.

    Raises ConfigError when the named one is unknown or can't run on this device and dtype.
    """
    if wanted not in BACKENDS:
        raise ConfigError(where="attention", found=repr(wanted), wanted=f"one of {BACKENDS}")
    if wanted in ("varlen", "flash"):
        reason = attention_varlen.why_not(wanted, device, dtype, dropout)
        if reason:
            raise ConfigError(
                where=f'attention = "{wanted}"',
                found=reason,
                wanted="a machine and precision where it runs",
                fix='Use attention = "auto".',
            )
    chosen = wanted
    if wanted == "auto":
        kernels = (
            name
            for name in ("flash", "varlen")
            if attention_varlen.why_not(name, device, dtype, dropout) is None
        )
        chosen = next(kernels, "sdpa")
    fact = (chosen, device.type, dtype)
    if fact not in _said:
        _said.add(fact)
        _log.info("attention: %s on %s in %s", *fact)
    return chosen


@dataclass(frozen=True, eq=False)
class AttentionPlan:
    """What all layers of one batch share.

    local: the blocks of the local layers; None where a CUDA kernel needs no mask.
    reach: pieces that a local layer sees to each side.
    """

    layout: SequenceLayout
    backend: str
    causal: bool
    reach: int
    local: LocalBlocks | None

    @classmethod
    def of(
        cls, layout: SequenceLayout, *, backend: str, reach: int, causal: bool, dtype: torch.dtype
    ) -> "AttentionPlan":
        """The plan of a batch for a backend as `choose_backend` gives it."""
        blocks = None
        if backend == "sdpa":
            blocks = LocalBlocks.of(layout, reach=reach, causal=causal, dtype=dtype)
        return cls(layout, backend, causal, reach, blocks)


def attend(
    q: Float[Tensor, "pieces heads head_width"],
    k: Float[Tensor, "pieces heads head_width"],
    v: Float[Tensor, "pieces heads head_width"],
    plan: AttentionPlan,
    *,
    local: bool,
    dropout: float = 0.0,
) -> Float[Tensor, "pieces heads head_width"]:
    """Attention within each document: over all of it, or within `plan.reach` if `local`."""
    reach = plan.reach if local else None
    if plan.backend == "flash":
        return attention_varlen.attend_flash(
            q, k, v, plan.layout, reach=reach, causal=plan.causal, dropout=dropout
        )
    if plan.backend == "varlen":
        return attention_varlen.attend_torch_varlen(
            q, k, v, plan.layout, reach=reach, causal=plan.causal
        )
    # A document within reach of each of its pieces has no difference between local and global;
    # in blocks, a hundred sentences are one product instead of a hundred.
    if plan.local is not None and (local or plan.layout.longest <= plan.reach + 1):
        return attend_local(q, k, v, plan.local, dropout=dropout)
    return attend_global(q, k, v, plan.layout, causal=plan.causal, dropout=dropout)
