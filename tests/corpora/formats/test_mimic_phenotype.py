"""All notes and labels here are made up; only the columns are the published tables'."""

import csv
import gzip
from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.formats import mimic_phenotype
from spacy_modernbert_bio.corpora.formats.mimic_phenotype import PHENOTYPES, read_mimic_phenotype
from spacy_modernbert_bio.errors import CorpusError

NOTE_COLUMNS = (
    "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT"
)


def label_file(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    """Rows of a note's id and the labels that hold, in the published columns' own order."""
    labels = sorted([*PHENOTYPES[:-1], "NONE"])
    columns = ["HADM_ID", "SUBJECT_ID", "ROW_ID", *labels, "UNSURE", "BATCH.ID", "OPERATOR"]
    path = tmp_path / "ACTdb102003.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="0")
        writer.writeheader()
        for note, held in rows:
            flags = dict.fromkeys(held.split(), "1")
            writer.writerow({"ROW_ID": note, "SUBJECT_ID": f"9{note}", "OPERATOR": "JF", **flags})
    return path


def note_file(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    lines = [NOTE_COLUMNS, *(f'{note},9,,,,,Nursing,Report,,,"{text}"' for note, text in rows)]
    path = tmp_path / "NOTEEVENTS.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


NOTES = (("5", "other"), ("1", 'Drinks.\nSays ""a lot"".'), ("3", "Slim."), ("2", "Obese."))


def read(
    tmp_path: Path, *rows: tuple[str, str], report: ConversionReport | None = None
) -> list[Document]:
    return list(
        read_mimic_phenotype(label_file(tmp_path, *rows), report, notes=note_file(tmp_path, *NOTES))
    )


def test_rows_get_their_notes_in_the_order_of_the_labels(tmp_path: Path) -> None:
    one, two, three = read(tmp_path, ("2", "OBESITY UNSURE"), ("1", "ALCOHOL.ABUSE"), ("3", "NONE"))
    assert (one.id, one.text, one.categories) == ("2", "Obese.", ("OBESITY", "UNSURE"))
    assert two.text == 'Drinks.\nSays "a lot".'
    assert (three.categories, three.group) == ((), "93")
    assert (len(three.label_set), three.where) == (14, f"{tmp_path}/ACTdb102003.csv:4")


def test_a_contradiction_is_left_out_and_a_second_annotation_kept(tmp_path: Path) -> None:
    report = ConversionReport()
    rows = (("1", "DEMENTIA NONE"), ("2", "OBESITY"), ("3", "NONE UNSURE"), ("2", ""))
    one, two = read(tmp_path, *rows, report=report)
    assert (one.id, two.id, one.text == two.text) == ("2", "2-2", True)
    assert one.group == two.group
    assert {kind: event.count for kind, event in report.notes.items()} == {
        mimic_phenotype.CONTRADICTION: 2,
        mimic_phenotype.NEITHER: 1,
        mimic_phenotype.ANNOTATED_AGAIN: 1,
    }


def test_notes_may_be_gzipped_and_are_not_read_beyond_the_last_one_wanted(tmp_path: Path) -> None:
    labels = label_file(tmp_path, ("1", "NONE"))
    plain = note_file(tmp_path, *NOTES).read_bytes() + b'"no row at all\xff'
    (tmp_path / "NOTEEVENTS.csv.gz").write_bytes(gzip.compress(plain))
    (document,) = read_mimic_phenotype(labels, notes=tmp_path / "NOTEEVENTS.csv.gz")
    assert document.text.startswith("Drinks.")


def test_rows_without_their_note_are_an_error_with_their_number(tmp_path: Path) -> None:
    message = (
        r"ACTdb102003.csv:3: found 2 rows of 3 whose note is not in NOTEEVENTS.csv, the first with "
        r"ROW_ID 77; wanted"
    )
    with pytest.raises(CorpusError, match=message):
        read(tmp_path, ("1", "NONE"), ("77", "NONE"), ("78", "NONE"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("UNSURE", "SURE", r"ACTdb102003.csv:1: found no column UNSURE; wanted the columns ROW_ID"),
        (
            "91",
            "x",
            r"ACTdb102003.csv:2: found a label that is not 0 or 1, or an id that is no num",
        ),
        (",1,", ",2,", r"ACTdb102003.csv:2: found a label that is not 0 or 1"),
    ],
)
def test_a_table_of_another_form_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = label_file(tmp_path, ("1", "NONE"))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(CorpusError, match=message):
        list(read_mimic_phenotype(path, notes=note_file(tmp_path, *NOTES)))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            (("1", " "),),
            r"NOTEEVENTS.csv:2: found a note without text, or with the ROW_ID of anoth",
        ),
        ((("1", "a"), ("1", "b"), ("2", "c")), r"NOTEEVENTS.csv:3: found a note without text, or"),
    ],
)
def test_notes_that_cannot_be_joined_are_named(
    rows: tuple[tuple[str, str], ...], message: str, tmp_path: Path
) -> None:
    labels = label_file(tmp_path, ("1", "NONE"), ("2", "NONE"))
    with pytest.raises(CorpusError, match=message):
        list(read_mimic_phenotype(labels, notes=note_file(tmp_path, *rows)))
