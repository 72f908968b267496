from pathlib import Path
from typing import Any

import pytest

from spacy_modernbert_bio.corpora.reading import (
    CATEGORY_FORMATS,
    FORMATS,
    SPAN_FORMATS,
    ReadOptions,
)
from spacy_modernbert_bio.errors import ConfigError


def test_every_format_takes_the_defaults_but_the_one_that_needs_its_notes() -> None:
    assert {*SPAN_FORMATS, *CATEGORY_FORMATS} == {*FORMATS}
    for name in {*FORMATS} - {"mimic-phenotype"}:
        ReadOptions().check(name)
    ReadOptions(notes=Path("NOTEEVENTS.csv")).check("mimic-phenotype")
    ReadOptions(separator=";", categories=["a", "b"], id_column="n").check("rows")


IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("xml", {}, "source_format=...\\): found 'xml'; wanted one of iob, pubtator, brat, i2b2, ph"),
    ("pubtator", {"sentences_per_document": 3}, "found it, with pubtator; wanted it with iob only"),
    ("iob", {"sentences_per_document": -1}, "found -1; wanted 0 or more"),
    ("pubtator", {"discontinuous": "fragments"}, "found it, with pubtator; wanted it with brat"),
    ("brat", {"discontinuous": "none"}, "found 'none'; wanted cover or fragments"),
    ("hoc", {"separator": ";"}, "separator=...\\): found it, with hoc; wanted it with rows only"),
    ("rows", {"inside": "a"}, "inside=...\\): found it, with rows; wanted it with iob, pubtator"),
    ("rows", {"notes": Path("n.csv")}, "found it, with rows; wanted it with mimic-phenotype only"),
    ("rows", {"categories": "smoker"}, "categories=...\\): found a list with a blank, or one name"),
    ("rows", {"categories": ("a", "a")}, "found a list with a blank, or one name twice"),
    ("rows", {"categories": ("a", " ")}, "found a list with a blank, or one name twice"),
    ("mimic-phenotype", {}, "notes=...\\): found none; wanted the path of NOTEEVENTS.csv, with"),
]


@pytest.mark.parametrize(("source_format", "options", "message"), IMPOSSIBLE)
def test_options_that_do_not_fit_are_refused(
    source_format: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ReadOptions(**options).check(source_format)
