import json

import pytest

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.tables import Table

SCORES = Table(
    columns=("label", "F1", "gold"),
    rows=(("Disease", 0.91234, 1200), ("a|b", None, 7)),
    title="Spans",
)


def test_text_aligns_figures_to_the_right_and_names_to_the_left() -> None:
    assert SCORES.to_text().splitlines() == [
        "Spans",
        "label       F1   gold",
        "-------  -----  -----",
        "Disease  0.912  1,200",
        "a|b          –      7",
    ]


def test_markdown_marks_figure_columns_and_escapes_bars() -> None:
    assert SCORES.to_markdown().splitlines() == [
        "**Spans**",
        "",
        "| label   |    F1 |  gold |",
        "| ------- | ----: | ----: |",
        "| Disease | 0.912 | 1,200 |",
        r"| a\|b    |     – |     7 |",
    ]


def test_json_rows_are_not_rounded() -> None:
    rows = json.loads(json.dumps(SCORES.to_json_rows()))
    assert rows[0] == {"label": "Disease", "F1": 0.91234, "gold": 1200}
    assert rows[1]["F1"] is None


def test_table_without_rows_keeps_its_heads() -> None:
    assert Table(("a", "label"), ()).to_text() == "a    label\n---  -----"


def test_row_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="row 2: found 1 cells; wanted 2, one a column"):
        Table(("a", "b"), ((1, 2), (1,)))


def test_column_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="found a column twice; wanted each name once"):
        Table(("a", "a"), ())
