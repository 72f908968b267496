import json
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_modernbert_bio.corpora.converted import read_docs, read_report, report_path
from spacy_modernbert_bio.errors import CorpusError

VOCAB = spacy.blank("en").vocab


def test_docs_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "train.spacy"
    DocBin(docs=[spacy.blank("en")("no finding")]).to_disk(path)
    assert [doc.text for doc in read_docs(path, VOCAB)] == ["no finding"]


@pytest.mark.parametrize("content", [b"", b"Jane Roe", b"\x00" * 99])
def test_file_that_is_no_docbin_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "train.spacy").write_bytes(content)
    message = r"train.spacy: found bytes that are no DocBin; wanted a .spacy file, as"
    with pytest.raises(CorpusError, match=message) as caught:
        read_docs(tmp_path / "train.spacy", VOCAB)
    assert caught.value.__suppress_context__


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"train.spacy: found no such file; wanted a .spacy"):
        read_docs(tmp_path / "train.spacy", VOCAB)


def test_report_stands_beside_its_file(tmp_path: Path) -> None:
    docs_file = tmp_path / "train.spacy"
    assert report_path(docs_file).name == "train.report.json"
    assert read_report(docs_file) is None
    report = {"borders": {"X": 2}, "borders_not_on_tokens": {}}
    report_path(docs_file).write_text(json.dumps(report))
    assert read_report(docs_file) == report


@pytest.mark.parametrize("content", ["Jane Roe", "[]", '{"borders": {}}'])
def test_report_of_another_kind_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "train.report.json").write_text(content)
    message = r"train.report.json: found something else than a report of a conversion; wanted the"
    with pytest.raises(CorpusError, match=message):
        read_report(tmp_path / "train.spacy")


def test_a_text_that_no_pipeline_would_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "train.spacy"
    DocBin(docs=[spacy.blank("en")(text) for text in ("short", "rather long")]).to_disk(path)
    assert len(read_docs(path, VOCAB, longest=11)) == 2
    message = r"train.spacy: document 2: found 11 characters; wanted at most 10, which is nlp.max_l"
    with pytest.raises(CorpusError, match=message):
        read_docs(path, VOCAB, longest=10)
