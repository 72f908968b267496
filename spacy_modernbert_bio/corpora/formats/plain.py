"""Texts without annotation: files of text, rows of tables, records of JSON, MedQuAD's XML.

Each reader gives ids and texts, streams files and archives as `read_sources` does, and raises
CorpusError naming file and line for what it cannot read.
"""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

Found = Iterator[tuple[str, str]]


def read_text(path: Path, *, inside: str = "") -> Found:
    """Each .txt file is a document, named by its stem."""
    for source in read_sources(path, (".txt",), inside=inside):
        yield source.stem, source.text


def read_csv(path: Path, *, field: str, inside: str = "") -> Found:
    """Each row is a document: its column `field`; its id is the file's stem and the row."""
    # Notes are longer than the 128 kB that the module allows a cell by default.
    csv.field_size_limit(sys.maxsize)
    for source in read_sources(path, (".csv",), inside=inside):
        rows = csv.DictReader(io.StringIO(source.text, newline=""))
        names = rows.fieldnames or ()
        if field not in names:
            raise CorpusError(
                where=source.where,
                found=f"no column {field!r}",
                wanted=f"one of {', '.join(names)}",
            )
        for number, row in enumerate(rows, start=1):
            yield f"{source.stem}-{number}", row[field] or ""


def read_jsonl(path: Path, *, field: str, inside: str = "") -> Found:
    """Each line is a document: its `field`; its id is `id`, or the file's stem and the line."""
    for source in read_sources(path, (".jsonl",), inside=inside):
        for number, line in number_lines(source.text):
            if line.strip():
                record = _json(line, f"{source.where}:{number}")
                text = _joined(record, field, f"{source.where}:{number}")
                yield str(record.get("id", f"{source.stem}-{number}")), text


def read_json_object(path: Path, *, field: str) -> Found:
    """One object whose values are records: a document each, named by its key.

    A field that is a list of strings is one text, its parts a line each.
    """
    for source in read_sources(path, (".json",)):
        content = _json(source.text, source.where)
        for key, record in content.items():
            yield key, _joined(record, field, f"{source.where}: {key}")


def read_medquad(path: Path, *, inside: str = "") -> Found:
    """Each answered question is a document: the question, and the answer on the next line."""
    for source in read_sources(path, (".xml",), inside=inside):
        for pair in _xml(source).iter("QAPair"):
            question, answer = pair.findtext("Question") or "", pair.findtext("Answer") or ""
            if answer.strip():
                yield f"{source.stem}-{pair.get('pid')}", f"{question.strip()}\n{answer.strip()}"


def _xml(source: SourceFile) -> ElementTree.Element:
    try:
        # expat reads no outside entity, and bounds how far the inner ones expand.
        return ElementTree.fromstring(source.raw)  # noqa: S314
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise CorpusError(
            where=f"{source.where}:{line}", found="no well-formed XML", wanted="MedQuAD's XML"
        ) from None


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise CorpusError(where=where, found="no JSON object", wanted="a JSON object")
    return content


def _joined(record: Any, field: str, where: str) -> str:
    value = record.get(field) if isinstance(record, dict) else None
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise CorpusError(
            where=where, found=f"no text in {field!r}", wanted="a string, or a list of strings"
        )
    return "\n".join(parts)
