"""Where de-identified notes go: JSON lines, a folder of texts, or the table that they came from."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.cli.journal import Record, as_line
from spacy_modernbert_bio.cli.note_tables import (
    check_columns,
    is_table,
    read_table,
    write_table,
)
from spacy_modernbert_bio.cli.notes import STDIN, Note, check_apart, read_notes
from spacy_modernbert_bio.deid.deidentify import WITHHELD
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.files import atomic_file, atomic_folder

# In a folder of texts: all records, for `modernbert-bio audit`.
RECORDS = "notes.jsonl"


@dataclass(frozen=True)
class Output:
    """A run's inputs and output.

    path: a .jsonl file, a table, or a folder. inputs: as the command takes them. text_fields:
    fields or columns with text. keep: those that go out as they are.
    """

    path: Path
    inputs: tuple[str, ...]
    text_fields: tuple[str, ...]
    keep: tuple[str, ...]

    def read(self, *, as_jsonl: bool) -> Iterator[Note]:
        """The notes of all inputs, in order."""
        for name in self.inputs:
            if is_table(name):
                yield from read_table(Path(name), self.text_fields)
            else:
                field = self.text_fields[0]
                yield from read_notes(
                    [name], text_field=field, reserved=frozenset(), as_jsonl=as_jsonl
                )

    def write(self, records: Callable[[], Iterable[Record]]) -> None:
        """Write the output, whole or not at all. records: gives them from the first, each time."""
        if is_table(self.path):
            texts = (record.get("text", WITHHELD) for record in records())
            write_table(Path(self.inputs[0]), self.path, self.text_fields, self.keep, texts)
        elif self.path.suffix == ".jsonl":
            with atomic_file(self.path) as path:
                _write_lines(path, records())
        else:
            with atomic_folder(self.path) as folder:
                for record, name in zip(records(), self._names(), strict=True):
                    path = folder / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("w", encoding="utf-8", newline="") as stream:
                        stream.write(record.get("text", WITHHELD))
                _write_lines(folder / RECORDS, records())

    def identity(self) -> str:
        """The inputs, told from others by names, sizes and times."""
        seen: list[Any] = [list(self.text_fields), list(self.keep)]
        for name in self.inputs:
            for path in _files(name):
                facts = path.stat()
                seen.append([str(path), facts.st_size, facts.st_mtime_ns])
        return json.dumps(seen)

    def _names(self) -> Iterator[str]:
        """Of the texts in a folder, in the order of the notes."""
        for name in self.inputs:
            for path in _files(name):
                yield str(path.relative_to(name)) if Path(name).is_dir() else path.name


def check_output(output: Output, *, reserved: frozenset[str], vault: Path | None = None) -> None:
    """Refuse what cannot be written, before a note is read. Raises ConfigError and CorpusError.

    reserved: fields of a record that no field of a note may replace. vault: written as well.
    """
    tables = [Path(name) for name in output.inputs if is_table(name)]
    for table in tables:
        check_columns(table, output.text_fields, output.keep)
    if len(output.text_fields) > 1 and len(tables) < len(output.inputs):
        _refuse("--text-field", f"{len(output.text_fields)} of them", "one, or tables as inputs")
    # A table has its ids in a column; a record has its own in any case.
    taken = reserved if is_table(output.path) else reserved | {"id"}
    if clash := sorted({*output.keep} & taken):
        _refuse("--keep", clash[0], f"none of {', '.join(sorted(taken))}")
    check_apart("--output", output.path, output.inputs)
    if vault is not None:
        if len(output.text_fields) > 1:
            # A vault tells notes apart by their ids, and a row's texts have one.
            _refuse("--vault", "several columns with text", "one: a run and a vault for each")
        check_apart("--vault", vault, output.inputs)
        if output.path.resolve() in (vault.resolve(), *vault.resolve().parents):
            _refuse("--vault", "a place that the output takes", "one outside of it")
    if is_table(output.path):
        if len(output.inputs) != 1 or not tables:
            _refuse("--output", "a table", "a .jsonl file, or one .csv or .parquet as input")
        return
    if output.path.suffix == ".jsonl":
        return
    if output.path.suffix:
        _refuse("--output", f"a name with {output.path.suffix}", "a folder, .jsonl, .csv, .parquet")
    for name in output.inputs:
        if name == STDIN or is_table(name) or not (Path(name).is_dir() or name.endswith(".txt")):
            _refuse("--output", "a folder", "a .jsonl file, or .txt files and folders as inputs")
    within = {Path(name).resolve() for name in output.inputs}
    if within.intersection(output.path.resolve().parents):
        _refuse("--output", "a folder inside of an input", "one that no later run reads")
    names = list(output._names())
    if len(set(names)) < len(names) or RECORDS in names:
        _refuse("--output", "two texts of one name", "a .jsonl file")
    if output.path.exists() and not (output.path / RECORDS).is_file():
        # Written over, a folder goes as a whole.
        _refuse("--output", "a folder that is there", "a new one, or one of an earlier run")


def _refuse(where: str, found: str, wanted: str) -> None:
    raise ConfigError(where=where, found=found, wanted=wanted)


def _files(name: str) -> list[Path]:
    if name == STDIN:
        return []
    path = Path(name)
    return sorted(p for p in path.rglob("*.txt") if p.is_file()) if path.is_dir() else [path]


def _write_lines(path: Path, records: Iterable[Record]) -> None:
    with path.open("wb") as stream:
        for record in records:
            stream.write(as_line(record))
