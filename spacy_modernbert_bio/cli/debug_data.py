"""`modernbert-bio debug-data`: what `spacy debug data` does for spaCy's factories, for ours."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import spacy
import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import Quiet
from spacy_modernbert_bio.corpora.check import check_corpus
from spacy_modernbert_bio.corpora.check_categories import check_categories
from spacy_modernbert_bio.corpora.converted import read_docs, read_report
from spacy_modernbert_bio.corpora.findings import CorpusCheck, Split
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table


def debug_data(
    train: Annotated[Path, typer.Argument(help="Training documents, a .spacy file.")],
    dev: Annotated[Path, typer.Argument(help="Development documents, a .spacy file.")],
    encoder: Annotated[
        Path | None,
        typer.Option(help="A checkpoint folder: its tokenizer measures, its context limits."),
    ] = None,
    spans_key: Annotated[
        str | None, typer.Option(help="The doc.spans group to learn. [default: doc.ents]")
    ] = None,
    categories: Annotated[
        bool, typer.Option("--categories", help="Check doc.cats, labels of documents, not spans.")
    ] = False,
    exclusive: Annotated[
        bool, typer.Option("--exclusive", help="With --categories: one label holds of a document.")
    ] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON on stdout.")] = False,
) -> None:
    """Check labels, alignment, lengths and leaks before training; errors give exit code 1."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        _check_options(spans_key, categories=categories, exclusive=exclusive)
        vocab = spacy.blank("en").vocab
        files: dict[Split, Path] = {"train": train, "dev": dev}
        docs = {split: read_docs(path, vocab) for split, path in files.items()}
        reports = {split: read_report(path) for split, path in files.items()}
        tokenizer, context = _encoder(encoder)
        if categories:
            check = check_categories(
                docs["train"],
                docs["dev"],
                exclusive=exclusive,
                tokenizer=tokenizer,
                context=context,
            )
        else:
            check = check_corpus(
                docs["train"],
                docs["dev"],
                tokenizer=tokenizer,
                context=context,
                spans_key=spans_key,
                reports={split: report for split, report in reports.items() if report is not None},
            )
        if as_json:
            console.emit(_plain(check))
        else:
            _show(console, check, "Documents in which it holds" if categories else "Spans")
    if check.has_errors:
        raise typer.Exit(1)


def _check_options(spans_key: str | None, *, categories: bool, exclusive: bool) -> None:
    if categories and spans_key is not None:
        raise ConfigError(where="--spans-key", found="it and --categories", wanted="one of them")
    if exclusive and not categories:
        raise ConfigError(where="--exclusive", found="it alone", wanted="--categories beside it")


def _encoder(folder: Path | None) -> tuple[PieceTokenizer | None, int]:
    if folder is None:
        return None, EncoderConfig().max_position_embeddings
    config = EncoderConfig.from_file(folder / "config.json")
    return PieceTokenizer.from_file(folder / "tokenizer.json"), config.max_position_embeddings


def _plain(check: CorpusCheck) -> dict[str, object]:
    return {
        "findings": [asdict(finding) for finding in check.findings],
        "labels": {label: {"train": train, "dev": dev} for label, train, dev in check.labels},
        "lengths_in_pieces": {split: asdict(each) for split, each in check.lengths.items()},
        "has_errors": check.has_errors,
    }


def _show(console: Console, check: CorpusCheck, counted: str) -> None:
    console.table(Table(("label", "train", "dev"), check.labels, title=counted))
    if check.lengths:
        columns = ("split", "documents", "min", "median", "p90", "max", "over context")
        rows = [
            (
                split,
                each.documents,
                each.shortest,
                round(each.median),
                round(each.p90),
                each.longest,
                f"{each.share_over_context:.1%}",
            )
            for split, each in check.lengths.items()
        ]
        console.table(Table(columns, rows, title="Lengths in pieces"))
    rows_found = [(f.severity, f.split, f.count, f.message) for f in check.findings]
    if rows_found:
        console.table(Table(("severity", "in", "count", "finding"), rows_found, title="Findings"))
    verdict = "errors: training would go wrong" if check.has_errors else "no errors"
    console.say(f"Checked: {verdict}.")
