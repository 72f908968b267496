"""`modernbert-bio benchmark long-context`: what of a long note a trained classifier uses."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from spacy_modernbert_bio.benchmarks.long_context import Verdict, judge_notes
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.evaluation import write_figures
from spacy_modernbert_bio.cli.options import FiguresAsJson, GpuId, Quiet
from spacy_modernbert_bio.cli.pipelines import load_pipeline, use_device
from spacy_modernbert_bio.components.phenotype import PhenotypePipe
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table

# Words from which a row begins, and parts of a note that are columns.
_LENGTHS = (0, 1_000, 3_000)
_PARTS = 5
_SHOWN = (1, 3)


def long_context(
    model: Annotated[str, typer.Argument(help="Folder or package of a trained pipeline.")],
    data: Annotated[Path, typer.Argument(help="Notes of `synthetic-findings`, a .spacy file.")],
    window: Annotated[
        int, typer.Option(min=3, help="Pieces that the truncated notes are cut to.")
    ] = 512,
    seed: Annotated[int, typer.Option(help="Of the sentences that are taken out.")] = 0,
    output: Annotated[
        Path | None, typer.Option(help="Write every note's verdict and the tables here, as JSON.")
    ] = None,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Judge a classifier by where in a note the deciding sentence stands, and its evidence."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        use_device(gpu_id)
        nlp = load_pipeline(model)
        ours = [name for name in nlp.pipe_names if isinstance(nlp.get_pipe(name), PhenotypePipe)]
        if len(ours) != 1:
            raise ConfigError(
                where=model,
                found=f"{len(ours)} components of the kind modernbert_phenotype",
                wanted="one",
            )
        verdicts = judge_notes(
            nlp,
            read_docs(data, nlp.vocab, longest=nlp.max_length),
            component=ours[0],
            window=window,
            seed=seed,
            progress=console.progress,
        )
        figures = figures_of(verdicts, window)
        if output is not None:
            content = {**figures, "notes": [asdict(verdict) for verdict in verdicts]}
            write_figures(content, output)
        if as_json:
            console.emit(figures)
            return
        for table in tables_of(figures):
            console.table(table)


def figures_of(verdicts: Sequence[Verdict], window: int) -> dict[str, Any]:
    """Shares as plain data: by length and part of the note, and of the evidence.

    A share is [right, notes].
    """
    rows = []
    for low, high in zip(_LENGTHS, (*_LENGTHS[1:], 10**9), strict=True):
        own = [each for each in verdicts if low <= each.words < high]
        parts = [[each for each in own if _part(each) == part] for part in range(_PARTS)]
        rows.append(
            {
                "words_from": low,
                "whole": [_share(part, lambda each: each.right) for part in parts],
                "in_window": [_share(part, lambda each: each.right_in_window) for part in parts],
            }
        )
    positives = [each for each in verdicts if each.is_true_positive]
    return {
        "window": window,
        "by_length": rows,
        "evidence": {
            f"first_{count}": [
                sum(each.rank is not None and each.rank <= count for each in positives),
                len(positives),
            ]
            for count in _SHOWN
        },
        "falls_without_it": _share(positives, lambda each: bool(each.falls)),
        "falls_without_another": _share(positives, lambda each: bool(each.falls_elsewhere)),
    }


def tables_of(figures: dict[str, Any]) -> list[Table]:
    """The figures of `figures_of` as a person wants to read them."""
    columns = ("words from", "read", *(f"{100 * n // _PARTS} %" for n in range(_PARTS)), "all")
    rows: list[tuple[Any, ...]] = []
    for row in figures["by_length"]:
        for name, read in (("whole", "whole"), ("in_window", f"first {figures['window']} pieces")):
            shares = row[name]
            both = [sum(column) for column in zip(*shares, strict=True)]
            rows.append((row["words_from"], read, *map(_ratio, shares), _ratio(both)))
    positions = Table(
        columns, rows, title="Right about the condition, by where its deciding sentence stands"
    )
    named = {
        "the deciding sentence is the first passage shown": figures["evidence"]["first_1"],
        "it is among the first three": figures["evidence"]["first_3"],
        "the label falls without it": figures["falls_without_it"],
        "it falls without another sentence of that length": figures["falls_without_another"],
    }
    evidence = Table(
        ("of true positives", "notes", "share"),
        [(name, share[1], _ratio(share)) for name, share in named.items()],
        title="Evidence",
    )
    return [positions, evidence]


def _part(verdict: Verdict) -> int:
    return min(int(verdict.position * _PARTS), _PARTS - 1)


def _share(verdicts: Sequence[Verdict], holds: Callable[[Verdict], bool]) -> list[int]:
    return [sum(map(holds, verdicts)), len(verdicts)]


def _ratio(share: Sequence[int]) -> float | None:
    return share[0] / share[1] if share[1] else None
