"""`modernbert-bio compare`: how far two checkpoints stand apart, layer by layer.

Loads all checkpoints at once. Prints and writes figures only, never a text.
"""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.analysis.drift import Drift, compare_checkpoints
from spacy_modernbert_bio.cli.analysis_inputs import TEXTS_HELP, load_on_device, read_all_texts
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import FiguresAsJson, GpuId, PageFile, Quiet
from spacy_modernbert_bio.evaluation.tables import Cell, Table
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.pages.chart import Series, line_chart
from spacy_modernbert_bio.pages.html import escape, page

_DECIMALS = 4
_STYLE = """
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .8rem; border-bottom: 1px solid var(--line); text-align: right }
th:first-child, td:first-child { text-align: left }
p { max-width: 60rem; color: var(--quiet) }
"""
_EXPLAINED = (
    "Weight change: Frobenius norm of the difference over that of A. Divergence: 1 − linear CKA of "
    "hidden states averaged over each text; 0 is the same up to rotation and scale."
)
_CONTROL_EXPLAINED = (
    " Control: the divergence of B from a checkpoint made as B was, with another seed. Ratio: "
    "divergence over control; at 1, A and B differ no more than by chance."
)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A ModernBERT folder or hub id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another, of the same architecture.")],
    texts: Annotated[Path, typer.Option(help=f"Held-out texts: {TEXTS_HELP}")],
    control: Annotated[
        str | None, typer.Option(help="A checkpoint made as B was, with another seed.")
    ] = None,
    html: PageFile = None,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
    as_json: FiguresAsJson = False,
) -> None:
    """Compare two checkpoints layer by layer: weights, and what they make of texts."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        found = read_all_texts(texts)
        drift = compare_checkpoints(
            load_on_device(a, gpu_id),
            load_on_device(b, gpu_id),
            found,
            control=None if control is None else load_on_device(control, gpu_id),
            progress=lambda rows: console.progress(rows, len(rows), label="reading"),
        )
        if html is not None:
            with atomic_file(html) as path:
                path.write_text(drift_page(drift, a, b, control), encoding="utf-8")
            console.say(f"Wrote {html}")
    if drift.texts <= drift.width:
        console.say(
            f"{drift.texts:,} texts are few for hidden states {drift.width:,} wide: divergences "
            "come out too small. Compare them with each other only."
        )
    if as_json:
        layers = [
            {key: _known(value) for key, value in asdict(layer).items()} for layer in drift.layers
        ]
        console.emit({"texts": drift.texts, "layers": layers})
        return
    console.table(drift_table(drift))


def drift_table(drift: Drift) -> Table:
    """A row a layer; columns of the control only where there is one."""
    controlled = any(layer.control is not None for layer in drift.layers)
    columns = ["layer", "attention", "weight change", "divergence"]
    rows: list[list[Cell]] = []
    for layer in drift.layers:
        kind = None if layer.kind == "embeddings" else layer.kind
        rows.append([layer.name, kind, layer.weight_change, _known(layer.divergence)])
        if controlled:
            rows[-1] += [_known(layer.control), _known(layer.ratio)]
    if controlled:
        columns += ["control", "ratio"]
    return Table(columns, rows, title=f"Drift on {drift.texts:,} texts", decimals=_DECIMALS)


def drift_page(drift: Drift, a: str, b: str, control: str | None) -> str:
    """A page with the curves and the table. a, b, control: names of the checkpoints."""

    def curve(name: str, values: list[float | None], *, dashed: bool = False) -> Series:
        # The embeddings stand before layer 0.
        points = [(place, math.nan if y is None else y) for place, y in enumerate(values, start=-1)]
        return Series(name, points, dashed=dashed)

    table = drift_table(drift)
    divergences = [curve("A and B", [layer.divergence for layer in drift.layers])]
    checkpoints = f"A: {a}. B: {b}."
    explained = _EXPLAINED
    if control is not None:
        controls = [layer.control for layer in drift.layers]
        divergences.append(curve("B and control", controls, dashed=True))
        checkpoints += f" Control: {control}."
        explained += _CONTROL_EXPLAINED
    across = "layer (−1: embeddings)"
    body = [
        f"<p>{escape(checkpoints)} {drift.texts:,} texts.</p>",
        line_chart(
            divergences, title="Divergence by layer", x_label=across, y_label="1 − linear CKA"
        ),
        line_chart(
            [curve("A to B", [layer.weight_change for layer in drift.layers])],
            title="Weight change by layer",
            x_label=across,
            y_label="relative norm of the change",
        ),
        _html_table(table),
        f"<p>{escape(explained)}</p>",
    ]
    return page("Two checkpoints, layer by layer", "\n".join(body), style=_STYLE)


def _html_table(table: Table) -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in table.to_cells()
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _known(value: Cell) -> Cell:
    """A figure that does not exist is None: JSON has no NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
