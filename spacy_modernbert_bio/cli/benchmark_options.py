"""Options that speed benchmarks share, and the choice among a benchmark's own names."""

from collections.abc import Sequence
from typing import Annotated

import typer

from spacy_modernbert_bio.errors import ConfigError

Encoder = Annotated[str, typer.Argument(help="Folder or hub id of a ModernBERT checkpoint.")]
Rounds = Annotated[int, typer.Option(min=1, help="Timed rounds after the warm one.")]
Threads = Annotated[int, typer.Option(min=1, help="torch threads.")]


def chosen(
    given: Sequence[str] | None,
    default: Sequence[str],
    option: str,
    allowed: Sequence[str] | None = None,
) -> list[str]:
    """What was asked for, or the default. Raises ConfigError for what is not allowed."""
    allowed = allowed or default
    for name in given or ():
        if name not in allowed:
            raise ConfigError(where=option, found=name, wanted=f"one of {', '.join(allowed)}")
    return list(given or default)
