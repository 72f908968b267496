"""The command `modernbert-bio`: the list of its commands, each imported when it is called.

A command's one-line help stands here beside its place, so that `--help`, completion and the hint
after a misspelt name import neither spaCy nor torch. A test holds these lines to the docstrings.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from spacy_modernbert_bio import __version__

# name: (where it is, the first line of its docstring)
COMMANDS = {
    "annotate": (
        "spacy_modernbert_bio.cli.annotate:annotate",
        "Find entities and labels of texts: JSON lines for programs, a page for people.",
    ),
    "show": (
        "spacy_modernbert_bio.cli.show:show",
        "Show notes with their entities marked and their labels, for a person to read.",
    ),
    "deidentify": (
        "spacy_modernbert_bio.cli.deidentify:deidentify",
        "Remove or transform PHI by a policy; a note that may hold some still is never passed on.",
    ),
    "audit": (
        "spacy_modernbert_bio.cli.audit:audit",
        "Re-read de-identified notes for leaks of their originals; leaks give exit code 3.",
    ),
    "fill-mask": (
        "spacy_modernbert_bio.cli.fill_mask:fill_mask",
        "Predict the masked words of a text with any ModernBERT checkpoint.",
    ),
    "convert": (
        "spacy_modernbert_bio.cli.convert:convert",
        "Convert a corpus to a .spacy file, and say what did not align and what was repaired.",
    ),
    "convert-splits": (
        "spacy_modernbert_bio.cli.convert_splits:convert_splits",
        "Convert all parts of a corpus, and say what did not align and what was repaired.",
    ),
    "debug-data": (
        "spacy_modernbert_bio.cli.debug_data:debug_data",
        "Check labels, alignment, lengths and leaks before training; errors give exit code 1.",
    ),
    "evaluate": (
        "spacy_modernbert_bio.cli.evaluate:evaluate",
        "Score a pipeline's spans: strict F1 with its interval, calibration, speed.",
    ),
    "evaluate-phi": (
        "spacy_modernbert_bio.cli.evaluate_phi:evaluate_phi",
        "Score how well PHI is found: i2b2's measures, what is left, what goes with it, by length.",
    ),
    "evaluate-phenotype": (
        "spacy_modernbert_bio.cli.evaluate_phenotype:evaluate_phenotype",
        "Score labels of documents: F1 with intervals, thresholds, calibration, by length.",
    ),
    "average": (
        "spacy_modernbert_bio.cli.average:average",
        "Average figures over runs, as of several seeds: mean, standard deviation, range.",
    ),
    "calibrate": (
        "spacy_modernbert_bio.cli.calibrate:calibrate",
        "Fit temperatures and thresholds on development data, and save them.",
    ),
    "synthetic-notes": (
        "spacy_modernbert_bio.cli.synthetic_notes:synthetic_notes",
        "Write synthetic notes with gold PHI: three splits that share no template and no name.",
    ),
    "synthetic-findings": (
        "spacy_modernbert_bio.cli.synthetic_findings:synthetic_findings",
        "Make notes in which one sentence, anywhere, decides whether a condition is present.",
    ),
    "extract-texts": (
        "spacy_modernbert_bio.cli.extract_texts:extract_texts",
        "Take the texts out of corpora for pretraining, nothing of a part that is scored later.",
    ),
    "tokenize": (
        "spacy_modernbert_bio.cli.tokenize:tokenize",
        "Turn a pretraining corpus into token shards: no duplicates, some documents held out.",
    ),
    "pretrain": (
        "spacy_modernbert_bio.cli.pretrain:pretrain",
        "Pretrain an encoder as a config describes, from its start or from where it was stopped.",
    ),
    "compare": (
        "spacy_modernbert_bio.cli.compare:compare",
        "Compare two checkpoints layer by layer: weights, and what they make of texts.",
    ),
    "needle": (
        "spacy_modernbert_bio.cli.needle:needle",
        "Hide a sentence in long documents, and probe what [CLS] knows of it.",
    ),
    "pretrain-report": (
        "spacy_modernbert_bio.cli.pretrain_report:pretrain_report",
        "Write a page with a run's figures and curves, and show its held-out losses.",
    ),
    "fetch-encoder": (
        "spacy_modernbert_bio.cli.fetch_encoder:fetch_encoder",
        "Put an encoder checkpoint into a folder, with its manifest.",
    ),
    "settings": (
        "spacy_modernbert_bio.cli.settings:settings",
        "Print a project's variables, and refuse impossible ones.",
    ),
    "benchmark": (
        "spacy_modernbert_bio.cli.benchmark:app",
        "Measure speed and memory on this machine.",
    ),
}

# These also take `--section.key value` for any key of their config.
_WITH_OVERRIDES = frozenset({"pretrain", "tokenize"})


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and help, and imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name, imported; usage errors as typer's own."""
        # `Any`: typer's context is click's class or its own copy of it, as the version goes.
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, stand_in if name is None else load_command(name), rest


def load_command(name: str) -> Any:
    """Import a command: what typer makes of a function, or of an app of several functions."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    target: Callable[..., None] | typer.Typer = getattr(import_module(module), attribute)
    alone = _typer()
    if isinstance(target, typer.Typer):
        alone.add_typer(target, name=name)
    else:
        unknown = {"ignore_unknown_options": name in _WITH_OVERRIDES}
        alone.command(name, context_settings=unknown)(target)
    return get_group(alone).commands[name]


def _typer(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        # A traceback with locals, typer's default, would print document text.
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        # The default mode takes words in brackets for styles, and swallows them.
        rich_markup_mode="markdown",
        **settings,
    )


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"modernbert-bio {__version__}")
        raise typer.Exit


app = _typer(cls=LazyGroup, no_args_is_help=True)


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Long-context ModernBERT-bio encoders in spaCy: entities, labels and PHI of whole notes."""


def _add_stand_in(name: str, help_line: str) -> None:
    @app.command(name, help=help_line)
    def stand_in() -> None:
        pass


for _name, (_, _help) in COMMANDS.items():
    _add_stand_in(_name, _help)
