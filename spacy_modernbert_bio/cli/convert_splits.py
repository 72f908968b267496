"""`modernbert-bio convert-splits`: the training, development and test part of a corpus, by name.

What is published about a corpus (format, files, split lists) is data, in a small .cfg; this reads
it and calls `convert` for each part. Where parts are no files or lists, `split` names the rule that
cuts them, and each section takes the part of its name. Each file is written whole or not at all;
the three are not one: after an error in the second, the first is there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import Quiet
from spacy_modernbert_bio.corpora.config_file import read_sections
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.convert import convert
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.reading import ReadOptions
from spacy_modernbert_bio.corpora.splits import PARTS, SHARES, Part, Split
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table

# What a part can say: what formats can be told, which part it is, and what `convert` makes of it.
_READ = {field.name for field in fields(ReadOptions)}
_SPLIT = {"split", "seed", "shares"}
_CONVERT = {"documents", "label", "map_labels", "keep_duplicates", "spans_key"}
OPTIONS = sorted({"source", *_READ, *_SPLIT, *_CONVERT})


def convert_splits(
    config: Annotated[Path, typer.Argument(help="The corpus's .cfg: sections corpus, train, ...")],
    assets: Annotated[Path, typer.Argument(help="The folder that holds the corpus's files.")],
    output: Annotated[Path, typer.Argument(help="The folder for train.spacy, dev.spacy, ...")],
    quiet: Quiet = False,
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
) -> dict[Part, ConversionReport]:
    """Convert each part that `config` names to `output`, and return the reports.

    Paths in the config: `source` and `notes` are below `assets`, `documents` beside the config.
    Raises ConfigError for a config that says something unknown, CorpusError for a bad source.
    """
    parts = read_parts(config)
    reports: dict[Part, ConversionReport] = {}
    for part, (source_format, options) in parts.items():
        if "documents" in options:
            options["documents"] = config.parent / options["documents"]
        if "notes" in options:
            options["notes"] = assets / options["notes"]
        reports[part] = convert(
            source_format,
            assets / options["source"],
            output / f"{part}.spacy",
            ReadOptions(**_those_of(_READ, options)),
            split=_split(part, config, options),
            **_those_of(_CONVERT, options),
            progress=partial(progress, part),
        )
    return reports


def _those_of(names: set[str], options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in names}


def _split(part: Part, config: Path, options: dict[str, Any]) -> Split | None:
    if "split" in options:
        return Split(options["split"], part, options.get("seed", 0), options.get("shares", SHARES))
    if alone := sorted(_SPLIT & options.keys()):
        raise ConfigError(
            where=f"{config}: {part}",
            found=f"{alone[0]} without a split",
            wanted="both, or neither",
        )
    return None


def read_parts(config: Path) -> dict[Part, tuple[Any, dict[str, Any]]]:
    """Format and options of each part, those of `[corpus]` merged in. Raises ConfigError."""
    sections = read_sections(config, wanted="a corpus's .cfg")
    shared = dict(sections.pop("corpus", {}))
    source_format = shared.pop("format", None)
    if source_format is None or not sections or not sections.keys() <= set(PARTS):
        raise ConfigError(
            where=str(config),
            found=f"sections {', '.join(sections) or 'none'}, format {source_format}",
            wanted=f"[corpus] with a format, and sections of {', '.join(PARTS)}",
        )
    parts: dict[Part, tuple[Any, dict[str, Any]]] = {}
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


def tables_of(reports: Mapping[Part, ConversionReport]) -> list[Table]:
    """What was read in each part, and what became of it, as a person wants to see it."""
    found = Table(
        columns=("part", "documents", "duplicates", "tokens", "entities", "on token borders"),
        rows=[
            (
                part,
                report.documents,
                report.duplicates,
                report.tokens,
                *(report.label_rows()[-1][column] for column in (1, 2)),
            )
            for part, report in reports.items()
        ],
        title="Converted",
        decimals=5,
    )
    tables = [found]
    counts = [
        {label: count for label, count, _ in report.category_rows()} for report in reports.values()
    ]
    if labels := dict.fromkeys(label for held in counts for label in held):
        columns = ["category", *reports]
        rows: list[tuple[str | int, ...]] = [
            (label, *(held.get(label, 0) for held in counts)) for label in labels
        ]
        tables.append(Table(columns, rows, title="Documents by category"))
    if events := [(part, *row) for part, report in reports.items() for row in report.event_rows()]:
        tables.append(Table(("part", "what", "kind", "count", "first at"), events))
    return tables
