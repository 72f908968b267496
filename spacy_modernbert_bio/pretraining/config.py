"""A pretraining run as frozen, checked data: what a config file says, before anything is opened.

Values that cannot be are refused here with their key; files and folders are looked at by those who
read them. Defaults are the published recipe's where it states one (ModernBERT-bio's model card;
R. Touchent's thesis, appendix "Pretraining Configurations for the CLM Detour"), else they say why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from spacy_modernbert_bio.errors import ConfigError


@dataclass(frozen=True)
class SourceConfig:
    """Where the texts of one part of the mix are.

    path: files and folders of JSONL, text or Parquet, each also .gz or .zst where text.
    weight: share of the mix, by pieces; shares are made to sum to 1.
    field: the field (JSONL) or column (Parquet) that holds the text.
    text_unit: whether a document of a .txt file is the whole "file" or a "line".
    """

    path: tuple[str, ...]
    weight: float
    field: str = "text"
    text_unit: Literal["file", "line"] = "file"


@dataclass(frozen=True)
class CorpusConfig:
    """What is read, and where its shards are.

    shards: the folder of the token shards.
    sources: by name; names become folders.
    heldout: share of documents, chosen by hash, that is never trained on.
    shard_pieces: pieces in one file, about; a bound on what an interrupted run repeats.
    """

    shards: str
    sources: Mapping[str, SourceConfig]
    heldout: float = 0.005
    shard_pieces: int = 100_000_000
