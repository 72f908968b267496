"""`modernbert-bio benchmark speed`: the encoder in spaCy against what it replaces, here and now.

Prints ratios, and the share of this machine's own matrix-product rate. Random weights run as fast
as trained ones. Takes minutes at base size; nothing else should run meanwhile.
"""

import logging
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from spacy_modernbert_bio.benchmarks import contenders as who
from spacy_modernbert_bio.benchmarks.memory import peak_megabytes
from spacy_modernbert_bio.benchmarks.overhead import measure_overhead
from spacy_modernbert_bio.benchmarks.speed import (
    Contender,
    Race,
    make_texts,
    matrix_rate,
    run_race,
    workloads,
)
from spacy_modernbert_bio.cli.benchmark_deid import deid
from spacy_modernbert_bio.cli.benchmark_deid_speed import deid_speed
from spacy_modernbert_bio.cli.benchmark_labelling import labelling
from spacy_modernbert_bio.cli.benchmark_long_context import long_context
from spacy_modernbert_bio.cli.benchmark_options import Encoder, Rounds, Threads, chosen
from spacy_modernbert_bio.cli.benchmark_training import training
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.evaluation import write_figures
from spacy_modernbert_bio.cli.options import FiguresAsJson, FiguresFile, Quiet
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, locate_checkpoint
from spacy_modernbert_bio.encoder.precision import has_bf16
from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.pretraining.flops import forward_flops

app = typer.Typer(help="Measure speed and memory on this machine.")

_PACKAGES = ("spacy-modernbert-bio", "spacy-transformers", "transformers", "torch")
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
OURS = "Encoder.v1"


@app.callback()
def benchmark() -> None:
    """Measure speed and memory on this machine."""


app.command()(training)
app.command()(deid)
app.command("deid-speed")(deid_speed)
app.command()(labelling)
app.command("long-context")(long_context)


@app.command()
def speed(
    encoder: Encoder,
    workload: Annotated[
        list[str] | None, typer.Option(help="notes, sentences or long; may repeat. [default: all]")
    ] = None,
    precision: Annotated[
        list[str] | None, typer.Option(help="fp32 or bf16; may repeat. [default: what is native]")
    ] = None,
    rounds: Rounds = 3,
    threads: Threads = 2,
    memory: Annotated[bool, typer.Option(help="Peak memory of the long note too.")] = True,
    output: FiguresFile = None,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Compare speed with plain transformers and spacy-transformers: same weights, one run."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        figures = measure_speed(
            locate_checkpoint(encoder),
            names=chosen(workload, list(workloads()), "--workload"),
            precisions=chosen(precision, _native(), "--precision", list(_DTYPES)),
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


def measure_speed(
    folder: Path,
    *,
    names: list[str],
    precisions: list[str],
    rounds: int,
    threads: int,
    memory: bool,
    console: Console,
) -> dict[str, Any]:
    """All figures of one run, as plain data."""
    torch.set_num_threads(threads)
    # The stock model's notes about lengths and classes would come once a round.
    logging.getLogger("transformers").setLevel(logging.ERROR)
    checkpoint = load_checkpoint(folder)
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    del checkpoint
    races = []
    mine = {name: who.ours(folder, name) for name in precisions}
    for name in names:
        task = workloads()[name]
        texts = make_texts(tokenizer, task.lengths)
        operations = forward_flops(config, task.lengths, supervised=0, causal=False)
        for kind in precisions:
            rivals = _rivals(folder, name, kind)
            field = {OURS: who.run_pipeline(mine[kind]), **rivals}
            rate = matrix_rate(config, _DTYPES[kind])
            race = run_race(task, field, texts, rate, rounds, console.say)
            overhead = measure_overhead(mine[kind], texts)
            races.append(
                _race_figures(race, kind, operations)
                | {"overhead_share": overhead.share, "overhead_us": overhead.microseconds}
            )
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {threads} threads, bf16 native: {_cpu_has_bf16()}",
        "versions": {name: version(name) for name in _PACKAGES},
        "rounds": rounds,
        "races": races,
    }
    if memory:
        (text,) = make_texts(tokenizer, workloads()["long"].lengths)
        console.say("peak memory of the long note")
        figures["peak_megabytes"] = {
            name: peak_megabytes(name, who.prepare_reading, (name, folder, text), threads)
            for name in ("ours", "padded")
        }
    return figures


def _rivals(folder: Path, workload: str, precision: str) -> dict[str, Contender]:
    """What ours runs against; spacy-transformers has fp32 only on a CPU."""
    plain = who.PlainTransformers(folder, _DTYPES[precision])
    rivals: dict[str, Contender] = {
        "transformers, padded": plain.padded,
        "spacy-transformers, doc_spans, fp32": who.run_pipeline(who.stock(folder)),
    }
    if workload != "long":
        rivals["transformers, one by one"] = plain.one_by_one
    if precision != "fp32":
        rivals[f"{OURS}, fp32"] = who.run_pipeline(who.ours(folder, "fp32"))
    return rivals


def _race_figures(race: Race, precision: str, operations: float) -> dict[str, Any]:
    rows = {}
    for name, seconds in race.seconds.items():
        middle, least, most = race.ratio(name, OURS)
        rows[name] = {
            "seconds": seconds,
            "times_ours": middle,
            "times_ours_range": [least, most],
            "share_of_matrix_rate": race.share(name, operations),
        }
    return {
        "workload": race.workload.name,
        "precision": precision,
        "matrix_gflops": [rate / 1e9 for rate in race.rates],
        "contenders": rows,
    }


def _show(figures: dict[str, Any], console: Console) -> None:
    columns = ("contender", "time, ours = 1", "least", "most", "share of matrix rate")
    for race in figures["races"]:
        rows = [
            (name, row["times_ours"], *row["times_ours_range"], row["share_of_matrix_rate"])
            for name, row in race["contenders"].items()
        ]
        title = f"{race['workload']}, {race['precision']}, {figures['machine']}"
        console.table(Table(columns, rows, title=title, decimals=2))
        console.say(
            f"own overhead: {race['overhead_share']:.1%} of the pass, "
            f"{race['overhead_us']:.1f} µs a token"
        )
    if "peak_megabytes" in figures:
        peaks = figures["peak_megabytes"]
        rows = [(OURS, peaks["ours"]), ("transformers, padded", peaks["padded"])]
        title = "peak memory above the loaded model, 8,192 pieces"
        console.table(Table(("contender", "MB"), rows, title=title, decimals=0))


def _native() -> list[str]:
    return ["fp32", "bf16"] if _cpu_has_bf16() else ["fp32"]


def _cpu_has_bf16() -> bool:
    return has_bf16(torch.device("cpu"))
