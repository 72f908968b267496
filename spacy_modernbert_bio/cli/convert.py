"""`modernbert-bio convert`: a corpus, or one's own rows, to a .spacy file, every loss reported."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import Quiet, ReportAsJson
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.convert import convert as convert_corpus
from spacy_modernbert_bio.corpora.converted import report_path
from spacy_modernbert_bio.corpora.formats.brat import Discontinuous
from spacy_modernbert_bio.corpora.reading import FORMATS, Format, ReadOptions
from spacy_modernbert_bio.corpora.splits import RULES, SEEDED, SHARES, Part, Split
from spacy_modernbert_bio.corpora.to_doc import SPANS_KEY
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table


def convert(
    source_format: Annotated[
        Format, typer.Argument(metavar="FORMAT", help=f"{', '.join(FORMATS)}.")
    ],
    source: Annotated[Path, typer.Argument(help="A file, a folder, or a .tar.gz archive.")],
    output: Annotated[Path, typer.Argument(help="The .spacy file to write.")],
    inside: Annotated[str, typer.Option(help="Read only this folder of the source.")] = "",
    documents: Annotated[
        Path | None, typer.Option(help="A list of document ids, one a line: a published split.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help=f"A rule that cuts the source: {', '.join((SEEDED, *RULES))}."),
    ] = None,
    part: Annotated[Part, typer.Option(help="The part to convert, of a --split.")] = "train",
    seed: Annotated[int, typer.Option(help=f"Of --split {SEEDED}.")] = 0,
    shares: Annotated[
        tuple[float, float, float],
        typer.Option(help=f"Training, development and test, of --split {SEEDED}."),
    ] = SHARES,
    label: Annotated[str | None, typer.Option(help="Give every span this label.")] = None,
    map_labels: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW", help="Rename a label; `OLD=` leaves it out."),
    ] = None,
    text_column: Annotated[str, typer.Option(help="rows: the column of texts.")] = "text",
    labels_column: Annotated[str, typer.Option(help="rows: the column of labels.")] = "labels",
    id_column: Annotated[
        str, typer.Option(help="rows: the column of names. [default: id, where there is one]")
    ] = "",
    group_column: Annotated[
        str, typer.Option(help="rows: the column of what a split must not part, as a patient.")
    ] = "",
    separator: Annotated[
        str, typer.Option(help="rows: stands between the labels of one cell, as `;`.")
    ] = "",
    categories: Annotated[
        list[str] | None,
        typer.Option(help="rows: a label that there can be; give it once for each."),
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="mimic-phenotype: NOTEEVENTS.csv, plain or .gz.")
    ] = None,
    sentences_per_document: Annotated[
        int | None,
        typer.Option(min=0, help="IOB without document breaks; 0: a file is one document."),
    ] = None,
    discontinuous: Annotated[
        Discontinuous, typer.Option(help="brat: one covering span, or a span a fragment.")
    ] = "cover",
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Keep documents that repeat an earlier one.")
    ] = False,
    spans_key: Annotated[
        str, typer.Option(help="The doc.spans group that also holds overlapping spans.")
    ] = SPANS_KEY,
    quiet: Quiet = False,
    as_json: ReportAsJson = False,
) -> None:
    """Convert a corpus to a .spacy file, and say what did not align and what was repaired."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        report = convert_corpus(
            source_format,
            source,
            output,
            ReadOptions(
                inside=inside,
                sentences_per_document=sentences_per_document,
                discontinuous=discontinuous,
                text_column=text_column,
                labels_column=labels_column,
                id_column=id_column,
                group_column=group_column,
                separator=separator,
                categories=tuple(categories or ()),
                notes=notes,
            ),
            split=_split(split, part, seed, shares),
            documents=documents,
            label=label,
            map_labels=_parse_map(map_labels or []),
            keep_duplicates=keep_duplicates,
            spans_key=spans_key,
            progress=lambda found: console.progress(found, label="documents"),
        )
        if as_json:
            console.emit(report.to_dict())
            return
        _show(console, report)
        console.say(f"Wrote {output} and {report_path(output)}")


def _parse_map(pairs: list[str]) -> dict[str, str]:
    """`OLD=NEW` pairs; the last `=` parts them, since a label may hold one."""
    mapping = {}
    for pair in pairs:
        old, equals, new = pair.rpartition("=")
        if not equals or not old:
            raise ConfigError(
                where="--map-labels", found=f"{pair!r}", wanted="OLD=NEW, or OLD= to leave it out"
            )
        mapping[old] = new
    return mapping


def _split(rule: str | None, part: Part, seed: int, shares: tuple[float, ...]) -> Split | None:
    if rule is not None:
        return Split(rule, part, seed, shares)
    if (part, seed, shares) != ("train", 0, SHARES):
        raise ConfigError(
            where="--part, --seed, --shares", found="one of them", wanted="them with --split only"
        )
    return None


def _show(console: Console, report: ConversionReport) -> None:
    title = (
        f"{report.documents:,} documents ({report.duplicates:,} duplicates left out), "
        f"{report.tokens:,} tokens"
    )
    if categories := report.category_rows():
        columns: tuple[str, ...] = ("category", "documents", "share")
        console.table(Table(columns, categories, title=title, decimals=5))
    if report.entities or not categories:
        columns = ("label", "spans", "borders on tokens", "borders moved", "overlapping")
        console.table(Table(columns, report.label_rows(), title=title, decimals=5))
    if events := report.event_rows():
        console.table(Table(("what", "kind", "count", "first at"), events))
