import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.formats import delimited
from spacy_modernbert_bio.corpora.formats.delimited import Columns, read_rows
from spacy_modernbert_bio.errors import CorpusError

ROWS = [
    {"id": "7", "text": "Smokes, no pain.", "labels": ["smoker", "painless"]},
    {"id": "8", "text": "Sleeps.", "labels": []},
]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    else:
        gap = "\t" if path.suffix == ".tsv" else ","
        lines = [gap.join(rows[0])]
        for row in rows:
            cells = [cell if isinstance(cell, str) else json.dumps(cell) for cell in row.values()]
            lines.append(gap.join('"' + cell.replace('"', '""') + '"' for cell in cells))
        path.write_text("\n".join(lines) + "\n")
    return path


def labels_of(path: Path, **options: Any) -> list[tuple[str, ...] | None]:
    return [document.categories for document in read_rows(path, columns=Columns(**options))]


@pytest.mark.parametrize("suffix", delimited.SUFFIXES)
def test_the_same_rows_of_any_format_are_the_same_documents(suffix: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"notes{suffix}", ROWS)
    one, two = read_rows(path, categories=("painless", "smoker", "sleepless"))
    assert (one.id, one.text) == ("7", "Smokes, no pain.")
    assert (one.categories, two.categories) == (("smoker", "painless"), ())
    assert one.label_set == ("painless", "smoker", "sleepless")
    places = {".jsonl": ":2", ".parquet": ": row 2"}
    assert two.where == f"{path}{places.get(suffix, ':3')}"


@pytest.mark.parametrize(
    ("cell", "separator", "labels"),
    [
        ("smoker", "", ("smoker",)),
        (" smoker ; painless;", ";", ("smoker", "painless")),
        ('["a;b"]', "", ("a;b",)),
        ("[1]", ";", ("[1]",)),
        ("[1, 0]", "", ("1", "0")),
        ("", "", ()),
        ("", ";", ()),
        ("[]", "", ()),
    ],
)
def test_a_cell_is_a_list_or_parted_or_one_label(
    cell: str, separator: str, labels: tuple[str, ...], tmp_path: Path
) -> None:
    path = written(tmp_path / "n.csv", [{"text": "x", "labels": cell}])
    assert labels_of(path, separator=separator) == [labels]


def test_null_is_a_text_that_nobody_looked_at(tmp_path: Path) -> None:
    rows = [{"text": "x", "labels": None}, {"text": "y", "labels": 1}]
    for name in ("n.jsonl", "n.parquet"):
        assert labels_of(written(tmp_path / name, rows)) == [None, ("1",)]


def test_columns_have_the_names_they_are_given_and_rows_without_ids_are_numbered(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "n.csv", [{"note": "x", "code": "a", "patient": "p"}])
    (document,) = read_rows(path, columns=Columns(text="note", labels="code", group="patient"))
    assert document == Document("n-1", "x", where=f"{path}:2", categories=("a",), group="p")
    (document,) = read_rows(path, columns=Columns(text="note", labels="code", id="patient"))
    assert document.id == "p"


def test_a_gzipped_file_is_read_and_a_label_twice_is_reported(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x", "labels": ["a", "a"]}\n'))
    report = ConversionReport()
    (document,) = read_rows(tmp_path / "n.jsonl.gz", report)
    assert (document.id, document.categories) == ("n-1", ("a",))
    assert report.repairs[delimited.SAME_LABEL_TWICE].count == 1


def test_a_long_note_passes(tmp_path: Path) -> None:
    text = "word " * 10_000_000
    (tmp_path / "n.csv").write_text(f"text,labels\n{text},a\n")
    (document,) = read_rows(tmp_path / "n.csv")
    assert len(document.text) == len(text)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("n.csv", b"note,labels\nx,a\n", r"n.csv:1: found no column text; wanted the columns text"),
        ("n.jsonl", b'{"text": "x"}\n', r"n.jsonl:1: found no column labels; wanted the columns"),
        ("n.jsonl", b'{"text": "x", "labels": 1}\n[1]\n', r"n.jsonl:2: found no JSON object"),
        ("n.jsonl", b"{}x\n", r"n.jsonl:1: found no JSON object; wanted one a line"),
        ("n.jsonl", b"\n\n{\xff\n", r"n.jsonl:3: found bytes that are not UTF-8"),
        ("n.csv", b"text,labels\n ,a\n", r"n.csv:2: found no text in text; wanted a string that"),
        ("n.jsonl", b'{"text": 7, "labels": 1}\n', r"n.jsonl:1: found no text in text"),
        ("n.csv", b"text,labels,id\nx,a,\n", r"n.csv:2: found no name in id; wanted a string or"),
        ("n.csv", b"text,labels,id\nx,a,1\ny,a,1\n", r"n.csv:3: found the id of another row, that"),
        ("n.csv", b"text,labels\nx,[a\n", r"n.csv:2: found something else than labels in labels"),
        ("n.jsonl", b'{"text": "x", "labels": [true]}\n', r"found something else than labels"),
        ("n.jsonl", b'{"text": "x", "labels": {"a": 1}}\n', r"found something else than labels"),
        ("n.xlsx", b"x", r"n.xlsx: found a name that does not tell the format; wanted one that"),
        ("n.parquet.gz", b"x", r"n.parquet.gz: found a name that does not tell the format"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        list(read_rows(tmp_path / name))


def test_a_label_that_is_not_in_the_list_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "n.csv", [{"text": "x", "labels": "Jane"}])
    with pytest.raises(
        CorpusError, match=r"n.csv:2: found a label in labels that is not"
    ) as caught:
        list(read_rows(path, categories=("a", "b")))
    assert "wanted some of a, b" in str(caught.value)
    assert "Jane" not in str(caught.value)
