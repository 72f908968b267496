import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_modernbert_bio.corpora import convert as module
from spacy_modernbert_bio.corpora.convert import convert
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.reading import ReadOptions
from spacy_modernbert_bio.errors import ConfigError, CorpusError

PUBTATOR = """1|t|Ataxia.
1|a|Colon cancers.
1\t0\t6\tAtaxia\tSpecificDisease
1\t8\t21\tColon cancers\tDiseaseClass

2|t|Jane Roe.
2|a|

1|t|Ataxia.
1|a|Colon cancers.
1\t0\t6\tAtaxia\tSpecificDisease
1\t8\t21\tColon cancers\tDiseaseClass

3|t|Ataxia.
3|a|Colon cancers.
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(PUBTATOR)
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "train.spacy"


def docs_of(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def labels_of(path: Path) -> list[list[str]]:
    return [[span.label_ for span in doc.ents] for doc in docs_of(path)]


def test_docs_and_report_stand_side_by_side(source: Path, output: Path) -> None:
    report = convert("pubtator", source, output)
    first, second, third = docs_of(output)
    assert [span.text for span in first.ents] == ["Ataxia", "Colon cancers"]
    assert first.spans["sc"][0].label_ == "SpecificDisease"
    assert first.has_annotation("ENT_IOB")
    assert (second.text, third.text) == ("Jane Roe. ", "Ataxia. Colon cancers.")
    written = json.loads((output.parent / "train.report.json").read_text())
    head = {"format": "pubtator", "source": "corpus.txt", "inside": "", "split": None}
    assert written == {**head, **report.to_dict()}
    assert "Roe" not in (output.parent / "train.report.json").read_text()


def test_repeated_document_is_left_out_and_one_with_other_spans_is_kept(
    source: Path, output: Path
) -> None:
    report = convert("pubtator", source, output)
    assert (report.documents, report.duplicates) == (3, 1)
    assert report.notes[module.SAME_TEXT].places == [f"{source}:14"]
    assert convert("pubtator", source, output, keep_duplicates=True).documents == 4


def test_conversion_is_the_same_every_time(source: Path, output: Path) -> None:
    convert("pubtator", source, output)
    first = output.read_bytes()
    convert("pubtator", source, output)
    assert output.read_bytes() == first


def test_one_label_for_all(source: Path, output: Path) -> None:
    convert("pubtator", source, output, label="Disease")
    assert labels_of(output) == [["Disease", "Disease"], [], []]


def test_labels_are_renamed_or_left_out(source: Path, output: Path) -> None:
    report = convert("pubtator", source, output, map_labels={"DiseaseClass": ""})
    assert labels_of(output)[0] == ["SpecificDisease"]
    assert report.notes[module.LABEL_DROPPED].count == 1
    convert("pubtator", source, output, map_labels={"DiseaseClass": "Class"})
    assert labels_of(output)[0] == ["SpecificDisease", "Class"]


def test_published_list_picks_the_documents(source: Path, output: Path, tmp_path: Path) -> None:
    (tmp_path / "split.list").write_text("2\n\n3\n")
    convert("pubtator", source, output, documents=tmp_path / "split.list")
    assert [doc.text for doc in docs_of(output)] == ["Jane Roe. ", "Ataxia. Colon cancers."]


def test_brat_and_iob_take_their_own_options(tmp_path: Path, output: Path) -> None:
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "a.txt").write_text("left and right knee")
    (tmp_path / "brat" / "a.ann").write_text("T1\tPart 0 4;15 19\tleft knee\n")
    convert(
        "brat", tmp_path / "brat", output, ReadOptions(discontinuous="fragments"), spans_key="parts"
    )
    (doc,) = docs_of(output)
    assert [span.text for span in doc.spans["parts"]] == ["left", "knee"]
    with gzip.open(tmp_path / "corpus.tsv.gz", "wt") as stream:
        stream.write("left\tB-Part\n\nknee\tB-Part\n")
    convert("iob", tmp_path / "corpus.tsv.gz", output, ReadOptions(sentences_per_document=1))
    assert [doc.text for doc in docs_of(output)] == ["left", "knee"]


# A file of each de-identification format, in which "Ann" is the only PHI.
PHI_FILES = {
    "i2b2": (
        "1-01.xml",
        '<a><TEXT>Ann</TEXT><TAGS><NAME start="0" end="3" text="Ann" TYPE="PATIENT"/></TAGS></a>',
        "PATIENT",
    ),
    "physionet-deid": ("id-phi.phrase", "1 1 0 3 PTName Ann\n", "name"),
    "presidio-synth": (
        "a.json",
        '[{"full_text": "Ann", "template_id": 1, "spans": [{"entity_type": "PERSON", '
        '"entity_value": "Ann", "start_position": 0, "end_position": 3}]}]',
        "NAME",
    ),
    "asq-phi": (
        "a.txt",
        '===QUERY===\nAnn\n===PHI_TAGS===\n{"identifier_type": "NAME", "value": "Ann"}\n',
        "NAME",
    ),
}


@pytest.mark.parametrize("source_format", PHI_FILES)
def test_deidentification_corpora_become_phi_spans(
    source_format: Any, tmp_path: Path, output: Path
) -> None:
    name, content, label = PHI_FILES[source_format]
    (tmp_path / name).write_text(content)
    (tmp_path / "id.text").write_text("START_OF_RECORD=1||||1||||\nAnn\n||||END_OF_RECORD\n")
    convert(source_format, tmp_path / name, output, spans_key="phi")
    (doc,) = docs_of(output)
    assert [(span.text, span.label_) for span in doc.spans["phi"]] == [("Ann", label)]


def test_given_pipeline_cuts_the_tokens(source: Path, output: Path) -> None:
    convert("pubtator", source, output, nlp=spacy.blank("en"))
    assert [token.text for token in docs_of(output)[1]] == ["Jane", "Roe", "."]


def test_progress_sees_every_document(source: Path, output: Path) -> None:
    seen: list[str] = []

    def watch(documents: Any) -> Any:
        for document in documents:
            assert isinstance(document, Document)
            seen.append(document.id)
            yield document

    convert("pubtator", source, output, progress=watch)
    assert seen == ["1", "2", "3"]


@pytest.mark.parametrize("older", [None, b"older"])
def test_failed_conversion_leaves_nothing_behind(
    older: bytes | None, source: Path, output: Path
) -> None:
    output.parent.mkdir()
    if older:
        output.write_bytes(older)
    source.write_text(PUBTATOR + "\n4|t|Last.\n4|a|\n4\t0\t99\tLast\tX\n")
    with pytest.raises(CorpusError, match="found a span from 0 to 99"):
        convert("pubtator", source, output)
    names = [path.name for path in output.parent.iterdir()]
    assert names == (["train.spacy"] if older else [])
    if older:
        assert output.read_bytes() == older


def test_failed_write_leaves_nothing_behind(
    source: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(DocBin, "to_disk", fail)
    with pytest.raises(OSError, match="disk full"):
        convert("pubtator", source, output)
    assert list(output.parent.iterdir()) == []


def test_source_without_a_document_is_refused(source: Path, output: Path) -> None:
    source.write_text("\n\n")
    with pytest.raises(CorpusError, match=r"corpus.txt: found no document; wanted at least one"):
        convert("pubtator", source, output)


def test_list_with_ids_of_other_documents_is_refused(
    source: Path, output: Path, tmp_path: Path
) -> None:
    (tmp_path / "split.list").write_text("2\nRoe-1\nRoe-2\n")
    message = r"split.list:2: found 2 ids of 3 that no document of the source has; wanted ids as"
    with pytest.raises(CorpusError, match=message) as caught:
        convert("pubtator", source, output, documents=tmp_path / "split.list")
    assert "Roe" not in str(caught.value)
    assert not output.exists()


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    (
        {"map_labels": {"Gene": "X"}},
        "labels that the corpus does not have: Gene; wanted some of Di",
    ),
    ({"map_labels": {"Gene": "X"}, "label": "X"}, r"map_labels=...\): found it and `label`"),
    ({"label": " "}, "found an empty label; wanted a name"),
    (
        {"options": ReadOptions(sentences_per_document=3)},
        "found it, with pubtator; wanted it with iob only",
    ),
    (
        {"options": ReadOptions(sentences_per_document=-1), "source_format": "iob"},
        "found -1; wanted 0 or more",
    ),
    (
        {"options": ReadOptions(discontinuous="fragments")},
        "found it, with pubtator; wanted it with brat only",
    ),
    (
        {"options": ReadOptions(discontinuous="none"), "source_format": "brat"},
        "found 'none'; wanted cover or fragments",
    ),
    ({"source_format": "xml"}, "found 'xml'; wanted one of iob, pubtator, brat, i2b2, ph"),
]


@pytest.mark.parametrize(("options", "message"), IMPOSSIBLE)
def test_impossible_options_are_refused(
    options: dict[str, Any], message: str, source: Path, output: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        convert(**{"source_format": "pubtator", "source": source, "output": output, **options})
    assert not output.exists()


@pytest.mark.parametrize("name", ["train.json", "folder.spacy"])
def test_output_that_is_no_spacy_file_is_refused(name: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.spacy").mkdir()
    with pytest.raises(ConfigError, match=r"found a folder, or a name without .spacy; wanted the"):
        convert("pubtator", source, tmp_path / name)
