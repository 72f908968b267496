"""Notes as commands take them: text files, folders of them, JSON lines, stdin.

One note is in memory at a time, and whole JSONL files never are. A note that cannot be read is
given as such and does not end the reading. No message holds a note's text.
"""

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from spacy_modernbert_bio.errors import ConfigError, CorpusError, ModernBertBioError
from spacy_modernbert_bio.files import decode_text, read_text

STDIN = "-"
_JSON_LINES = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class Note:
    """A text and where it came from.

    source: a file, or `file:line`. id: the record's own, or the source. fields: whatever else the
    record had. failure: why there is no text; empty where there is.
    """

    source: str
    id: Any = field(repr=False)
    text: str = field(default="", repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    failure: str = ""


def check_inputs(inputs: Sequence[str]) -> None:
    """Refuse a path that is not there, before a model is loaded. Raises ConfigError."""
    for name in inputs:
        path = Path(name)
        if name == STDIN or path.is_file():
            continue
        if not path.is_dir():
            raise ConfigError(
                where=name, found="no such file or folder", wanted="texts, JSON lines, or - (stdin)"
            )
        if not _texts_of(path):
            raise ConfigError(where=name, found="no .txt file", wanted="a folder of .txt files")


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[str | Path]) -> None:
    """Refuse to write where something is read, and to write two things to one place.

    outputs: what each option names, if it does. Raises ConfigError that names the option.
    """
    taken: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        check_apart(option, path, inputs)
        other = taken.setdefault(path.resolve(), option)
        if other != option:
            raise ConfigError(where=option, found=f"the path of {other}", wanted="another path")


def check_apart(option: str, path: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse to write where something is read: over it, or over a folder that holds it.

    However the two paths are spelled. A folder that is read stands for its .txt files as well.
    Raises ConfigError that names the option.
    """
    written = path.resolve()
    for name in inputs:
        if name == STDIN:
            continue
        read = Path(name).resolve()
        over = written == read or written in {text.resolve() for text in _texts_of(read)}
        if over or written in read.parents:
            raise ConfigError(
                where=option,
                found="an input" if over else "a folder that holds an input",
                wanted="another path",
            )


def read_notes(
    inputs: Iterable[str], *, text_field: str, reserved: frozenset[str], as_jsonl: bool = False
) -> Iterator[Note]:
    """The notes of all inputs, in the order given; a folder's .txt files by name, at any depth.

    text_field: where a JSON record has its text. reserved: fields that a record must not have,
    since the output uses their names. as_jsonl: stdin holds JSON lines, not one text.
    """
    for name in inputs:
        if name == STDIN:
            yield from _stdin(text_field, reserved, as_jsonl)
        elif Path(name).is_dir():
            for path in _texts_of(Path(name)):
                yield _text_file(path)
        elif name.endswith(_JSON_LINES):
            yield from _json_file(Path(name), text_field, reserved)
        else:
            yield _text_file(Path(name))


def _texts_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.txt") if path.is_file())


def _text_file(path: Path) -> Note:
    source = str(path)
    try:
        return Note(source, source, read_text(path))
    except (ModernBertBioError, OSError) as error:
        return Note(source, source, failure=_kind(error))


def _stdin(text_field: str, reserved: frozenset[str], as_jsonl: bool) -> Iterator[Note]:
    stream = sys.stdin.buffer
    if as_jsonl:
        yield from _json_lines(stream, "stdin", text_field, reserved)
        return
    try:
        yield Note("stdin", "stdin", decode_text(stream.read(), "stdin"))
    except ModernBertBioError as error:
        yield Note("stdin", "stdin", failure=_kind(error))


def _json_file(path: Path, text_field: str, reserved: frozenset[str]) -> Iterator[Note]:
    source = str(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            yield from _json_lines(cast(BinaryIO, stream), source, text_field, reserved)
    except (OSError, EOFError, zlib.error) as error:
        # The lines before the damage have been given.
        yield Note(source, source, failure=f"the rest of the file cannot be read ({_kind(error)})")


def _json_lines(
    stream: BinaryIO, source: str, text_field: str, reserved: frozenset[str]
) -> Iterator[Note]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            yield _record(line, where, text_field, reserved)
        except CorpusError as error:
            yield Note(where, where, failure=_kind(error))


def _record(line: bytes, where: str, text_field: str, reserved: frozenset[str]) -> Note:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):  # they quote what they could not read
        record = None
    if not isinstance(record, dict):
        raise CorpusError(where=where, found="a line that is no JSON object", wanted="JSON lines")
    text = record.pop(text_field, None)
    if not isinstance(text, str):
        raise CorpusError(
            where=where,
            found=f"no text in the field {text_field}",
            wanted="a string",
            fix="Name the field with --text-field.",
        )
    if clash := sorted(record.keys() & reserved):
        raise CorpusError(
            where=where,
            found=f"a field {clash[0]}",
            wanted=f"no field named as the output's own ({', '.join(sorted(reserved))})",
            fix="Rename it: it would be overwritten.",
        )
    return Note(where, record.pop("id", where), text, record)


def _kind(error: Exception) -> str:
    """What went wrong: our own errors tell it, of others' only the kind is safe to tell."""
    if isinstance(error, ModernBertBioError):
        return f"found {error.found}; wanted {error.wanted}." + f" {error.fix}".rstrip()
    return type(error).__name__
