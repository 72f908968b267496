"""`modernbert-bio benchmark training`: a training step against plain transformers, here and now.

Ratios, shares of this machine's own matrix-product rate, and memory. Random weights run as fast as
trained ones. Nothing else should run meanwhile. At base size on a CPU it takes a quarter of an hour
and 20 GB for the mixed notes, and more than 24 GB for the long one: all logits are made there.
"""

import logging
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from spacy_modernbert_bio.benchmarks.memory import peak_megabytes
from spacy_modernbert_bio.benchmarks.speed import matrix_rate, run_race
from spacy_modernbert_bio.benchmarks.training_step import (
    CHECKPOINTED,
    OURS,
    PLAIN,
    Learner,
    make_step_batch,
    prepare_step,
    training_workloads,
)
from spacy_modernbert_bio.cli.benchmark_options import Encoder, Rounds, Threads, chosen
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.evaluation import write_figures
from spacy_modernbert_bio.cli.options import FiguresAsJson, FiguresFile, Quiet
from spacy_modernbert_bio.encoder.checkpoint import locate_checkpoint
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.pretraining.flops import training_flops

_PACKAGES = ("spacy-modernbert-bio", "transformers", "torch")
_WORKLOADS = ("mixed", "long")


def training(
    encoder: Encoder,
    workload: Annotated[
        list[str] | None, typer.Option(help="mixed or long; may repeat. [default: both]")
    ] = None,
    rounds: Rounds = 3,
    threads: Threads = 2,
    memory: Annotated[bool, typer.Option(help="Peak memory too, each in its own process.")] = True,
    output: FiguresFile = None,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Compare a training step with plain transformers: same weights, batch and masks, one run."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        names = chosen(workload, _WORKLOADS, "--workload")
        figures = measure_training(
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
            _show(figures, console)


def measure_training(
    folder: Path, *, names: list[str], rounds: int, threads: int, memory: bool, console: Console
) -> dict[str, Any]:
    """All figures of one run, as plain data."""
    torch.set_num_threads(threads)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    config = EncoderConfig.from_file(folder / "config.json")
    tasks = training_workloads(config.max_position_embeddings)
    learners = {kind: Learner(kind, folder) for kind in (OURS, CHECKPOINTED, PLAIN)}
    batches = {name: make_step_batch(folder, tasks[name].lengths) for name in names}
    # First: these processes need the room that the contenders take up here.
    peaks: dict[tuple[str, str], float] = {}
    for name in names if memory else ():
        for kind, learner in learners.items():
            console.say(f"peak memory: {tasks[name].name}, {kind}")
            arguments = (learner, batches[name])
            peaks[name, kind] = peak_megabytes(kind, prepare_step, arguments, threads)
    steps = {kind: learner.build() for kind, learner in learners.items()}
    races: list[dict[str, Any]] = []
    for name in names:
        batch = batches[name]
        race = run_race(
            tasks[name], steps, batch, matrix_rate(config, torch.float32), rounds, console.say
        )
        lengths = batch.layout.lengths
        needed = training_flops(config, lengths, supervised=batch.supervised, causal=False)
        rows: dict[str, dict[str, Any]] = {}
        for kind, seconds in race.seconds.items():
            middle, least, most = race.ratio(kind, OURS)
            rows[kind] = {
                "seconds": seconds,
                "times_ours": middle,
                "times_ours_range": [least, most],
                "share_of_matrix_rate": race.share(kind, needed),
                "loss": race.results[kind],
            }
            if (name, kind) in peaks:
                rows[kind]["peak_megabytes"] = peaks[name, kind]
        races.append({"workload": tasks[name].name, "contenders": rows})
    return {
        "machine": f"{platform.machine()}, {threads} threads, fp32",
        "versions": {name: version(name) for name in _PACKAGES},
        "rounds": rounds,
        "races": races,
    }


def _show(figures: dict[str, Any], console: Console) -> None:
    columns = ("step", "time, ours = 1", "least", "most", "share of matrix rate", "loss")
    for race in figures["races"]:
        rows = [
            (
                name,
                row["times_ours"],
                *row["times_ours_range"],
                row["share_of_matrix_rate"],
                f"{row['loss']:.5f}",
                row.get("peak_megabytes"),
            )
            for name, row in race["contenders"].items()
        ]
        title = f"{race['workload']}, {figures['machine']}"
        console.table(Table((*columns, "peak MB"), rows, title=title, decimals=2))
    console.say("Peaks are above the loaded model and its optimizer's state.")
