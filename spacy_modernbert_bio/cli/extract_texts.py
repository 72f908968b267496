"""`modernbert-bio extract-texts`: public corpora to plain pretraining text, a file a source."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import OutputFolder, Quiet, ReportAsJson
from spacy_modernbert_bio.corpora import extract_texts as corpora
from spacy_modernbert_bio.evaluation.tables import Table


def extract_texts(
    config: Annotated[Path, typer.Argument(help="Which sets make up which source, as a .cfg.")],
    assets: Annotated[Path, typer.Argument(help="The folder that holds the corpora's files.")],
    output: OutputFolder,
    quiet: Quiet = False,
    as_json: ReportAsJson = False,
) -> None:
    """Take the texts out of corpora for pretraining, nothing of a part that is scored later."""
    console = Console(quiet=quiet, as_json=as_json)

    def progress(found: Iterable[tuple[str, str]], name: str) -> Iterable[tuple[str, str]]:
        return console.progress(found, label=name)

    with errors_shown():
        reports = corpora.extract_texts(config, assets, output, progress=progress)
        columns = ("set", "documents", "characters", "blank", "overlap with scored text")
        rows = [(name, *asdict(report).values()) for name, report in reports.items()]
        console.table(Table(columns, rows, title="Texts"))
        console.say(f"Wrote {output}")
