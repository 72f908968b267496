"""How well documents were labelled, as one page: labels, averages, reliability, lengths.

Counts and rates only, never a text. Each label's probabilities are drawn as bars, those of
documents in which it holds above a line and the others below, with its threshold across them:
where the two mix, no threshold would part them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.pages.chart import Series, line_chart
from spacy_modernbert_bio.pages.html import escape, page

# Sizes of a label's drawing, in its own units.
_WIDTH, _HALF = 200.0, 20.0
_STYLE = """
.about { max-width: 60rem; font-size: .875rem; color: var(--quiet) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0 }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right }
th { font-weight: 600 }
th:first-child, td:first-child { text-align: left; min-width: 11rem; overflow-wrap: break-word }
tr.out td { color: var(--quiet) }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
svg.bars { display: block; width: 200px; height: 44px }
.bars .holds { fill: light-dark(#1a7f4b, #58c98d) }
.bars .not { fill: light-dark(#8a8f98, #7b828b) }
.bars .axis { stroke: var(--line) }
.bars .threshold { stroke: light-dark(#b3261e, #ff9c94); stroke-width: 1.6 }
"""


@dataclass(frozen=True)
class LabelRow:
    """A label. cells: what the table says of it, its name first.

    holds, does_not: documents in which it holds and others, by probability, in bars of equal width
    from 0 to 1. threshold: from which it is taken to hold; None where the likeliest label is.
    counted: whether averages count it.
    """

    cells: Sequence[str]
    holds: Sequence[int]
    does_not: Sequence[int]
    threshold: float | None
    counted: bool = True


@dataclass(frozen=True)
class Section:
    """A table under its own heading. rows: cells, as many as heads. about: what it shows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    about: str = ""


def label_page(
    title: str,
    *,
    summary: str,
    heads: Sequence[str],
    labels: Sequence[LabelRow],
    reliability: Sequence[tuple[float, float]],
    sections: Sequence[Section],
    about: Sequence[str] = (),
) -> str:
    """A page with the labels' table and bars, a reliability diagram, and more tables.

    heads: of the labels' cells. reliability: (mean confidence, share that came true) a bin; may be
    empty. about: paragraphs on what was done.
    """
    body = [
        f"<p><b>{escape(summary)}</b></p>",
        '<h2>Labels</h2>\n<div class="wide">',
        _label_table(heads, labels),
        '</div>\n<p class="about">Bars: documents by the probability that the label got, from 0 to '
        "1; above the line those in which it holds, below it the others, each side scaled to its "
        "own highest bar. The line across is the label's threshold.</p>",
        line_chart(
            [
                Series("predictions, in bins", reliability),
                Series("as good as its word", [(0.0, 0.0), (1.0, 1.0)], dashed=True),
            ],
            title="Reliability",
            x_label="mean probability of the bin",
            y_label="share that came true",
        ),
        *(_section(each) for each in sections),
        *(f'<p class="about">{escape(each)}</p>' for each in about),
    ]
    return page(title, "\n".join(body), style=_STYLE)


def _label_table(heads: Sequence[str], labels: Sequence[LabelRow]) -> str:
    first, *others = heads
    out = ' class="out"'
    lines = "".join(
        f"<tr{'' if row.counted else out}><td>{escape(row.cells[0])}</td>"
        f"<td>{_bars(row)}</td>{_cells(row.cells[1:])}</tr>\n"
        for row in labels
    )
    named = "".join(f"<th>{escape(each)}</th>" for each in (first, "probabilities", *others))
    return f"<table>\n<thead><tr>{named}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>"


def _bars(row: LabelRow) -> str:
    middle = _HALF + 2.0
    at = "" if row.threshold is None else f", threshold {row.threshold:.3f}"
    name = escape(f"{row.cells[0]}: {sum(row.holds):,} hold, {sum(row.does_not):,} do not{at}")
    mark = ""
    if row.threshold is not None:
        x = row.threshold * _WIDTH
        mark = f'<path class="threshold" d="M{x:.1f} 0V{2 * middle:g}"/>'
    return (
        f'<svg class="bars" viewBox="-1 0 {_WIDTH + 2:g} {2 * middle:g}" role="img" '
        f'aria-label="{name}"><title>{name}</title>'
        f'<path class="holds" d="{_side(row.holds, middle, -1.0)}"/>'
        f'<path class="not" d="{_side(row.does_not, middle, 1.0)}"/>'
        f'<path class="axis" d="M0 {middle:g}H{_WIDTH:g}"/>{mark}</svg>'
    )


def _side(counts: Sequence[int], middle: float, direction: float) -> str:
    """Bars from the middle line up (-1) or down (1); one document can always be seen."""
    highest, width = max(counts, default=0), _WIDTH / max(1, len(counts))
    return "".join(
        f"M{number * width:.1f} {middle:g}"
        f"v{direction * max(1.0, count / highest * _HALF):.1f}h{width - 1.0:.1f}V{middle:g}z"
        for number, count in enumerate(counts)
        if count
    )


def _section(section: Section) -> str:
    heads = "".join(f"<th>{escape(each)}</th>" for each in section.heads)
    lines = "".join(f"<tr>{_cells(row)}</tr>\n" for row in section.rows)
    about = f'<p class="about">{escape(section.about)}</p>' if section.about else ""
    return (
        f'<h2>{escape(section.title)}</h2>\n<div class="wide"><table>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table></div>{about}"
    )


def _cells(cells: Sequence[str]) -> str:
    return "".join(f"<td>{escape(each)}</td>" for each in cells)
