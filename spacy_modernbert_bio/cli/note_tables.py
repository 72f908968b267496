"""Notes in columns of CSV and Parquet files, and the same tables with other texts in them.

Rows stream; every value of a CSV file is text, so that "02139" stays what it is. One text column of
one row is one note. No message shows a CSV file's first line: without names, it holds a note.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.corpora.tables import (
    ROWS_AT_ONCE,
    Row,
    csv_rows,
    open_parquet,
    parquet_rows,
    read_columns,
    text_lines,
)
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.files import atomic_file

SUFFIXES = (".csv", ".parquet")
# Arrow's types that hold text, or nothing at all.
_TEXT_TYPES = frozenset({"string", "large_string", "string_view", "null"})


def is_table(path: str | Path) -> bool:
    """Whether a name is a table's."""
    return str(path).endswith(SUFFIXES)


def check_columns(path: Path, texts: Iterable[str], others: Iterable[str] = ()) -> None:
    """Refuse a table without a column that is asked for, or with something else than texts there.

    Raises ConfigError and CorpusError.
    """
    names = read_columns(path)
    for name in (*texts, *others):
        if name not in names:
            _refuse_column(path, name, names)
    if path.suffix != ".parquet":
        return
    schema = open_parquet(path).schema_arrow
    for name in texts:
        kind = schema.field(name).type
        if str(kind.value_type if pa.types.is_dictionary(kind) else kind) not in _TEXT_TYPES:
            raise ConfigError(
                where=str(path), found=f"a column {name} of {kind}", wanted="a column of text"
            )


def read_table(path: Path, text_columns: Sequence[str]) -> Iterator[Note]:
    """The notes of a table: row by row, and in a row column by column.

    A note's fields are its row's other columns, its id is its row's "id", its source tells row and
    column. An empty cell is an empty note. Raises CorpusError for a damaged table.
    """
    for number, row in enumerate(_rows(path), start=1):
        fields = {key: value for key, value in row.items() if key not in text_columns}
        for column in text_columns:
            source = f"{path}: row {number}, {column}"
            cell = row[column]
            failure = "" if cell is None or isinstance(cell, str) else "found a cell without text."
            text = cell if isinstance(cell, str) else ""
            yield Note(source, fields.get("id", source), text, fields, failure)


def write_table(
    source: Path,
    output: Path,
    text_columns: Sequence[str],
    keep: Sequence[str],
    texts: Iterable[str],
) -> None:
    """A table's text columns with other texts, and the columns to keep; whole or not at all.

    texts: one for each note that `read_table` gives, in that order. The format is the suffix's.
    """
    names = [name for name in read_columns(source) if name in {*text_columns, *keep}]
    replacement = iter(texts)

    def rows() -> Iterator[Row]:
        for row in _rows(source):
            new = {name: next(replacement) for name in text_columns}
            blank = {name for name in text_columns if row[name] is None}
            yield {n: None if n in blank else new.get(n, row[n]) for n in names}

    with atomic_file(output) as path:
        if output.suffix == ".parquet":
            _write_parquet(path, rows(), _schema(source, names))
        else:
            _write_csv(path, rows(), names)


def _rows(path: Path) -> Iterator[Row]:
    if path.suffix == ".parquet":
        return parquet_rows(path)
    return (row for _, row in csv_rows(text_lines(path), str(path)))


def _refuse_column(path: Path, name: str, names: Sequence[str]) -> NoReturn:
    if path.suffix == ".parquet":
        raise ConfigError(
            where=str(path), found=f"no column {name}", wanted=f"one of {', '.join(names)}"
        )
    raise ConfigError(
        where=f"{path}:1",
        found=f"no column {name}",
        wanted=f"one of the {len(names)} that the line names",
        fix="Look at it: if it holds no names, it may hold a note, and so it is not shown here.",
    )


def _schema(source: Path, names: Sequence[str]) -> Any:
    if source.suffix != ".parquet":
        return pa.schema([(name, pa.string()) for name in names])
    schema = open_parquet(source).schema_arrow
    return pa.schema([schema.field(name) for name in names])


def _write_parquet(path: Path, rows: Iterator[Row], schema: Any) -> None:
    with pq.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _write_csv(path: Path, rows: Iterator[Row], names: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
