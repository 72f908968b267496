"""`modernbert-bio convert-splits`: the training, development and test part of a corpus, by name.

What is published about a corpus (format, files, split lists) is data, in a small .cfg; this reads
it and calls `convert` for each part. Each file is written whole or not at all; the three are not
one: after an error in the second, the first is there.
"""

from collections.abc import Callable, Iterable
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.util import load_config

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.convert import convert
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table

SPLITS = ("train", "dev", "test")
# What a part can say: the options of `corpora.convert.convert` that describe a corpus.
_NOT_OF_THE_CORPUS = {"source_format", "output", "nlp", "progress"}
OPTIONS = sorted(signature(convert).parameters.keys() - _NOT_OF_THE_CORPUS)


def convert_splits(
    config: Annotated[Path, typer.Argument(help="The corpus's .cfg: sections corpus, train, ...")],
    assets: Annotated[Path, typer.Argument(help="The folder that holds the corpus's files.")],
    output: Annotated[Path, typer.Argument(help="The folder for train.spacy, dev.spacy, ...")],
    quiet: Annotated[bool, typer.Option(help="No progress on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The reports as JSON on stdout.")] = False,
) -> None:
    """Convert all parts of a corpus, and say what did not align and what was repaired."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        reports = convert_corpus(
            config, assets, output, progress=lambda name, found: console.progress(found, label=name)
        )
        if as_json:
            console.emit({split: report.to_dict() for split, report in reports.items()})
            return
        for table in tables_of(reports):
            console.table(table)
        console.say(f"Wrote {', '.join(reports)} (.spacy, with their reports) to {output}")


def convert_corpus(
    config: Path,
    assets: Path,
    output: Path,
    *,
    progress: Callable[[str, Iterable[Document]], Iterable[Document]] = lambda _, found: found,
) -> dict[str, ConversionReport]:
    """Convert each part that `config` names to `output`, and return the reports.

    Paths in the config: `source` is below `assets`, `documents` beside the config.
    Raises ConfigError for a config that says something unknown, CorpusError for a bad source.
    """
    parts = read_parts(config)
    reports = {}
    for split, (source_format, options) in parts.items():
        source = assets / options.pop("source")
        if "documents" in options:
            options["documents"] = config.parent / options["documents"]
        reports[split] = convert(
            source_format,
            source,
            output / f"{split}.spacy",
            **options,
            progress=partial(progress, split),
        )
    return reports


def read_parts(config: Path) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Format and options of each part, those of `[corpus]` merged in. Raises ConfigError."""
    if not config.is_file():
        raise ConfigError(where=str(config), found="no such file", wanted="a corpus's .cfg")
    try:
        sections = load_config(config)
    except ValueError:
        raise ConfigError(
            where=str(config), found="no readable config", wanted="sections and `key = value`"
        ) from None
    shared = dict(sections.pop("corpus", {}))
    source_format = shared.pop("format", None)
    if source_format is None or not sections or not sections.keys() <= set(SPLITS):
        raise ConfigError(
            where=str(config),
            found=f"sections {', '.join(sections) or 'none'}, format {source_format}",
            wanted=f"[corpus] with a format, and sections of {', '.join(SPLITS)}",
        )
    parts = {}
    for split, own in sections.items():
        options = shared | dict(own)
        unknown = sorted(options.keys() - set(OPTIONS))
        if unknown or "source" not in options:
            raise ConfigError(
                where=f"{config}: {split}",
                found=f"the key {unknown[0]}" if unknown else "no source",
                wanted=f"a source, and keys of {', '.join(OPTIONS)}",
            )
        parts[split] = (source_format, options)
    return parts


def tables_of(reports: dict[str, ConversionReport]) -> list[Table]:
    """What was read in each part, and what became of it, as a person wants to see it."""
    found = Table(
        columns=("part", "documents", "duplicates", "tokens", "entities", "on token borders"),
        rows=[
            (
                split,
                report.documents,
                report.duplicates,
                report.tokens,
                *(report.label_rows()[-1][column] for column in (1, 2)),
            )
            for split, report in reports.items()
        ],
        title="Converted",
        decimals=5,
    )
    events = [(split, *row) for split, report in reports.items() for row in report.event_rows()]
    if not events:
        return [found]
    return [found, Table(("part", "what", "kind", "count", "first at"), events)]
