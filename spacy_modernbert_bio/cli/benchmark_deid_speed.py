"""`modernbert-bio benchmark deid-speed`: how fast PHI is found here, by rules and by a model.

Start it with OMP_NUM_THREADS=1 for one core: that only holds from the start of a process. The notes
are held in memory, and nothing of them is shown or written.
"""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer

from spacy_modernbert_bio.benchmarks.deid_speed import (
    COMPONENT,
    DEID,
    NER,
    TOKENIZER,
    PairRounds,
    build_pair,
    megabytes,
    race_pair,
    time_rules,
)
from spacy_modernbert_bio.benchmarks.speed import times_as_long
from spacy_modernbert_bio.cli.benchmark_options import Rounds, Threads
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.deidentification import RULES as RULES_PIPELINE
from spacy_modernbert_bio.cli.deidentification import load_phi_pipeline
from spacy_modernbert_bio.cli.evaluation import write_figures
from spacy_modernbert_bio.cli.options import FiguresAsJson, FiguresFile, Quiet
from spacy_modernbert_bio.corpora.synthetic.writing import read_fillers
from spacy_modernbert_bio.encoder.checkpoint import locate_checkpoint
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Cell, Table

_PACKAGES = ("spacy-modernbert-bio", "spacy", "torch")
_WHOLE = f"{TOKENIZER} and {COMPONENT}"
# Notes that tell how often random heads find something.
_SAMPLE = 16


def deid_speed(
    notes: Annotated[
        list[Path],
        typer.Argument(
            help=".jsonl with a field `text`, or plain text in a file, folder or archive."
        ),
    ],
    encoder: Annotated[
        str | None,
        typer.Option(help="Compare modernbert_deid with modernbert_ner on this: folder, hub id."),
    ] = None,
    encoder_notes: Annotated[
        int, typer.Option(min=1, help="Notes for the encoder, taken evenly from all.")
    ] = 100,
    batch_size: Annotated[int, typer.Option(min=1, help="Notes a batch, for the encoder.")] = 32,
    rounds: Rounds = 5,
    threads: Threads = 1,
    output: FiguresFile = None,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Measure how fast rules read notes, and de-identification by a model beside NER."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown(others=True):
        torch.set_num_threads(threads)
        texts = read_fillers(notes)
        if not texts:
            raise ConfigError(
                where=", ".join(map(str, notes)), found="no note", wanted="at least one"
            )
        figures: dict[str, Any] = {
            "machine": f"{platform.machine()}, {threads} thread{'s' * (threads > 1)}",
            "versions": {name: version(name) for name in _PACKAGES},
            "rounds": rounds,
            "rules": measure_rules(texts, rounds=rounds, console=console),
        }
        if encoder is not None:
            figures["encoder"] = measure_encoder(
                locate_checkpoint(encoder),
                texts[:: -(-len(texts) // encoder_notes)],
                batch_size=batch_size,
                rounds=rounds,
                console=console,
            )
        if output is not None:
            write_figures(figures, output)
        if as_json:
            console.emit(figures)
            return
        for table in tables_of(figures):
            console.table(table)


def measure_rules(texts: Sequence[str], *, rounds: int, console: Console) -> dict[str, Any]:
    """Megabytes a second of CPU time: rules, tokenizer, component, and the last two together."""
    size = megabytes(texts)
    console.say(f"rules: {len(texts):,} notes, {size:.2f} MB, warm up")
    seconds = time_rules(load_phi_pipeline(RULES_PIPELINE), texts, rounds, console.say)
    whole = [sum(pair) for pair in zip(seconds[TOKENIZER], seconds[COMPONENT], strict=True)]
    return {
        "notes": len(texts),
        "megabytes": size,
        "read_by": {
            name: {
                "cpu_seconds": each,
                "megabytes_per_second": {"median": size / median(each), "best": size / min(each)},
            }
            for name, each in {**seconds, _WHOLE: whole}.items()
        },
    }


def measure_encoder(
    folder: Path, texts: Sequence[str], *, batch_size: int, rounds: int, console: Console
) -> dict[str, Any]:
    """How many times as long modernbert_deid takes as modernbert_ner, by CPU and by the clock."""
    console.say(f"encoder: {len(texts):,} notes, warm up")
    pair = build_pair(folder, texts[:_SAMPLE])
    race = race_pair(pair, texts, batch_size=batch_size, rounds=rounds, report=console.say)
    return {
        "notes": len(texts),
        "megabytes": megabytes(texts),
        "precision": "fp32",
        "batch_size": batch_size,
        "spans": dict(race.spans),
        "seconds": {name: _seconds_of(race, name) for name in race.costs},
        "times_as_long": {
            clock: times_as_long(_seconds_of(race, DEID)[clock], _seconds_of(race, NER)[clock])
            for clock in ("cpu", "wall")
        },
    }


def _seconds_of(race: PairRounds, name: str) -> Mapping[str, list[float]]:
    costs = race.costs[name]
    return {"cpu": [each.cpu for each in costs], "wall": [each.wall for each in costs]}


def tables_of(figures: Mapping[str, Any]) -> list[Table]:
    """The figures as a person wants to read them."""
    rules = figures["rules"]
    rows: list[list[Cell]] = [
        [name, *(row["megabytes_per_second"][which] for which in ("median", "best"))]
        for name, row in rules["read_by"].items()
    ]
    title = f"{rules['notes']:,} notes, {rules['megabytes']:.2f} MB, {figures['machine']}"
    tables = [Table(("MB a second of CPU time", "median", "best"), rows, title=title, decimals=2)]
    if "encoder" in figures:
        found = figures["encoder"]
        rows = [
            [f"{DEID}, {name}", *found["times_as_long"][clock]]
            for clock, name in (("cpu", "CPU time"), ("wall", "by the clock"))
        ]
        spans = ", ".join(f"{number:,} spans by {name}" for name, number in found["spans"].items())
        title = f"{found['notes']:,} notes, {found['precision']}, {figures['machine']}; {spans}"
        columns = (f"time, {NER} = 1", "median", "least", "most")
        tables.append(Table(columns, rows, title=title, decimals=2))
    return tables
