"""Charts: every finite point inside the drawing, nothing from outside, ticks a reader can use."""

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.pages.chart import Series, line_chart

HOSTILE = "</svg><script>alert('x')</script> & \"quotes\""
NAN, INF = math.nan, math.inf
TICK = re.compile(r">(-?[\d.e+-]+)([kMB]?)</text>")


def chart(*series: Series, log_y: bool = False) -> str:
    return line_chart(series, title="Loss", x_label="step", y_label="nats", log_y=log_y)


def elements(drawn: str, tag: str) -> list[ET.Element]:
    """Parsing as XML is a test in itself: a browser is more forgiving."""
    return list(ET.fromstring(drawn).iter(tag))


def dots(drawn: str) -> list[tuple[float, float]]:
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in elements(drawn, "circle")]


def corners(drawn: str) -> list[list[tuple[float, float]]]:
    lines = [line.attrib["points"].split() for line in elements(drawn, "polyline")]
    return [[tuple(map(float, point.split(","))) for point in line] for line in lines]


def ticks(drawn: str) -> list[float]:
    """Numbers on both axes, as a reader reads them."""
    units = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}
    return [float(number) * units[unit] for number, unit in TICK.findall(drawn)]


numbers = st.floats() | st.integers(-5, 5).map(float)


@given(
    st.lists(st.lists(st.tuples(numbers, numbers), max_size=80), max_size=3),
    st.booleans(),
)
def test_any_points_make_a_chart_with_all_lines_inside(points, log_y) -> None:
    drawn = chart(*(Series(str(n), each) for n, each in enumerate(points)), log_y=log_y)
    for x, y in [*dots(drawn), *(point for line in corners(drawn) for point in line)]:
        assert 0 < x < 760
        assert 0 < y < 360
    assert len(TICK.findall(drawn)) >= 2


def test_points_stand_where_their_values_say() -> None:
    (first, second, third) = dots(chart(Series("a", [(0, 0), (1, 1), (4, 2)])))
    assert first[0] < second[0] < third[0]
    assert second[0] - first[0] == pytest.approx((third[0] - first[0]) / 4, abs=0.1)
    assert first[1] - second[1] == pytest.approx(second[1] - third[1], abs=0.1)
    assert first[1] > third[1], "up is more"


def test_logarithmic_axis_sets_powers_of_ten_at_equal_distances() -> None:
    drawn = chart(Series("a", [(0, 1e-4), (1, 1e-2), (2, 1)]), log_y=True)
    ys = [y for _, y in dots(drawn)]
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.1)
    assert {1e-4, 1e-3, 1e-2, 1e-1, 1} <= set(ticks(drawn))


@pytest.mark.parametrize(("low", "high"), [(1, 30), (2, 2.2), (0.5, 60)])
def test_narrow_logarithmic_axis_has_ticks_too(low, high) -> None:
    found = [t for t in ticks(chart(Series("a", [(7, low), (7, high)]), log_y=True)) if t != 7]
    assert sum(low <= tick <= high for tick in found) >= 3


@pytest.mark.parametrize("gap", [NAN, INF, -INF])
def test_value_that_is_not_finite_breaks_the_line(gap) -> None:
    drawn = chart(Series("a", [(0, 1), (1, 2), (2, gap), (3, 1), (4, 2), (gap, 1), (6, 3)]))
    assert [len(line) for line in corners(drawn)] == [2, 2]
    assert len(dots(drawn)) == 5, "the last point stands alone, and is seen"


def test_logarithmic_line_breaks_at_zero() -> None:
    drawn = chart(Series("a", [(0, 1), (1, 2), (2, 0), (3, 1), (4, 2)]), log_y=True)
    assert [len(line) for line in corners(drawn)] == [2, 2]


@pytest.mark.parametrize("series", [[], [Series("held-out", [])], [Series("b", [(NAN, 1)])]])
def test_chart_of_nothing_says_so(series) -> None:
    assert "nothing to draw" in chart(*series)
    assert "nothing to draw" not in chart(Series("a", [(0, 0)]))


def test_long_line_is_thinned_and_keeps_its_extremes() -> None:
    points = [(float(i), float(i % 7)) for i in range(50_000)] + [(50_000.0, 100.0)]
    points[25_000] = (25_000.0, -100.0)
    drawn = chart(Series("a", points))
    (line,) = corners(drawn)
    last = line[-1]
    assert len(line) < 4 * 760
    assert min(y for _, y in line) == last[1]
    lowest = max(line, key=lambda point: point[1])
    assert lowest[0] == pytest.approx((line[0][0] + last[0]) / 2, abs=1)
    assert not dots(drawn)


def test_whole_numbers_get_whole_ticks() -> None:
    drawn = chart(Series("layers", [(0, 10), (1, 20), (2, 30)]))
    assert all(tick == int(tick) for tick in ticks(drawn))


@pytest.mark.parametrize(
    ("largest", "name"),
    [(5e10, "50B"), (2e6, "2M"), (20_000, "20k"), (0.5, "0.5"), (2e-4, "0.0002"), (2e-7, "2e-07")],
)
def test_ticks_are_short(largest, name) -> None:
    assert f">{name}</text>" in chart(Series("a", [(0, 0), (largest, 0.1)]))


def test_neighbouring_ticks_have_different_names() -> None:
    for low, high in ((1_000_000, 1_000_100), (3, 3.0001), (0, 1e-9), (-5e9, 5e9)):
        drawn = chart(Series("a", [(low, low), (high, high)]))
        found = [number + unit for number, unit in TICK.findall(drawn)]
        assert len(found) == 2 * len(set(found)), "each once on either axis"


def test_hostile_texts_are_texts() -> None:
    drawn = line_chart([Series(HOSTILE, [(0, 0)])], title=HOSTILE, x_label=HOSTILE, y_label=HOSTILE)
    assert "<script" not in drawn
    read = "".join(ET.fromstring(drawn).itertext())
    assert read.count(HOSTILE) == 5  # title, legend, two axes, the point's tooltip


def test_nothing_is_fetched() -> None:
    drawn = chart(Series("a", [(0, 1), (1, 2)]), Series("b", [(0, 2), (1, 1)], dashed=True))
    assert not re.search(r"url\(|href|src=|https?:|@import|<style|<script|<image", drawn)


def test_dashed_series_is_dashed_in_line_and_legend_and_has_a_colour_of_its_own() -> None:
    drawn = chart(Series("a", [(0, 1), (1, 2)]), Series("b", [(0, 2), (1, 1)], dashed=True))
    assert drawn.count("stroke-dasharray") == 2
    assert len(set(re.findall(r"color: (light-dark\(.*?\)\))", drawn))) == 2


def test_tooltip_tells_the_point() -> None:
    assert "<title>loss: 3, 2.5</title>" in chart(Series("loss", [(3, 2.5)]))
