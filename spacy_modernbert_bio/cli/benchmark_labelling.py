"""`modernbert-bio benchmark labelling`: labels of documents against plain transformers, here.

Prints ratios, what the classifier adds to the encoder's time, and peak memory. Random weights run
as fast as trained ones. Takes minutes at base size; nothing else should run meanwhile.
"""

import platform
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer

from spacy_modernbert_bio.benchmarks.contenders import run_pipeline
from spacy_modernbert_bio.benchmarks.labelling import (
    FACTORY,
    PlainClassifier,
    head_share,
    labelling_pipeline,
    labelling_workloads,
    prepare_labelling,
)
from spacy_modernbert_bio.benchmarks.memory import peak_megabytes
from spacy_modernbert_bio.benchmarks.speed import make_texts, matrix_rate, run_race
from spacy_modernbert_bio.cli.benchmark_options import Encoder, Rounds, Threads, chosen
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.evaluation import write_figures
from spacy_modernbert_bio.cli.options import FiguresAsJson, FiguresFile, Quiet
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, locate_checkpoint
from spacy_modernbert_bio.evaluation.tables import Table

_PACKAGES = ("spacy-modernbert-bio", "transformers", "torch")
_WORKLOADS = tuple(labelling_workloads())
PADDED, ONE_BY_ONE = "transformers, padded", "transformers, one by one"


def labelling(
    encoder: Encoder,
    workload: Annotated[
        list[str] | None, typer.Option(help="long or short; may repeat. [default: both]")
    ] = None,
    rounds: Rounds = 3,
    threads: Threads = 2,
    memory: Annotated[bool, typer.Option(help="Peak memory too, each in its own process.")] = True,
    output: FiguresFile = None,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Compare labels of documents with plain transformers: same encoder, texts and run; fp32."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        names = chosen(workload, _WORKLOADS, "--workload")
        figures = measure_labelling(
            locate_checkpoint(encoder),
            names=names,
            rounds=rounds,
            threads=threads,
            memory=memory,
            console=console,
        )
        if output is not None:
            write_figures(figures, output)
        if as_json:
            console.emit(figures)
        else:
            for table in tables_of(figures):
                console.table(table)


def measure_labelling(
    folder: Path, *, names: list[str], rounds: int, threads: int, memory: bool, console: Console
) -> dict[str, Any]:
    """All figures of one run, as plain data."""
    torch.set_num_threads(threads)
    checkpoint = load_checkpoint(folder)
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    del checkpoint
    nlp = labelling_pipeline(folder, "fp32")
    plain = PlainClassifier(folder, torch.float32)
    races = []
    for name in names:
        task = labelling_workloads()[name]
        texts = make_texts(tokenizer, task.lengths)
        contenders = {FACTORY: run_pipeline(nlp), PADDED: plain.padded}
        if len(texts) > 1:
            contenders[ONE_BY_ONE] = plain.one_by_one
        rate = matrix_rate(config, torch.float32)
        race = run_race(task, contenders, texts, rate, rounds, console.say)
        shares = [head_share(nlp, texts) for _ in range(rounds)]
        peaks: dict[str, float] = {}
        if memory:
            for who in ("ours", "padded"):
                console.say(f"{task.name}: peak memory, {who}")
                arguments = (who, folder, texts)
                peaks[who] = peak_megabytes(who, prepare_labelling, arguments, threads)
        races.append(
            {
                "workload": task.name,
                "seconds": race.seconds,
                "times_ours": {other: race.ratio(other, FACTORY) for other in contenders},
                "head_share": [median(shares), min(shares), max(shares)],
                "peak_megabytes": peaks,
            }
        )
    return {
        "machine": f"{platform.machine()}, {threads} threads, fp32",
        "versions": {name: version(name) for name in _PACKAGES},
        "rounds": rounds,
        "races": races,
    }


def tables_of(figures: dict[str, Any]) -> list[Table]:
    """The figures as a person wants to read them."""
    tables = []
    for race in figures["races"]:
        added, least, most = race["head_share"]
        peaks = {FACTORY: race["peak_megabytes"].get("ours")}
        peaks[PADDED] = race["peak_megabytes"].get("padded")
        tables.append(
            Table(
                ("contender", "time, ours = 1", "least", "most", "peak MB"),
                [
                    (name, *ratios, None if peaks.get(name) is None else round(peaks[name]))
                    for name, ratios in race["times_ours"].items()
                ],
                title=f"{race['workload']}, {figures['machine']}; the classifier adds "
                f"{added:.1%} ({least:.1%} to {most:.1%}) to the encoder's time",
                decimals=2,
            )
        )
    return tables
