"""Device, dtype and autocast of the encoder, decided in one place.

thinc's PyTorch shim autocasts on CUDA only and offers no dtype, so the encoder casts itself:
weights stay float32, matrix products run in bfloat16 where that is asked for and worth it.
"""

import logging
from contextlib import AbstractContextManager

import torch

from spacy_modernbert_bio.errors import ConfigError

PRECISIONS = ("auto", "fp32", "bf16")

_log = logging.getLogger("spacy_modernbert_bio")


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """The dtype of matrix products for `wanted`: "auto", "fp32" or "bf16".

    "auto" is bf16 on a GPU that has it and fp32 elsewhere. "bf16" on hardware without bfloat16
    arithmetic runs in fp32, which is faster there and exact, and says so in the log. Raises
    ConfigError for any other word.
    """
    if wanted not in PRECISIONS:
        raise ConfigError(where="precision", found=repr(wanted), wanted=f"one of {PRECISIONS}")
    if wanted == "fp32" or (wanted == "auto" and device.type == "cpu"):
        return torch.float32
    if has_bf16(device):
        return torch.bfloat16
    if wanted == "bf16":
        _log.warning("precision: this %s has no bf16 arithmetic; running in fp32", device.type)
    return torch.float32


def has_bf16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 matrices itself."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[None]:
    """A context in which torch runs matrix products in `dtype`."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)
