"""`modernbert-bio benchmark deid`: PHI found by ours and by peers, in one run, here and now.

On one thread each; start it with OMP_NUM_THREADS=1, which only holds from the start of a process.
Peers have an environment of their own: see `benchmarks.peer_programs` for what they are and which
model their figures are for.
"""

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from spacy.language import Language

from spacy_modernbert_bio.benchmarks.deid_peers import (
    Comparison,
    Contender,
    Gold,
    Standing,
    compare,
    read_in_turn,
    score_reading,
    timed,
    without_labels,
)
from spacy_modernbert_bio.benchmarks.peer_process import PeerProcess, Spans, ensure_environment
from spacy_modernbert_bio.benchmarks.peer_programs import PROGRAMS, REQUIREMENTS, SPACY_MODEL
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.deidentification import RULES, load_phi_pipeline
from spacy_modernbert_bio.cli.evaluate_phi import read_gold
from spacy_modernbert_bio.cli.evaluation import write_figures
from spacy_modernbert_bio.cli.options import BootstrapSeed, FiguresAsJson, FiguresFile, Quiet
from spacy_modernbert_bio.components.phi_record import find_phi
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.redaction import to_figures
from spacy_modernbert_bio.evaluation.tables import Cell, Table
from spacy_modernbert_bio.files import checksum

_PACKAGES = ("spacy-modernbert-bio", "spacy", "torch")


def deid(
    gold: Annotated[list[Path], typer.Argument(help='.spacy files with doc.spans["phi"].')],
    peers_folder: Annotated[
        Path, typer.Option(help="The peers' virtual environment; made where there is none.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(help="Pipeline: a folder or a package; may repeat. Rules alone run anyway."),
    ] = None,
    peer: Annotated[
        list[str] | None, typer.Option(help="presidio or philter; may repeat. [default: both]")
    ] = None,
    requirement: Annotated[
        list[str] | None,
        typer.Option(help=f"For pip; may repeat. [default: {', '.join(REQUIREMENTS)}]"),
    ] = None,
    spacy_model: Annotated[
        str, typer.Option(help="The peers' spaCy model, one of the requirements.")
    ] = SPACY_MODEL,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Score ours without this label too, say AGE; may repeat."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Notes a turn.")] = 32,
    patience: Annotated[float, typer.Option(min=1.0, help="Seconds a peer may take a turn.")] = 600,
    seed: BootstrapSeed = 0,
    output: FiguresFile = None,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Compare how PHI is found with presidio and philter: same notes, one run, one thread."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown(others=True), ExitStack() as stack:
        torch.set_num_threads(1)
        names = [RULES, *(name for name in dict.fromkeys(model or ()) if name != RULES)]
        pipelines = {name: load_phi_pipeline(name) for name in names}
        sets = {str(path): read_gold(path, pipelines[RULES]) for path in gold}
        chosen = _chosen(peer)
        console.say(f"peers in {peers_folder}")
        python = ensure_environment(peers_folder, requirement or REQUIREMENTS)
        peers = {
            f"peer {name}": PeerProcess(
                name, python, PROGRAMS[name], spacy_model, patience=patience
            )
            for name in chosen
        }
        for process in peers.values():
            stack.callback(process.close)
        mine = {name: timed(_finder(nlp, batch_size)) for name, nlp in pipelines.items()}
        figures: dict[str, Any] = {
            "machine": f"{platform.machine()}, 1 thread",
            "versions": {name: version(name) for name in _PACKAGES},
            "seed": seed,
            "batch_size": batch_size,
            "sets": [],
        }
        for name, notes in sets.items():
            measured = measure_set(
                name, notes, mine, peers, keep or (), batch_size, seed=seed, console=console
            )
            figures["sets"].append({"sha256": checksum(Path(name)), **measured})
            if not as_json:
                for table in tables_of(measured):
                    console.table(table)
        figures["peers"] = {name: process.about for name, process in peers.items()}
        if output is not None:
            write_figures(figures, output)
        if as_json:
            console.emit(figures)


def measure_set(
    name: str,
    gold: Sequence[Gold],
    ours: dict[str, Contender],
    peers: dict[str, PeerProcess],
    keep: Sequence[str],
    batch_size: int,
    *,
    seed: int,
    console: Console,
) -> dict[str, Any]:
    """All figures of one set, as plain data. keep: labels that ours is scored without too."""
    texts = [text for text, _ in gold]
    readings = read_in_turn(
        {**ours, **peers},
        texts,
        batch_size=batch_size,
        progress=lambda turns: console.progress(turns, len(turns), Path(name).stem),
    )
    kept = {f"{who}, keeping {', '.join(keep)}": who for who in ours if keep}
    mine = {who: readings[who] for who in ours}
    mine |= {new: without_labels(readings[who], keep) for new, who in kept.items()}
    readings = {**mine, **{who: readings[who] for who in peers}}
    console.say(f"{name}: intervals")
    standings = {
        who: score_reading(gold, reading, seed=seed)
        for who, reading in readings.items()
        if not reading.failure
    }
    return {
        "data": name,
        "notes": len(texts),
        "characters": sum(map(len, texts)),
        "contenders": {
            who: {"failure": reading.failure}
            if reading.failure
            else {"seconds": reading.seconds, **_standing_figures(standings[who])}
            for who, reading in readings.items()
        },
        "comparisons": [
            {
                "ours": who,
                "peer": peer,
                **_comparison_figures(compare(standings[who], standings[peer], seed=seed)),
            }
            for who in mine
            for peer in peers
            if who in standings and peer in standings
        ],
    }


def _finder(nlp: Language, batch_size: int) -> Callable[[Sequence[str]], Iterator[Spans]]:
    def find(texts: Sequence[str]) -> Iterator[Spans]:
        for doc in nlp.pipe(texts, batch_size=batch_size):
            yield tuple((span.start, span.stop, span.label) for span in find_phi(doc))

    return find


def _chosen(given: list[str] | None) -> list[str]:
    for name in given or ():
        if name not in PROGRAMS:
            raise ConfigError(where="--peer", found=name, wanted=f"one of {', '.join(PROGRAMS)}")
    return list(dict.fromkeys(given or PROGRAMS))


def _standing_figures(standing: Standing) -> dict[str, Any]:
    overall = standing.scores.overall
    return {
        "notes_per_second": standing.notes_per_second,
        "characters_per_second": standing.characters_per_second,
        "hidden": to_figures(overall.redacted_characters),
        "clean": to_figures(overall.clean_notes),
        "over": to_figures(overall.over_characters),
        "hidden_by_label": {
            label: each.redacted_characters.value
            for label, each in standing.scores.per_label.items()
            if each.redacted_characters.whole
        },
    }


def _comparison_figures(comparison: Comparison) -> dict[str, Any]:
    return {**asdict(comparison), "verdict": comparison.verdict}


def tables_of(measured: dict[str, Any]) -> Iterator[Table]:
    """A set's figures as a person wants to read them."""
    rows: list[list[Cell]] = []
    for who, row in measured["contenders"].items():
        if row.get("failure"):
            rows.append([f"{who}: {row['failure']}", *[None] * 7])
            continue
        shares = [cell for key in ("hidden", "clean", "over") for cell in _share_cells(row[key])]
        rows.append([who, *shares, f"{row['notes_per_second']:,.1f}"])
    yield Table(
        (
            "who",
            "PHI hidden",
            "95 %",
            "notes clean",
            "95 % ",
            "other text gone",
            "95 %  ",
            "notes/s",
        ),
        rows,
        title=f"{measured['data']}: {measured['notes']:,} notes",
    )
    yield Table(
        ("ours", "peer", "PHI hidden, ours - peer", "95 %", "other text", "95 % ", "better"),
        [
            [
                each["ours"],
                each["peer"],
                *_difference_cells(each["hidden"]),
                *_difference_cells(each["over"]),
                each["verdict"],
            ]
            for each in measured["comparisons"]
        ],
        title="More PHI hidden at equal or less over-redaction",
    )
    told = {who: row for who, row in measured["contenders"].items() if not row.get("failure")}
    labels = sorted({label for row in told.values() for label in row["hidden_by_label"]})
    yield Table(
        ("label", *told),
        [
            [label, *(row["hidden_by_label"].get(label) for row in told.values())]
            for label in labels
        ],
        title="PHI hidden, by its gold label",
    )


def _share_cells(share: dict[str, Any]) -> list[Cell]:
    interval = share["interval"]
    return [share["share"], None if interval is None else "{:.3f}-{:.3f}".format(*interval)]


def _difference_cells(test: dict[str, Any]) -> list[Cell]:
    return [f"{test['difference']:+.3f}", f"{test['low']:+.3f} to {test['high']:+.3f}"]
