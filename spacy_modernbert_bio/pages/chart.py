"""Line charts as inline SVG: axes, ticks, legend, title; readable by day and by night.

A string for the body of `html.page`: no script, nothing fetched, every text escaped. Costs a few
hundred bytes a point up to `_MARKED` points of a line; longer lines are thinned to what a screen
can show. Draws no interaction but the browser's own tooltips.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.pages.html import escape

# Sizes are in units of the drawing, which takes the width that the page gives it.
_WIDTH, _HEIGHT = 760, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 16, 12, 52
_TICKS = 6
# Lines of at most so many points show each point, with its values as a tooltip.
_MARKED = 64
# Degrees between the hues of neighbouring lines: the golden angle never comes back to one.
_FIRST_HUE, _HUE_STEP = 250, 137.508
# What floats can still be added and divided at; beyond it a value counts as infinite.
_LARGEST = 1e100
_UNITS = ((1e9, "B"), (1e6, "M"), (1e3, "k"))

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One line. points: (x, y), joined in their order; not finite ones break it. May be empty."""

    name: str
    points: Sequence[Point]
    dashed: bool = False


@dataclass(frozen=True)
class _Axis:
    """One direction. place: a value to a coordinate of the drawing. ticks: values and names."""

    place: Callable[[float], float]
    ticks: Sequence[tuple[float, str]]


def line_chart(
    series: Sequence[Series], *, title: str, x_label: str, y_label: str, log_y: bool = False
) -> str:
    """A `<figure>`: the title, a legend and the drawing.

    log_y: powers of ten at equal distances; values of 0 and below break a line, as NaN does.
    """
    lines = [list(_unbroken(each.points, log_y)) for each in series]
    drawn = [point for pieces in lines for piece in pieces for point in piece]
    x_axis = _axis([x for x, _ in drawn], _LEFT, _WIDTH - _RIGHT, log=False)
    y_axis = _axis([y for _, y in drawn], _HEIGHT - _BOTTOM, _TOP, log=log_y)
    marks = "".join(
        _line(pieces, number, each, x_axis, y_axis)
        for number, (pieces, each) in enumerate(zip(lines, series, strict=True))
    )
    nothing = "" if drawn else _text(_WIDTH / 2, _HEIGHT / 2, "nothing to draw", "middle")
    legend = "".join(_legend(number, each) for number, each in enumerate(series))
    return (
        '<figure style="margin: 0 0 2rem; max-width: 60rem">'
        f'<figcaption style="font-weight: 600">{escape(title)}</figcaption>'
        f'<div style="display: flex; flex-wrap: wrap; gap: 0 1.2rem; font-size: .875rem">{legend}'
        f'</div>\n<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}" '
        'style="display: block; width: 100%; font: 12px system-ui, sans-serif">\n'
        f"{_frame(x_axis, y_axis, x_label, y_label)}{marks}{nothing}</svg></figure>"
    )


def _unbroken(points: Sequence[Point], log_y: bool) -> Iterator[list[Point]]:
    """The runs of points that can be drawn, none of them empty."""
    run: list[Point] = []
    for x, y in points:
        if abs(x) < _LARGEST and abs(y) < _LARGEST and (y > 1 / _LARGEST or not log_y):
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _axis(values: Sequence[float], start: float, stop: float, *, log: bool) -> _Axis:
    """An axis from `start` to `stop` (coordinates) that all values lie on."""
    if log:
        low, high = _range([math.log10(value) for value in values])
        ticks = list(_log_ticks(low, high))
    else:
        low, high = _range(values)
        ticks = list(_linear_ticks(low, high, whole=all(v == int(v) for v in values)))

    def place(value: float) -> float:
        at = math.log10(value) if log else value
        return start + (at - low) / (high - low) * (stop - start)

    return _Axis(place, ticks)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest value, set apart where they are (nearly) one."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    least = max(1e-9 * max(abs(low), abs(high)), 1 / _LARGEST)
    if high - low < least:
        room = 0.1 * abs(low) or 0.5
        return low - room, high + room
    return low, high


def _linear_ticks(low: float, high: float, *, whole: bool) -> Iterator[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten; of whole numbers where the values are."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    if whole:
        step = max(1.0, step)
    for number in range(math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) + 1):
        yield number * step, _name(number * step, step)


def _log_ticks(low: float, high: float) -> Iterator[tuple[float, str]]:
    """Powers of ten between two exponents; also 2 and 5 times them, or linear ones, if few."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first >= 2:
        every = math.ceil((last - first + 1) / (_TICKS + 1))
        yield from ((10.0**power, f"{10.0**power:g}") for power in range(first, last + 1, every))
        return
    values = [f * 10.0**p for p in range(first - 1, last + 1) for f in (1, 2, 5)]
    inside = [v for v in values if low - 1e-9 <= math.log10(v) <= high + 1e-9]
    if len(inside) >= 2:
        yield from ((value, f"{value:g}") for value in inside)
    else:
        yield from _linear_ticks(10.0**low, 10.0**high, whole=False)


def _name(value: float, step: float) -> str:
    """A tick's value with the digits that tell it from its neighbours."""
    size, unit = next(((s, u) for s, u in _UNITS if abs(value) >= max(s, 10_000)), (1.0, ""))
    last = math.floor(math.log10(step / size) + 1e-9)
    if abs(value) < step / 2:
        return "0"
    if size > 1 or last >= -4:
        shown = f"{value / size:.{max(0, -last)}f}"
        return (shown.rstrip("0").rstrip(".") if "." in shown else shown) + unit
    return f"{value:.{max(1, math.floor(math.log10(abs(value))) - last + 1)}g}"


def _thinned(points: Sequence[Point], axis: _Axis) -> list[Point]:
    """The first, lowest, highest and last point of each unit of width: the line looks the same."""
    columns: list[tuple[int, list[Point]]] = []
    for point in points:
        column = round(axis.place(point[0]))
        if not columns or columns[-1][0] != column:
            columns.append((column, []))
        columns[-1][1].append(point)
    kept = []
    for _, group in columns:
        ys = [y for _, y in group]
        chosen = {0, ys.index(min(ys)), ys.index(max(ys)), len(group) - 1}
        kept += [group[index] for index in sorted(chosen)]
    return kept


def _line(
    pieces: Sequence[Sequence[Point]], number: int, series: Series, x_axis: _Axis, y_axis: _Axis
) -> str:
    """The paths of one series; dots at its points if they are few, or stand alone."""
    marked = sum(map(len, pieces)) <= _MARKED
    parts = [f'<g style="color: {_colour(number)}">']
    for piece in pieces:
        shown = piece if marked else _thinned(piece, x_axis)
        path = " ".join(f"{x_axis.place(x):.1f},{y_axis.place(y):.1f}" for x, y in shown)
        if len(piece) > 1:
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="1.8" '
                f'stroke-linejoin="round"{_dashes(series)}/>'
            )
        if marked or len(piece) == 1:
            parts += [
                f'<circle cx="{x_axis.place(x):.1f}" cy="{y_axis.place(y):.1f}" r="3" '
                f'fill="currentColor"><title>{escape(f"{series.name}: {x:g}, {y:.4g}")}</title>'
                "</circle>"
                for x, y in piece
            ]
    return "".join([*parts, "</g>\n"])


def _frame(x_axis: _Axis, y_axis: _Axis, x_label: str, y_label: str) -> str:
    """Grid, ticks and the names of the axes."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    grid, names = [], []
    for value, name in x_axis.ticks:
        x = x_axis.place(value)
        grid.append(f"M{x:.1f} {_TOP}V{bottom + 5}")
        names.append(_text(x, bottom + 19, name, "middle"))
    for value, name in y_axis.ticks:
        y = y_axis.place(value)
        grid.append(f"M{_LEFT - 5} {y:.1f}H{right}")
        names.append(_text(_LEFT - 9, y + 4, name, "end"))
    middle = (_TOP + bottom) / 2
    turned = f' transform="rotate(-90 14 {middle:g})"'
    return (
        f'<path d="{"".join(grid)}" style="stroke: var(--line, #8884); fill: none"/>\n'
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" style="stroke: var(--quiet, #888); '
        'fill: none"/>\n'
        + "".join(names)
        + _text((_LEFT + right) / 2, _HEIGHT - 10, x_label, "middle")
        + _text(14, middle, y_label, "middle", turned)
        + "\n"
    )


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'style="fill: var(--quiet, #888)"{more}>{escape(text)}</text>'
    )


def _legend(number: int, series: Series) -> str:
    return (
        '<span style="overflow-wrap: anywhere"><svg width="28" height="10" aria-hidden="true" '
        f'style="color: {_colour(number)}"><path d="M0 5H28" stroke="currentColor" '
        f'stroke-width="2.5"{_dashes(series)}/></svg> {escape(series.name)}</span>'
    )


def _dashes(series: Series) -> str:
    return ' stroke-dasharray="6 4"' if series.dashed else ""


def _colour(number: int) -> str:
    """Dark enough on a light page, light enough on a dark one."""
    hue = f"{(_FIRST_HUE + number * _HUE_STEP) % 360:.0f}"
    return f"light-dark(oklch(52% .16 {hue}), oklch(76% .13 {hue}))"
