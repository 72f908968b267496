import tarfile
from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.formats import hoc
from spacy_modernbert_bio.corpora.formats.hoc import read_hoc
from spacy_modernbert_bio.errors import CorpusError

# Sentences of our own; labels as the corpus writes them, with and without a blank after AND.
TEXT = "Cells died .\nVessels grew and cells died .\nNothing else .\n"
LABELS = (
    "<Resisting cell death--Apoptosis<Inducing angiogenesis--By deregulating angiogenesis-- "
    "ANDResisting cell death--Necrosis AND Resisting cell death--< NULL"
)


def corpus(folder: Path, text: str = TEXT, labels: str = LABELS) -> Path:
    for kind, content in (("text", text), ("labels", labels)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / "11.txt").write_text(content)
    return folder


def test_an_abstract_has_the_hallmarks_of_its_sentences(tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read_hoc(corpus(tmp_path), report)
    assert (document.id, document.group) == ("11", "11")
    assert document.text == "Cells died . Vessels grew and cells died . Nothing else ."
    assert document.categories == ("Inducing angiogenesis", "Resisting cell death")
    assert document.label_set == hoc.HALLMARKS
    assert len(hoc.HALLMARKS) == 10
    assert report.notes[hoc.NO_LABEL].count == 1


def test_sentences_are_named_as_blue_names_them_and_stay_with_their_abstract(
    tmp_path: Path,
) -> None:
    documents = list(read_hoc(corpus(tmp_path), sentences=True))
    assert [document.id for document in documents] == ["11_s0", "11_s1", "11_s2"]
    assert [document.categories for document in documents] == [
        ("Resisting cell death",),
        ("Inducing angiogenesis", "Resisting cell death"),
        (),
    ]
    assert {document.group for document in documents} == {"11"}
    assert documents[1].where == f"{tmp_path}/text/11.txt:2"


def test_an_archive_is_read_in_any_order_and_other_files_are_told(tmp_path: Path) -> None:
    corpus(tmp_path / "hoc")
    (tmp_path / "hoc" / "notes.txt").write_text("x")
    with tarfile.open(tmp_path / "hoc.tar.gz", "w:gz") as archive:
        for name in ("labels/11.txt", "notes.txt", "text/11.txt"):
            archive.add(tmp_path / "hoc" / name, arcname=f"Hallmarks-master/{name}")
    report = ConversionReport()
    (document,) = read_hoc(tmp_path / "hoc.tar.gz", report)
    assert document.where == f"{tmp_path}/hoc.tar.gz/Hallmarks-master/text/11.txt"
    assert report.notes[hoc.OTHER_FILE].count == 1


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        (TEXT, "< < ", r"labels/11.txt: found labels of 2 sentences; wanted a `<` before those of"),
        (TEXT, f"x{LABELS}", r"labels/11.txt: found labels of 3 sentences; wanted"),
        (
            TEXT,
            "< <Growing--Fast< ",
            r"labels/11.txt:1: found a label that begins with none of the",
        ),
        ("One .\n \nTwo .\n", "< < < ", r"text/11.txt:2: found a sentence without text"),
    ],
)
def test_what_does_not_fit_is_named(text: str, labels: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        list(read_hoc(corpus(tmp_path, text, labels)))


@pytest.mark.parametrize("kind", ["text", "labels"])
def test_half_an_abstract_is_refused(kind: str, tmp_path: Path) -> None:
    (corpus(tmp_path) / kind / "12.txt").write_text("x\n")
    with pytest.raises(CorpusError, match=rf"{kind}/12.txt: found one file of an abstract; wanted"):
        list(read_hoc(tmp_path))


def test_a_folder_without_abstracts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(CorpusError, match=r"found no abstract; wanted folders text and labels"):
        list(read_hoc(tmp_path))
