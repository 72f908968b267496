"""`modernbert-bio convert`: a public corpus to a .spacy file, with a report of every loss."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.convert import FORMATS, Format
from spacy_modernbert_bio.corpora.convert import convert as convert_corpus
from spacy_modernbert_bio.corpora.converted import report_path
from spacy_modernbert_bio.corpora.formats.brat import Discontinuous
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
    label: Annotated[str | None, typer.Option(help="Give every span this label.")] = None,
    map_labels: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW", help="Rename a label; `OLD=` leaves its spans out."),
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
    quiet: Annotated[bool, typer.Option(help="No progress on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON on stdout.")] = False,
) -> None:
    """Convert a corpus to a .spacy file, and say what did not align and what was repaired."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        report = convert_corpus(
            source_format,
            source,
            output,
            inside=inside,
            documents=documents,
            label=label,
            map_labels=_parse_map(map_labels or []),
            sentences_per_document=sentences_per_document,
            discontinuous=discontinuous,
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


def _show(console: Console, report: ConversionReport) -> None:
    title = (
        f"{report.documents:,} documents ({report.duplicates:,} duplicates left out), "
        f"{report.tokens:,} tokens"
    )
    columns = ("label", "spans", "borders on tokens", "borders moved", "overlapping")
    console.table(Table(columns, report.label_rows(), title=title, decimals=5))
    if events := report.event_rows():
        console.table(Table(("what", "kind", "count", "first at"), events))
