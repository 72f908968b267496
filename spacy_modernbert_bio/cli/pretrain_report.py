"""`modernbert-bio pretrain-report`: a page with a pretraining run's figures and curves."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import Quiet
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.run_page import write_report
from spacy_modernbert_bio.pretraining.run_record import RunRecord
from spacy_modernbert_bio.pretraining.summary import losses_table


def pretrain_report(
    run: Annotated[Path, typer.Argument(help="The output folder of `pretrain`; may be running.")],
    output: Annotated[
        Path | None, typer.Option(help="The page to write. [default: report.html in the folder]")
    ] = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Losses as JSON on stdout.")] = False,
) -> None:
    """Write a page with a run's figures and curves, and show its held-out losses."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        page = output or run / "report.html"
        write_report(run, page)
        _, validations = read_metrics(run / METRICS)
        console.table(losses_table(validations, RunRecord.read(run)))
        console.say(f"Wrote {page}")
