"""CUDA kernels for packed rows behind one signature: torch's own varlen attention, flash-attn 2.

Both take `cu_seqlens`, so a packed row needs neither mask nor padding, and both count a window
inclusively: (64, 64) is |query - key| <= 64. Where neither can run, `why_not` says why.
"""

import importlib.util
import inspect

import torch
from jaxtyping import Float
from torch import Tensor

from spacy_modernbert_bio.encoder.layout import SequenceLayout

_HALF = (torch.float16, torch.bfloat16)


def why_not(backend: str, device: torch.device, dtype: torch.dtype, dropout: float) -> str | None:
    """Why `backend` ("varlen" or "flash") cannot run here; None when it can."""
    if device.type != "cuda":
        return f"a {device.type} device (the kernel is CUDA only)"
    if dtype not in _HALF:
        return f"{str(dtype).removeprefix('torch.')} (the kernel takes bf16 and fp16 only)"
    if backend == "flash" and importlib.util.find_spec("flash_attn") is None:
        return "no package flash_attn"
    if backend == "varlen":
        if not _torch_has_windows():
            return f"torch {torch.__version__} (windowed varlen attention came with 2.11)"
        if dropout:
            return "attention dropout (the kernel has none)"
    return None


def attend_torch_varlen(
    q: Float[Tensor, "pieces heads head_width"],
    k: Float[Tensor, "pieces heads head_width"],
    v: Float[Tensor, "pieces heads head_width"],
    layout: SequenceLayout,
    *,
    reach: int | None,
    causal: bool,
) -> Float[Tensor, "pieces heads head_width"]:
    """`torch.nn.attention.varlen.varlen_attn` (torch 2.11 and later)."""
    from torch.nn.attention.varlen import varlen_attn  # absent before torch 2.10

    borders, longest = layout.cu_seqlens, layout.longest
    mixed = varlen_attn(
        q, k, v, borders, borders, longest, longest, window_size=_window(reach, causal)
    )
    assert isinstance(mixed, Tensor), "a tuple comes only when return_aux is asked for"
    return mixed


def attend_flash(
    q: Float[Tensor, "pieces heads head_width"],
    k: Float[Tensor, "pieces heads head_width"],
    v: Float[Tensor, "pieces heads head_width"],
    layout: SequenceLayout,
    *,
    reach: int | None,
    causal: bool,
    dropout: float = 0.0,
) -> Float[Tensor, "pieces heads head_width"]:
    """`flash_attn_varlen_func` of flash-attn 2 (Dao 2023)."""
    from flash_attn import flash_attn_varlen_func  # an optional package, CUDA only

    borders, longest = layout.cu_seqlens, layout.longest
    mixed: Tensor = flash_attn_varlen_func(
        q,
        k,
        v,
        borders,
        borders,
        longest,
        longest,
        dropout_p=dropout,
        causal=causal,
        window_size=_window(reach, causal),
    )
    return mixed


def _torch_has_windows() -> bool:
    # Asked of the function, not of the version: nightlies and vendor builds number themselves.
    if importlib.util.find_spec("torch.nn.attention.varlen") is None:
        return False
    from torch.nn.attention.varlen import varlen_attn

    return "window_size" in inspect.signature(varlen_attn).parameters


def _window(reach: int | None, causal: bool) -> tuple[int, int]:
    """Keys to the left and right of a query; -1 is without limit."""
    left = -1 if reach is None else reach
    return left, 0 if causal else left
