"""The sections of a .cfg that describes corpora."""

from pathlib import Path

from spacy.util import load_config
from thinc.api import Config

from spacy_modernbert_bio.errors import ConfigError


def read_sections(path: Path, *, wanted: str) -> Config:
    """Sections by name, with their values. Raises ConfigError for a file that is none of these.

    wanted: what the file is to be, as an error says it.
    """
    if not path.is_file():
        raise ConfigError(where=str(path), found="no such file", wanted=wanted)
    try:
        return load_config(path)
    except ValueError:
        raise ConfigError(
            where=str(path), found="no readable config", wanted="sections and `key = value`"
        ) from None
