"""`modernbert-bio average`: figures of several runs, as of several seeds, from their files."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.benchmarks.results import collect
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.evaluation.tables import Table


def average(
    files: Annotated[
        list[Path], typer.Argument(help="Figures as JSON, a run each, as --output writes them.")
    ],
    figure: Annotated[
        list[str], typer.Option(help="Key of a number in them, as micro.f1; again for more.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON on stdout.")] = False,
) -> None:
    """Average figures over runs, as of several seeds: mean, standard deviation, range."""
    console = Console(as_json=as_json)
    with errors_shown():
        spreads = collect(files, figure)
        if as_json:
            console.emit(
                {
                    each.figure: {
                        "mean": each.mean,
                        "standard_deviation": each.deviation,
                        "values": list(each.values),
                    }
                    for each in spreads
                }
            )
            return
        console.table(
            Table(
                ("figure", "mean", "sd", "least", "most"),
                [
                    (each.figure, each.mean, each.deviation, min(each.values), max(each.values))
                    for each in spreads
                ],
                title=f"{len(files)} runs; sd: standard deviation",
            )
        )
