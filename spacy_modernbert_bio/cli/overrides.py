"""Values of a config given on the command line, as `spacy train` takes them: `--run.seed 3`."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from spacy_modernbert_bio.errors import ConfigError

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[--section.key value]...",
        help="Values that take the place of the config's, as `--run.seed 3`.",
    ),
]


def read_overrides(words: Sequence[str]) -> dict[str, Any]:
    """`--section.key value` and `--section.key=value` as values by key.

    A value that is JSON is read as JSON, anything else is text. Raises ConfigError for a word that
    is no option with a section, and for an option without a value.
    """
    values: dict[str, Any] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        key, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or "." not in key:
            raise ConfigError(
                where="command line",
                found=repr(word),
                wanted="--section.key value, or a known option",
            )
        if not equals:
            if not left or left[0].startswith("--"):
                raise ConfigError(where=word, found="no value", wanted=f"{word} VALUE")
            value = left.pop(0)
        try:
            values[key] = json.loads(value)
        except json.JSONDecodeError:
            values[key] = value
    return values
