"""What `compare` and `needle` take: checkpoints on a device, and texts, all of them in memory."""

from pathlib import Path

import torch

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, load_checkpoint
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.config import SourceConfig
from spacy_modernbert_bio.pretraining.sources import read_texts

TEXTS_HELP = 'JSON lines with a "text", a .txt with a text a line, or a folder of .txt files.'


def load_on_device(name: str, gpu_id: int) -> Checkpoint:
    """A checkpoint on a GPU, or on the CPU for -1. Raises ConfigError without such a GPU."""
    if gpu_id >= torch.cuda.device_count():
        raise ConfigError(
            where="--gpu-id", found=f"no GPU {gpu_id} here", wanted="a CUDA device, or -1"
        )
    checkpoint = load_checkpoint(name)
    checkpoint.encoder.to("cpu" if gpu_id < 0 else f"cuda:{gpu_id}")
    return checkpoint


def read_all_texts(path: Path) -> list[str]:
    """The texts of a file, or of a folder's files. Raises CorpusError as `read_texts` does."""
    source = SourceConfig(
        path=(str(path),), weight=1.0, text_unit="line" if path.is_file() else "file"
    )
    return [each.text for each in read_texts(source, where="--texts")]
