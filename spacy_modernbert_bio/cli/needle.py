"""`modernbert-bio needle`: can a probe read from [CLS] what one sentence of a long document says?

Prints accuracies and chance, never a text. Hours on a CPU for thousands of pieces: give it a GPU.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.analysis.haystacks import ANSWERS, PLACES
from spacy_modernbert_bio.analysis.needle import NeedleResult, probe
from spacy_modernbert_bio.cli.analysis_inputs import TEXTS_HELP, load_on_device, read_all_texts
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import CheckpointName, FiguresAsJson, GpuId, Quiet
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Cell, Table


def needle(
    checkpoint: CheckpointName,
    texts: Annotated[Path, typer.Option(help=f"English texts to hide it in: {TEXTS_HELP}")],
    lengths: Annotated[
        str, typer.Option(metavar="N,N,...", help="Lengths of documents, in pieces.")
    ] = "512,2048,8192",
    documents: Annotated[
        int, typer.Option(min=1, help="For each length and place, to train and again to test.")
    ] = 64,
    classes: Annotated[
        int, typer.Option(min=2, max=len(ANSWERS), help="Different needles to tell apart.")
    ] = 4,
    seed: Annotated[int, typer.Option(help="Of documents and probe.")] = 0,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Hide a sentence in long documents, and probe what [CLS] knows of it."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        sizes = parse_lengths(lengths)
        found = read_all_texts(texts)
        result = probe(
            load_on_device(checkpoint, gpu_id),
            found,
            lengths=sizes,
            documents=documents,
            classes=classes,
            seed=seed,
            progress=lambda jobs: console.progress(jobs, len(jobs), label="lengths and places"),
        )
    if as_json:
        figures = {"chance": result.chance, "accuracy": result.accuracy, "seed": seed}
        console.emit({**asdict(result), **figures})
        return
    console.table(needle_table(result))
    console.say(f"{result.accuracy:.1%} over all; guessing gives {result.chance:.1%}.")


def parse_lengths(lengths: str) -> list[int]:
    """Numbers parted by commas. Raises ConfigError for anything else."""
    parts = [part.strip() for part in lengths.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise ConfigError(
            where="--lengths", found=repr(lengths), wanted="numbers of pieces as 512,2048"
        )
    return [int(part) for part in parts]


def needle_table(result: NeedleResult) -> Table:
    """A row a length; accuracy for each place, and what guessing gives."""
    rows: dict[int, list[Cell]] = {}
    for cell in result.cells:
        rows.setdefault(cell.length, [cell.length]).append(cell.accuracy)
    return Table(
        ("pieces", *PLACES, "chance"),
        [[*row, result.chance] for row in rows.values()],
        title=f"Accuracy by place of the needle, {result.documents:,} test documents a cell",
    )
