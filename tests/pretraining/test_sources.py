"""What stands in a source's files comes out whole and in order; the rest is refused by place."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.pretraining.config import SourceConfig
from spacy_modernbert_bio.pretraining.sources import SourceText, list_files, read_texts

TEXTS = ["Pt seen.", "", "  two\tlines\nof text\r\n", "naïve ünïcode ☃ 発熱"]


def source(*paths: Path, **options: str) -> SourceConfig:
    return SourceConfig(path=tuple(map(str, paths)), weight=1.0, **options)


def read(*paths: Path, **options: str) -> list[str]:
    return [each.text for each in read_texts(source(*paths, **options), where="here")]


def compressed(path: Path, content: bytes) -> Path:
    """Written as the ending asks; zstd by pyarrow, which has it wherever we run."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zst":
        with pa.output_stream(str(path), compression="zstd") as stream:
            stream.write(content)
    else:
        path.write_bytes(content)
    return path


def refused(*paths: Path, **options: str) -> str:
    with pytest.raises(CorpusError) as raised:
        read(*paths, **options)
    assert "Pt seen" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_jsonl_text_and_parquet_are_read_plain_and_compressed(tmp_path, ending):
    lines = "\n".join(json.dumps({"id": 1, "note": text}) for text in TEXTS)
    path = compressed(tmp_path / f"a.jsonl{ending}", lines.encode() + b"\n\n")
    assert read(path, field="note") == TEXTS
    path = compressed(tmp_path / f"b.txt{ending}", TEXTS[2].encode())
    assert read(path) == [TEXTS[2]]
    assert read(path, text_unit="line") == ["  two\tlines", "of text"]
    table = pa.table({"note": TEXTS, "other": [1, 2, 3, 4]})
    codec = {"": "none", ".gz": "gzip", ".zst": "zstd"}[ending]
    pq.write_table(table, tmp_path / "c.parquet", compression=codec)
    assert read(tmp_path / "c.parquet", field="note") == TEXTS


def test_a_parquet_file_is_read_in_batches_and_in_order(tmp_path):
    texts = [f"note {number}" for number in range(2000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=700)
    assert read(tmp_path / "a.parquet") == texts


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_texts_come_back(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("texts")
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    (folder / "a.jsonl").write_text(lines, encoding="utf8", newline="")
    assert read(folder / "a.jsonl") == texts


def test_folders_are_searched_and_their_files_come_by_name(tmp_path):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("b/z.txt", "b/deep/y.txt", "a.txt", "ignored.md"):
        (tmp_path / name).write_text(name)
    assert read(tmp_path) == ["a.txt", "b/deep/y.txt", "b/z.txt"]
    assert read(tmp_path / "b" / "z.txt", tmp_path / "a.txt") == ["b/z.txt", "a.txt"]


def test_an_empty_file_is_one_blank_document_or_no_line(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert read(tmp_path / "a.txt") == [""]
    assert read(tmp_path / "a.txt", text_unit="line") == []
    assert read(tmp_path / "a.jsonl") == []


def test_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "Pt seen."}\r\n{"text": "b"}')
    assert read(tmp_path / "a.jsonl") == ["Pt seen.", "b"]


def test_paths_that_cannot_be_read_are_refused(tmp_path):
    assert "here: " in refused(tmp_path / "none.txt")
    assert "found no such path" in refused(tmp_path / "none.txt")
    (tmp_path / "empty").mkdir()
    assert "found a folder without a file that can be read" in refused(tmp_path / "empty")
    (tmp_path / "a.doc.gz").write_text("x")
    message = refused(tmp_path / "a.doc.gz")
    assert "found a file of another kind" in message
    assert ".jsonl, .txt, .parquet, also with .gz or .zst" in message
    with pytest.raises(CorpusError):
        list_files(source(tmp_path / "a.doc.gz"), where="here")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"text": "Pt seen."', "a line that is no JSON"),
        (b'["Pt seen."]', "no text in 'text'"),
        (b'{"body": "Pt seen."}', "no text in 'text'"),
        (b'{"text": 3}', "no text in 'text'"),
        (b'{"text": "Pt seen.\x00"}', "a NUL byte"),
        (b'{"text": "Pt seen. \xff"}', "bytes that are not UTF-8"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, found):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "first"}\n\n' + line + b"\n")
    message = refused(tmp_path / "a.jsonl")
    assert message.startswith(f"{tmp_path / 'a.jsonl'}:3: found {found};")


def test_text_that_is_no_text_is_named(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Pt seen. \xff")
    assert str(tmp_path / "a.txt") in refused(tmp_path / "a.txt")


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("unit", ["document", "line"])
def test_compressed_data_that_is_cut_off_is_an_error_and_no_end(tmp_path, ending, unit):
    content = "\n".join(f"Pt seen. {number}" for number in range(5000)).encode()
    path = compressed(tmp_path / f"a.txt{ending}", content)
    path.write_bytes(path.read_bytes()[:-200])
    assert "compressed data that is damaged or cut off" in refused(path, text_unit=unit)


def test_a_parquet_file_without_the_column_a_string_or_its_end_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"note": ["Pt seen.", None]}), path)
    assert "found no column 'text'; wanted one of note" in refused(path)
    assert f"{path}: row 2: found NoneType in 'note'; wanted a string" in refused(
        path, field="note"
    )
    path.write_bytes(path.read_bytes()[:-20])
    assert "found damaged data after row 0; wanted a whole Parquet file" in refused(path)


def test_the_text_of_a_document_is_not_in_its_repr():
    assert "Pt seen" not in repr(SourceText("Pt seen.", "a.txt"))
