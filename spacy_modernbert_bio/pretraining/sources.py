"""Streams the texts of a corpus source from JSONL, plain text and Parquet, plain or compressed.

pyarrow decompresses (gzip, zstd) and reads Parquet, and notices a file that is cut off. Memory is
bounded by one line, one batch of a Parquet file, or one text file that is one document.
"""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import decode_text
from spacy_modernbert_bio.pretraining.config import SourceConfig

_COMPRESSED = (".gz", ".zst")
# Rows of a Parquet file in memory at once.
_BATCH_ROWS = 512
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class SourceText:
    """One document. text: kept out of the repr, blank ones included; where: its file and line."""

    text: str = field(repr=False)
    where: str


def list_files(source: SourceConfig, *, where: str) -> list[Path]:
    """The files of a source in the order in which they are read.

    Folders are searched through, their files by name. Raises CorpusError for a path that is not
    there, a folder without a file that can be read, and a file of another kind.
    """
    files: list[Path] = []
    for path in map(Path, source.path):
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.is_file() and _kind(p) in _READERS)
            if not found:
                raise CorpusError(
                    where=f"{where}: {path}",
                    found="a folder without a file that can be read",
                    wanted=f"files that end in {_ENDINGS}",
                )
            files += found
        elif not path.is_file():
            raise CorpusError(
                where=f"{where}: {path}", found="no such path", wanted="a file or a folder"
            )
        elif _kind(path) not in _READERS:
            raise CorpusError(
                where=str(path),
                found="a file of another kind",
                wanted=f"one that ends in {_ENDINGS}",
            )
        else:
            files.append(path)
    return files


def read_texts(source: SourceConfig, *, where: str) -> Iterator[SourceText]:
    """The documents of a source, in the order of its files and of their lines.

    where: names the source in errors. Raises CorpusError naming file and line for what cannot be
    read: see `list_files`; a line that is no JSON or has no text, a missing column, bytes that are
    not UTF-8 or NUL, and data that is damaged or cut off.
    """
    for path in list_files(source, where=where):
        yield from _READERS[_kind(path)](path, source)


def _kind(path: Path) -> str:
    """A file's ending, without that of its compression."""
    name = path.name.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return Path(name).suffix


def _read_jsonl(path: Path, source: SourceConfig) -> Iterator[SourceText]:
    for where, line in _lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            raise CorpusError(
                where=where, found="a line that is no JSON", wanted="one JSON object a line"
            ) from None
        text = record.get(source.field) if isinstance(record, dict) else None
        if not isinstance(text, str):
            raise CorpusError(
                where=where,
                found=f"no text in {source.field!r}",
                wanted=f"an object with a string in {source.field!r}",
                fix="The config's key `field` names it.",
            )
        yield SourceText(text, where)


def _read_text(path: Path, source: SourceConfig) -> Iterator[SourceText]:
    if source.text_unit == "line":
        yield from (SourceText(line, where) for where, line in _lines(path))
        return
    raw = b"".join(_chunks(path))
    yield SourceText(decode_text(raw, str(path)) if raw else "", str(path))


def _read_parquet(path: Path, source: SourceConfig) -> Iterator[SourceText]:
    row = 0
    try:
        with pq.ParquetFile(path) as file:
            if source.field not in file.schema_arrow.names:
                raise CorpusError(
                    where=str(path),
                    found=f"no column {source.field!r}",
                    wanted=f"one of {', '.join(file.schema_arrow.names)}",
                    fix="The config's key `field` names it.",
                )
            for batch in file.iter_batches(_BATCH_ROWS, columns=[source.field]):
                for value in batch.column(0).to_pylist():
                    row += 1
                    if not isinstance(value, str):
                        raise CorpusError(
                            where=f"{path}: row {row}",
                            found=f"{type(value).__name__} in {source.field!r}",
                            wanted="a string",
                        )
                    yield SourceText(value, f"{path}: row {row}")
    except (OSError, pa.ArrowException):
        raise CorpusError(
            where=str(path), found=f"damaged data after row {row}", wanted="a whole Parquet file"
        ) from None


_Reader = Callable[[Path, SourceConfig], Iterator[SourceText]]
_READERS: dict[str, _Reader] = {
    ".jsonl": _read_jsonl,
    ".txt": _read_text,
    ".parquet": _read_parquet,
}
_ENDINGS = f"{', '.join(_READERS)}, also with {' or '.join(_COMPRESSED)}"


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Places and lines without their ends; a line is what LF or CRLF ends, as `number_lines`."""
    number = 0
    with pa.input_stream(str(path), compression="detect") as stream:
        lines = io.BufferedReader(stream, 1 << 20)
        while True:
            try:
                raw = lines.readline()
            except OSError:
                raise _damaged(f"{path}:{number}") from None
            if not raw:
                return
            number += 1
            if number == 1:
                raw = raw.removeprefix(_BYTE_ORDER_MARK)
            where = f"{path}:{number}"
            body = raw.removesuffix(b"\n").removesuffix(b"\r")
            yield where, _decode(body, where)


def _decode(line: bytes, where: str) -> str:
    if b"\x00" in line:
        raise CorpusError(where=where, found="a NUL byte", wanted="text, not binary data")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # `from None`: the decoder's own error carries the bytes of the document.
        raise CorpusError(
            where=where, found="bytes that are not UTF-8", wanted="UTF-8 text"
        ) from None


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            while chunk := stream.read(1 << 20):
                yield chunk
    except OSError:
        raise _damaged(str(path)) from None


def _damaged(where: str) -> CorpusError:
    return CorpusError(
        where=where,
        found="compressed data that is damaged or cut off after this place",
        wanted="a whole file",
    )
