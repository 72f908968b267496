"""Texts without annotation come out with ids; what is none is refused by file and place."""

import csv
import json

import pytest

from spacy_modernbert_bio.corpora.formats.plain import (
    read_csv,
    read_json_object,
    read_jsonl,
    read_medquad,
    read_text,
)
from spacy_modernbert_bio.errors import CorpusError

SECRET = "Zebrowski"


def refused(found) -> str:
    with pytest.raises(CorpusError) as raised:
        list(found)
    assert SECRET not in str(raised.value)
    return str(raised.value)


def test_text_files_are_documents_by_name(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text(f"Note {name}.\n\nEnd.")
    assert list(read_text(tmp_path)) == [
        ("a", "Note a.\n\nEnd."),
        ("b", "Note b.\n\nEnd."),
    ]


def test_rows_are_documents_by_number_however_long_and_quoted(tmp_path):
    long = "word " * 60_000
    with (tmp_path / "a.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerows([["id", "note"], ["1", 'He said "no",\nand left.'], ["2", long], ["3", ""]])
    found = list(read_csv(tmp_path / "a.csv", field="note"))
    assert found == [("a-1", 'He said "no",\nand left.'), ("a-2", long), ("a-3", "")]
    assert "found no column 'text'; wanted one of id, note" in refused(
        read_csv(tmp_path / "a.csv", field="text")
    )


def test_lines_are_documents_by_their_id_or_number(tmp_path):
    lines = [{"id": 7, "text": "one"}, {"text": ["two", "parts"]}]
    (tmp_path / "a.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    assert list(read_jsonl(tmp_path, field="text")) == [("7", "one"), ("a-3", "two\nparts")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f'{{"text": "{SECRET}"', "no JSON object"),
        (f'["{SECRET}"]', "no JSON object"),
        ('{"text": 3}', "no text in 'text'"),
        (f'{{"text": ["{SECRET}", 3]}}', "no text in 'text'"),
        (f'{{"body": "{SECRET}"}}', "no text in 'text'"),
    ],
)
def test_a_line_without_text_is_named(tmp_path, line, found):
    (tmp_path / "a.jsonl").write_text('{"text": "fine"}\n' + line)
    assert f"a.jsonl:2: found {found};" in refused(read_jsonl(tmp_path, field="text"))


def test_an_objects_values_are_documents_by_key(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"1": {"parts": ["one", "two"]}, "2": {"parts": "three"}}))
    assert list(read_json_object(path, field="parts")) == [("1", "one\ntwo"), ("2", "three")]
    path.write_text(json.dumps({"1": {"parts": ["one"]}, "2": SECRET}))
    assert "a.json: 2: found no text in 'parts'" in refused(read_json_object(path, field="parts"))
    path.write_text("[1]")
    assert "found no JSON object" in refused(read_json_object(path, field="parts"))


QUESTIONS = """<Document id="1"><QAPairs>
<QAPair pid="1"><Question> What is it? </Question><Answer>A cold &amp; a cough.</Answer></QAPair>
<QAPair pid="2"><Question>Why?</Question><Answer></Answer></QAPair>
<QAPair pid="3"><Answer>Alone.</Answer></QAPair></QAPairs></Document>"""


def test_answered_questions_are_documents(tmp_path):
    (tmp_path / "q.xml").write_text(QUESTIONS)
    assert list(read_medquad(tmp_path)) == [
        ("q-1", "What is it?\nA cold & a cough."),
        ("q-3", "\nAlone."),
    ]
    (tmp_path / "q.xml").write_text(f"<Document>\n<Answer>{SECRET}</Document>")
    assert "q.xml:2: found no well-formed XML" in refused(read_medquad(tmp_path))
