"""`modernbert-bio settings`: what a project will run with, and a refusal of what cannot be.

The project tool takes any `--vars.NAME`, a misspelt one included, and says nothing. So each
workflow begins here: the values in use are printed, and an impossible one ends the run before hours
are spent on it. Looks at no network: whether a hub id exists is seen when it is fetched.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table

# The encoder that `fetch-encoder` makes from text.
SMALL = "small"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_PACKAGE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RUN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*([a-z]+[0-9]+)?")


def _whole(least: int) -> tuple[Callable[[str], bool], str]:
    return lambda value: _number(int, value, lambda n: n >= least), f"a whole number from {least}"


def _number(kind: type, value: str, holds: Callable[[float], bool]) -> bool:
    try:
        return holds(kind(value))
    except ValueError:
        return False


def _is_encoder(value: str) -> bool:
    return value == SMALL or Path(value).is_dir() or bool(_HUB_ID.fullmatch(value))


_ENCODERS = f"`{SMALL}`, a folder that is there, or a hub id `owner/name`"

# name: (whether a value can be, what can be)
CHECKS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "corpus": (lambda value: Path(value).is_file(), "a file of configs/corpora"),
    "assets": (lambda value: Path(value).is_dir(), "a folder that is there"),
    "encoder": (_is_encoder, _ENCODERS),
    "revision": (lambda value: bool(value.strip()), "a branch, tag or commit"),
    "layers": _whole(1),
    "width": _whole(1),
    "vocab_size": _whole(1),
    "decoder": (lambda value: value in ("viterbi", "crf"), "viterbi or crf"),
    "learn_rate": (lambda v: _number(float, v, lambda n: 0 < n < 1), "a number between 0 and 1"),
    "layer_decay": (lambda v: _number(float, v, lambda n: 0 < n <= 1), "a number in (0, 1]"),
    "dropout": (lambda v: _number(float, v, lambda n: 0 <= n < 1), "a number in [0, 1)"),
    "steps": _whole(1),
    "warmup_steps": _whole(0),
    "eval_frequency": _whole(1),
    "batch_pieces": _whole(1),
    "seed": _whole(0),
    "gpu_id": _whole(-1),
    "run": (lambda value: bool(_RUN_NAME.fullmatch(value)), "letters, digits, _ and -"),
    "pretraining": (lambda value: Path(value).is_file(), "a file of configs/pretrain"),
    "texts": (lambda value: Path(value).is_file(), "a file of configs/pretrain"),
    "start": (_is_encoder, _ENCODERS),
    "launch": (lambda value: value.split()[-1:] == ["-m"], "-m, or a launcher that ends in -m"),
    "notes": _whole(1),
    "heldout_notes": _whole(1),
    "min_words": _whole(1),
    "max_words": _whole(1),
    "findings": _whole(1),
    "heldout_findings": _whole(1),
    "min_finding_words": _whole(50),
    "max_finding_words": _whole(50),
    "short_window": _whole(3),
    "gradient_checkpointing": (lambda value: value.lower() in ("true", "false"), "true or false"),
    "relation_corpus": (lambda value: Path(value).is_file(), "a file of configs/corpora"),
    "left_out": (lambda _: True, "a label of the corpus, or nothing"),
    "fillers": (lambda v: not v or Path(v).exists(), "a file or folder that is there, or nothing"),
    "target_recall": (lambda v: _number(float, v, lambda n: 0 < n < 1), "a number between 0 and 1"),
    "name": (lambda value: bool(_PACKAGE_NAME.fullmatch(value)), "lower-case letters, digits, _"),
    "version": (lambda value: bool(_VERSION.fullmatch(value)), "a version as 1.0.0"),
}


def settings(
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="The variables.")],
    quiet: Annotated[bool, typer.Option(help="Check only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    """Print a project's variables, and refuse impossible ones."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        checked = check_settings(values)
        if as_json:
            console.emit(checked)
        elif not quiet:
            console.table(Table(("variable", "value"), list(checked.items()), title="Settings"))
            console.say("A --vars.NAME that is not in this list has no effect.")


def check_settings(values: list[str]) -> dict[str, str]:
    """`NAME=VALUE` strings as a mapping. Raises ConfigError naming the first that cannot be."""
    checked: dict[str, str] = {}
    for pair in values:
        name, equals, value = pair.partition("=")
        if not equals or name not in CHECKS:
            raise ConfigError(
                where=f"vars.{name}",
                found="no setting of that name" if equals else "no value",
                wanted=f"NAME=VALUE, with a name of {', '.join(CHECKS)}",
            )
        holds, wanted = CHECKS[name]
        if not holds(value):
            raise ConfigError(where=f"vars.{name}", found=repr(value), wanted=wanted)
        checked[name] = value
    _check_together(checked)
    return checked


# (what is at most, what): both are whole numbers.
_BOUNDS = (
    ("warmup_steps", "steps"),
    ("eval_frequency", "steps"),
    ("min_words", "max_words"),
    ("min_finding_words", "max_finding_words"),
)


def _check_together(checked: Mapping[str, str]) -> None:
    for name, bound in _BOUNDS:
        if name in checked and bound in checked and int(checked[name]) > int(checked[bound]):
            raise ConfigError(
                where=f"vars.{name}",
                found=checked[name],
                wanted=f"at most vars.{bound} ({checked[bound]})",
            )
