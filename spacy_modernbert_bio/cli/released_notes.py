"""Notes as `modernbert-bio deidentify` gave them out, each beside the note that went in.

Streams: where both come in one order, one note is in memory; notes that are ahead wait. Refuses
what does not belong together: an audit against other notes would find nothing. No message holds an
id or a text.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, NoReturn

from spacy_modernbert_bio.cli.deidentified_output import RECORDS
from spacy_modernbert_bio.cli.journal import as_line
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.deid.replace import OffsetMap, Replacement, apply
from spacy_modernbert_bio.errors import ConfigError, CorpusError, PolicyError

# The keys of a replacement in JSON, and their types.
_TYPES = {"start": int, "stop": int, "new": str, "label": str, "action": str, "sources": list}
_FIX = (
    "Audit records as deidentify wrote them, with the very notes that it was given, under the same "
    "paths: a note without an id has its path for one."
)


@dataclass(frozen=True, repr=False)
class ReleasedNote:
    """A note that was given out.

    where: `file:line` of its record. original, text: before and after. replacements: in order, with
    offsets in `original`. offsets: map spans between both. policy: name of that which made it.
    """

    where: str
    original: str
    text: str
    replacements: tuple[Replacement, ...]
    offsets: OffsetMap
    policy: str


def records_file(output: Path) -> Path:
    """The records of an output: itself, or those in a folder of texts. Raises ConfigError."""
    path = output / RECORDS if output.is_dir() else output
    if not path.is_file() or path.suffix != ".jsonl":
        raise ConfigError(
            where=str(output),
            found="no JSON lines",
            wanted="a .jsonl file, or a folder, that deidentify wrote",
            fix="A table does not tell what was replaced: write a .jsonl file as well.",
        )
    return path


def read_released(records: Path, originals: Iterable[Note]) -> Iterator[ReleasedNote | None]:
    """Each note that is in both, in the order in which they meet; None for one that was withheld.

    Raises CorpusError, with file and line, for a record that deidentify did not write, a note that
    is in one of both only or could not be read, and a text that is not what the replacements make
    of the original.
    """
    for original, (where, record) in _pairs(originals, _read_records(records)):
        yield None if "error" in record else _released(original, where, record)


_Record = dict[str, Any]
_Placed = tuple[str, _Record]


def _pairs(originals: Iterable[Note], records: Iterable[_Placed]) -> Iterator[tuple[Note, _Placed]]:
    """Those of one id; of several notes with one id, in their order."""
    notes_ahead: dict[str, deque[Note]] = {}
    records_ahead: dict[str, deque[_Placed]] = {}
    for note, placed in zip_longest(originals, records):
        if note is not None:
            notes_ahead.setdefault(_key(note.id), deque()).append(note)
        if placed is not None:
            records_ahead.setdefault(_key(placed[1]["id"]), deque()).append(placed)
        keys = [*([_key(note.id)] if note else []), *([_key(placed[1]["id"])] if placed else [])]
        for key in dict.fromkeys(keys):
            while notes_ahead.get(key) and records_ahead.get(key):
                yield notes_ahead[key].popleft(), records_ahead[key].popleft()
            for ahead in (notes_ahead, records_ahead):
                if not ahead.get(key):
                    ahead.pop(key, None)
    for waiting in notes_ahead.values():
        _refuse(waiting[0].source, "a note that the output does not have", "the notes of both")
    for left in records_ahead.values():
        _refuse(left[0][0], "a note that the originals do not have", "the notes of both")


def _key(identity: object) -> str:
    """An id as JSON has it: a table's ids may be of types that JSON has not."""
    return as_line({"id": identity}).decode()


def _read_records(path: Path) -> Iterator[_Placed]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            where = f"{path}:{number}"
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):  # they quote what they could not read
                record = None
            if not _is_record(record):
                _refuse(where, "no record of a de-identified note", "JSON lines of deidentify")
            yield where, record


def _is_record(record: object) -> bool:
    """Whether this is what deidentify writes of a note."""
    if not isinstance(record, dict) or "id" not in record:
        return False
    if "error" in record:
        return True
    strings = isinstance(record.get("text"), str) and isinstance(record.get("policy"), str)
    replacements = record.get("replacements")
    return strings and isinstance(replacements, list) and all(map(_is_replacement, replacements))


def _is_replacement(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == _TYPES.keys()
        and all(type(value[key]) is kind for key, kind in _TYPES.items())
        and value["label"] in LABELS
    )


def _released(original: Note, where: str, record: _Record) -> ReleasedNote:
    if original.failure:
        _refuse(original.source, "a note that cannot be read", "the note that was de-identified")
    replacements = tuple(Replacement(**each) for each in record["replacements"])
    try:
        made, offsets = apply(original.text, replacements)
    except PolicyError:
        made = None
    if made != record["text"]:
        _refuse(
            where, "a text that the replacements do not make of the original", "the text they make"
        )
    return ReleasedNote(
        where, original.text, record["text"], replacements, offsets, record["policy"]
    )


def _refuse(where: str, found: str, wanted: str) -> NoReturn:
    raise CorpusError(where=where, found=found, wanted=wanted, fix=_FIX)
