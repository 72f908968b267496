"""Reports of our own in the corpus's form."""

from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.formats import mtsamples
from spacy_modernbert_bio.corpora.formats.mtsamples import read_mtsamples
from spacy_modernbert_bio.errors import CorpusError

REPORT = (
    "Medical Specialty:Sleep Medicine\nSample Name: Nap - 1 \nHISTORY: Slept well.\n"
    "Keywords: sleep medicine, nap\n"
)


def test_the_specialty_is_the_category_and_nowhere_in_the_text(tmp_path: Path) -> None:
    (tmp_path / "Nap - 1.txt").write_text(REPORT)
    (document,) = read_mtsamples(tmp_path)
    assert (document.id, document.categories) == ("Nap - 1", ("Sleep Medicine",))
    assert document.text == "Sample Name: Nap - 1 \nHISTORY: Slept well."


def test_what_is_left_out_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(REPORT)
    (tmp_path / "b.txt").write_text(REPORT)
    (tmp_path / "c.txt").write_text("A sample report\nHISTORY: None.\n")
    report = ConversionReport()
    assert len(list(read_mtsamples(tmp_path, report))) == 1
    assert report.notes[mtsamples.REPEATED].places == [f"{tmp_path}/b.txt"]
    assert report.notes[mtsamples.NO_SPECIALTY].places == [f"{tmp_path}/c.txt"]


@pytest.mark.parametrize(
    "content", ["Medical Specialty: \nHISTORY: x\n", "Medical Specialty:A\n\n"]
)
def test_half_a_report_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(
        CorpusError, match=r"a.txt:1: found an empty specialty, or a header without"
    ):
        list(read_mtsamples(tmp_path))
