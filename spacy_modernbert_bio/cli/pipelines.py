"""Pipelines as commands name them: a folder or an installed package, on a device."""

import spacy
from spacy.language import Language
from thinc.api import prefer_gpu

from spacy_modernbert_bio.errors import ConfigError


def load_pipeline(model: str) -> Language:
    """A saved pipeline. Raises ConfigError when there is none under that name."""
    try:
        return spacy.load(model)
    except OSError as error:
        # spaCy's E050 and E053: neither a package nor a folder with a config.
        if not str(error).startswith(("[E050]", "[E053]")):
            raise
        raise ConfigError(
            where=model, found="no pipeline", wanted="a pipeline's folder or package name"
        ) from None


def use_device(gpu_id: int) -> None:
    """Work on a GPU, or on the CPU for -1. Raises ConfigError when there is no such GPU."""
    if gpu_id >= 0 and not prefer_gpu(gpu_id):
        raise ConfigError(
            where="--gpu-id", found=f"no GPU {gpu_id} here", wanted="a CUDA device, or -1"
        )
