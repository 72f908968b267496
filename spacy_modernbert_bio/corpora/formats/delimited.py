"""Rows with a text and its labels: CSV, TSV, JSON lines or Parquet, their columns by name.

    id,text,labels
    17,"Smokes, no pain.",smoker;painless

    {"text": "Smokes.", "labels": ["smoker"]}

A cell of labels is a list (in CSV and TSV: written as JSON), names with a separator between them,
or one name; a whole number is read as its digits. An empty cell or list says that no label holds,
`null` that nobody looked. Rows are streamed: a note of 50 MB passes here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.tables import csv_rows, parquet_rows, read_columns, text_lines
from spacy_modernbert_bio.errors import CorpusError

DELIMITERS: Mapping[str, str] = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (*DELIMITERS, ".jsonl", ".parquet")

SAME_LABEL_TWICE = "label that stands twice in a row, kept once"

_ID = "id"


@dataclass(frozen=True)
class Columns:
    """Where in a row things are.

    text, labels: their columns. id: that of names; by default `id` where there is one, and else
    rows are named by their number. group: that of what a split must not part, as a patient.
    separator: between the labels of one cell, as ";"; a cell without one is a list, or one label.
    """

    text: str = "text"
    labels: str = "labels"
    id: str = ""
    group: str = ""
    separator: str = ""


def read_rows(
    path: Path,
    report: ConversionReport | None = None,
    *,
    columns: Columns | None = None,
    categories: tuple[str, ...] = (),
) -> Iterator[Document]:
    """A document a row, of a file that ends in one of SUFFIXES; of all but Parquet also with .gz.

    report: counts labels that stood twice; categories: all labels that there can be.
    Raises CorpusError, with file and line, for a missing column, a row that cannot be read, an
    empty text, an id that another row has, and a label that is none of `categories`.
    """
    report = ConversionReport() if report is None else report
    columns = columns or Columns()
    seen: dict[str, str] = {}
    for number, (where, row) in enumerate(_rows(path, columns), start=1):
        cells = _Cells(row, where)
        text = cells.text(columns.text)
        held = cells.labels(columns, report)
        if categories and not set(held or ()) <= set(categories):
            raise CorpusError(
                where=where,
                found=f"a label in {columns.labels} that is not in the list of {len(categories)}",
                wanted=f"some of {', '.join(categories)}",
            )
        column = columns.id or (_ID if _ID in row else "")
        name = cells.name(column) if column else f"{path.name.partition('.')[0]}-{number}"
        if name in seen:
            raise CorpusError(
                where=where,
                found=f"the id of another row, that at {seen[name]}",
                wanted="an id of its own for each",
            )
        seen[name] = where
        group = cells.name(columns.group) if columns.group else ""
        yield Document(
            name, text, where=where, categories=held, label_set=tuple(categories), group=group
        )


def _rows(path: Path, columns: Columns) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows, and where each is."""
    wanted = [columns.text, columns.labels, *filter(None, (columns.id, columns.group))]
    suffix = Path(path.name.removesuffix(".gz")).suffix
    if suffix not in SUFFIXES or path.name.endswith(".parquet.gz"):
        raise CorpusError(
            where=str(path),
            found="a name that does not tell the format",
            wanted=f"one that ends in {', '.join(SUFFIXES)}",
        )
    if suffix == ".jsonl":
        yield from _json_rows(path, wanted)
        return
    if suffix == ".parquet":
        _check(wanted, read_columns(path), str(path))
        for number, row in enumerate(parquet_rows(path), start=1):
            yield f"{path}: row {number}", row
        return
    checked = False
    for line, row in csv_rows(text_lines(path), str(path), delimiter=DELIMITERS[suffix]):
        checked = checked or _check(wanted, row, f"{path}:1")
        yield f"{path}:{line}", row


def _json_rows(path: Path, wanted: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    number = 0
    try:
        for number, line in enumerate(text_lines(path, newline="\n"), start=1):
            if line.strip():
                row = _object(line, f"{path}:{number}")
                _check(wanted, row, f"{path}:{number}")
                yield f"{path}:{number}", row
    except UnicodeError:
        raise CorpusError(
            where=f"{path}:{number + 1}", found="bytes that are not UTF-8", wanted="UTF-8 text"
        ) from None


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise CorpusError(where=where, found="no JSON object", wanted="one a line")
    return row


def _check(wanted: list[str], names: Any, where: str) -> bool:
    missing = [name for name in wanted if name not in names]
    if missing:
        raise CorpusError(
            where=where,
            found=f"no column {', '.join(missing)}",
            wanted=f"the columns {', '.join(wanted)}",
            fix="Say what they are called; what the file has is not shown, as it may be a note.",
        )
    return True


@dataclass(frozen=True)
class _Cells:
    """One row, and where it is."""

    row: Mapping[str, Any] = field(repr=False)
    where: str

    def text(self, column: str) -> str:
        text = self.row[column]
        if not isinstance(text, str) or not text.strip():
            raise CorpusError(
                where=self.where, found=f"no text in {column}", wanted="a string that is not blank"
            )
        return text

    def name(self, column: str) -> str:
        name = _text_of(self.row[column])
        if not name:
            raise CorpusError(
                where=self.where, found=f"no name in {column}", wanted="a string or a number"
            )
        return name

    def labels(self, columns: Columns, report: ConversionReport) -> tuple[str, ...] | None:
        cell = self.row[columns.labels]
        if cell is None:
            return None
        if isinstance(cell, str) and columns.separator:
            cell = [part for part in cell.split(columns.separator) if part.strip()]
        elif isinstance(cell, str) and cell.lstrip().startswith("["):
            cell = _list(cell)
        elif not isinstance(cell, list):
            cell = [cell] if cell != "" else []
        names = [_text_of(part) for part in cell] if isinstance(cell, list) else [""]
        if not all(names):
            raise CorpusError(
                where=self.where,
                found=f"something else than labels in {columns.labels}",
                wanted="a list of names, one name, or names with a separator that is given",
            )
        if len(set(names)) < len(names):
            report.repaired(SAME_LABEL_TWICE, self.where)
        return tuple(dict.fromkeys(names))


def _list(cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None


def _text_of(cell: Any) -> str:
    """A name as text, without blanks around it; nothing for what is no name."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else ""
