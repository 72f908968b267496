"""Rows of CSV, TSV and Parquet files, streamed, with the line that each begins in.

Every value of a text table is text, so that "02139" stays what it is. No message shows a first
line: without names of columns, it holds somebody's note.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spacy_modernbert_bio.errors import CorpusError

# Rows in memory at once, and in one group of a Parquet file.
ROWS_AT_ONCE = 256
# The csv module's own limit, 131,072, is less than long notes have. As a C long has it everywhere.
_CELL_CHARACTERS = (1 << 31) - 1

Row = dict[str, Any]


def read_columns(path: Path) -> list[str]:
    """The names of a table's columns: of Parquet by its suffix, of CSV in any other file.

    Raises CorpusError for a file that is no such table, or has two columns of one name.
    """
    if path.suffix == ".parquet":
        return _distinct(list(open_parquet(path).schema_arrow.names), str(path))
    return _names(csv.reader(text_lines(path)), str(path))


def csv_rows(
    lines: Iterable[str], where: str, *, delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a table whose first line names the columns, each with the line that it begins in.

    lines: as `text_lines` gives them; where: how messages call the file. Blank lines are no rows.
    Raises CorpusError for a row with more or fewer cells than columns, quotes that are not closed,
    and bytes that are not UTF-8.
    """
    csv.field_size_limit(_CELL_CHARACTERS)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    names = _names(reader, where)
    begin = reader.line_num + 1
    try:
        for cells in reader:
            if cells and len(cells) != len(names):
                raise CorpusError(
                    where=f"{where}:{reader.line_num}",
                    found=f"a row of {len(cells)} cells",
                    wanted=f"{len(names)}, as the first line has",
                )
            if cells:
                yield begin, dict(zip(names, cells, strict=True))
            begin = reader.line_num + 1
    except (csv.Error, UnicodeError):
        raise CorpusError(
            where=f"{where}:{reader.line_num + 1}",
            found=f"what is no row of a CSV file in UTF-8, where a row begins in line {begin}",
            wanted="quotes that are closed",
        ) from None


def text_lines(path: Path, *, newline: str = "") -> Generator[str, None, None]:
    """Lines of a UTF-8 file, plain or gzip, with their ends; a byte-order mark is left out.

    newline: as `open` takes it. Raises CorpusError for a missing file and damaged gzip data, and
    UnicodeError when the next line is not UTF-8: who reads knows which line that is.
    """
    if not path.is_file():
        raise CorpusError(where=str(path), found="no such file", wanted="a file with rows")
    packed = path.suffix == ".gz"
    with gzip.open(path) if packed else path.open("rb") as stream:
        # What is no UTF-8 passes the decoder in disguise, so that the line it is in can be told.
        text = io.TextIOWrapper(stream, "utf8", errors="surrogateescape", newline=newline)
        mark = "\N{ZERO WIDTH NO-BREAK SPACE}"
        try:
            for line in text:
                # Refuses the disguise. Nearly all lines are ASCII: a string knows that of itself.
                if not line.isascii():
                    line.encode("utf8")
                yield line.removeprefix(mark)
                mark = ""
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise CorpusError(
                where=str(path), found="damaged or cut-off gzip data", wanted="a whole gzip file"
            ) from None


def open_parquet(path: Path) -> Any:
    """A `pyarrow.parquet.ParquetFile`. Raises CorpusError for what is none."""
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException):
        raise CorpusError(
            where=str(path), found="no readable Parquet file", wanted="a whole one"
        ) from None


def parquet_rows(path: Path) -> Iterator[Row]:
    """Rows of a Parquet file, values as Python has them. Raises CorpusError for a damaged one."""
    try:
        for batch in open_parquet(path).iter_batches(batch_size=ROWS_AT_ONCE):
            yield from batch.to_pylist()
    except (OSError, pa.ArrowException):
        raise CorpusError(
            where=str(path), found="a damaged Parquet file", wanted="a whole one"
        ) from None


def _names(reader: Iterator[list[str]], where: str) -> list[str]:
    try:
        names = next(reader, [])
    except (csv.Error, UnicodeError):
        names = []
    if not names:
        raise CorpusError(
            where=f"{where}:1", found="no line with names of columns", wanted="a CSV file in UTF-8"
        )
    return _distinct(names, where)


def _distinct(names: list[str], where: str) -> list[str]:
    if len(set(names)) < len(names):
        raise CorpusError(
            where=where,
            found="columns of one name",
            wanted="a name of its own for each",
            fix="One would stand for both, and what the other holds would be lost.",
        )
    return names
