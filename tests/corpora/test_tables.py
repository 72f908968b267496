import gzip
from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.tables import csv_rows, read_columns, text_lines
from spacy_modernbert_bio.errors import CorpusError


def rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    return list(csv_rows(text_lines(path), str(path)))


def test_a_row_is_placed_by_the_line_that_it_begins_in(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('\ufeffid,text\n1,"two\nlines"\n\n2,"one é"\n', encoding="utf8")
    assert rows(tmp_path / "t.csv") == [
        (2, {"id": "1", "text": "two\nlines"}),
        (5, {"id": "2", "text": "one é"}),
    ]


def test_gzip_is_read_as_it_is_and_cells_may_be_long(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.csv.gz", "wt") as stream:
        stream.write(f"id,text\n1,{'word ' * 40_000}\n")
    ((_, row),) = rows(tmp_path / "t.csv.gz")
    assert len(row["text"]) == 200_000
    assert read_columns(tmp_path / "t.csv.gz") == ["id", "text"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,text\n" + b"1,a\n" * 9000 + b"1,\xff\n", r"t.csv:9002: found what is no row"),
        (b'id,text\n1,a\n2,"b\n3,c\n', r"t.csv:5: found .* where a row begins in line 3; wanted q"),
        (b"id,text\n1,a,b\n", r"t.csv:2: found a row of 3 cells; wanted 2, as the first line has"),
        (b"", r"t.csv:1: found no line with names of columns"),
        (b"id,id\n", r"t.csv: found columns of one name"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(
    content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        rows(tmp_path / "t.csv")


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"t.csv: found no such file; wanted a file with rows"):
        rows(tmp_path / "t.csv")
    whole = gzip.compress(b"id,text\n" + b"1,a\n" * 9000)
    (tmp_path / "t.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorpusError, match=r"t.csv.gz: found damaged or cut-off gzip data"):
        rows(tmp_path / "t.csv.gz")
