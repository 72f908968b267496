"""Tables as they are, and how they are damaged."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spacy_modernbert_bio.cli.note_tables import check_columns, read_table, write_table
from spacy_modernbert_bio.errors import ConfigError, CorpusError


def test_values_of_a_csv_stay_text_and_long_cells_pass(tmp_path):
    path = tmp_path / "t.csv"
    long = "word " * 40_000
    path.write_text(f'\ufeffid,zip,text\n007,02139,"{long}"\n', encoding="utf8")
    (note,) = read_table(path, ["text"])
    assert (note.id, note.text) == ("007", long)
    assert note.fields == {"id": "007", "zip": "02139"}
    assert note.source == f"{path}: row 1, text"


def test_empty_cells_of_a_parquet_stay_empty(tmp_path):
    rows = [{"n": 1, "text": None}, {"n": 2, "text": "b"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert [note.text for note in read_table(tmp_path / "t.parquet", ["text"])] == ["", "b"]
    write_table(tmp_path / "t.parquet", tmp_path / "o.parquet", ["text"], ["n"], ["x", "y"])
    written = pq.read_table(tmp_path / "o.parquet").to_pylist()
    assert written == [{"n": 1, "text": None}, {"n": 2, "text": "y"}]


def test_a_cell_that_is_no_text_is_a_note_that_failed(tmp_path):
    pq.write_table(pa.Table.from_pylist([{"text": 7}]), tmp_path / "t.parquet")
    (note,) = read_table(tmp_path / "t.parquet", ["text"])
    assert note.failure == "found a cell without text."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,text\n1,a\n2\n", r"t.csv:3: found a row of 1 cells; wanted 2"),
        (b'id,text\n1,"a\n', r"t.csv:3: found what is no row of a CSV file"),
        (b"id,text\n" + b"1,a\n" * 9000 + b"1,\xff\n", r"t.csv:\d+: found what is no row"),
        (b"", r"t.csv:1: found no line with names of columns"),
        (b"\xff\n", r"t.csv:1: found no line with names of columns"),
        (b"id,text,text\n1,a,b\n", r"t.csv: found columns of one name; wanted a name of its own"),
    ],
)
def test_a_damaged_csv_is_named(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        list(read_table(tmp_path / "t.csv", ["text"]))


def test_a_damaged_parquet_is_named(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(CorpusError, match="found no readable Parquet file"):
        check_columns(tmp_path / "t.parquet", ["text"])
    rows = [{"text": "abc " * 200 + str(n)} for n in range(2000)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "u.parquet")
    raw = bytearray((tmp_path / "u.parquet").read_bytes())
    raw[10 : len(raw) // 2] = b"\x00" * (len(raw) // 2 - 10)
    (tmp_path / "u.parquet").write_bytes(bytes(raw))
    with pytest.raises(CorpusError, match="found a damaged Parquet file"):
        list(read_table(tmp_path / "u.parquet", ["text"]))


def test_a_column_that_is_not_there_is_named(tmp_path):
    pq.write_table(pa.Table.from_pylist([{"id": 1, "text": "a"}]), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match=r"found no column note; wanted one of id, text"):
        check_columns(tmp_path / "t.parquet", ["note"])
    with pytest.raises(ConfigError, match=r"found no column ward; wanted one of id, text"):
        check_columns(tmp_path / "t.parquet", ["text"], ["ward"])


def test_a_first_line_that_holds_a_note_is_not_shown(tmp_path):
    (tmp_path / "t.csv").write_text("7,Mr. Zorblatt seen 3/14/2019\n8,No PHI.\n")
    with pytest.raises(ConfigError, match=r"t.csv:1: found no column text; wanted one of the 2"):
        check_columns(tmp_path / "t.csv", ["text"])
    with pytest.raises(ConfigError) as refused:
        check_columns(tmp_path / "t.csv", ["text"])
    assert "Zorblatt" not in str(refused.value)


@pytest.mark.parametrize("values", [[1], [b"a"], [["a"]]])
def test_a_column_of_something_else_than_texts_is_refused(tmp_path, values):
    pq.write_table(pa.table({"text": values}), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match=r"found a column text of .*; wanted a column of text"):
        check_columns(tmp_path / "t.parquet", ["text"])


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), "utf8")]
)
def test_texts_of_every_kind_are_read_and_written(tmp_path, kind):
    pq.write_table(pa.table({"text": pa.array(["a", None], kind)}), tmp_path / "t.parquet")
    check_columns(tmp_path / "t.parquet", ["text"])
    write_table(tmp_path / "t.parquet", tmp_path / "o.parquet", ["text"], [], ["new", "b"])
    written = pq.read_table(tmp_path / "o.parquet")
    assert written.to_pylist() == [{"text": "new"}, {"text": None}]
    assert written.schema.field("text").type == kind


def test_blank_lines_of_a_csv_are_no_rows(tmp_path):
    (tmp_path / "t.csv").write_text('id,text\n1,a\n\n2,""\n\n')
    assert [note.text for note in read_table(tmp_path / "t.csv", ["text"])] == ["a", ""]
