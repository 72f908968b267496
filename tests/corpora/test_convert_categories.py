import json
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_modernbert_bio.corpora import convert as module
from spacy_modernbert_bio.corpora.convert import convert
from spacy_modernbert_bio.corpora.formats.mimic_phenotype import PHENOTYPES
from spacy_modernbert_bio.corpora.reading import ReadOptions
from spacy_modernbert_bio.corpora.splits import Split
from spacy_modernbert_bio.errors import ConfigError, CorpusError

ROWS = """text,labels,patient
Smokes.,smoker,1
Drinks.,drinker;smoker,1
Sleeps.,,2
Smokes.,smoker,2
Smokes.,drinker,3
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "notes.csv").write_text(ROWS)
    return tmp_path / "notes.csv"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "train.spacy"


PARTED = ReadOptions(separator=";", group_column="patient")


def cats_of(path: Path) -> list[dict[str, float]]:
    return [doc.cats for doc in DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)]


def test_every_label_of_the_source_is_one_or_zero(source: Path, output: Path) -> None:
    report = convert("rows", source, output, PARTED)
    assert cats_of(output) == [
        {"drinker": 0.0, "smoker": 1.0},
        {"drinker": 1.0, "smoker": 1.0},
        {"drinker": 0.0, "smoker": 0.0},
        {"drinker": 1.0, "smoker": 0.0},
    ]
    assert report.notes[module.SET_COLLECTED].places == [str(source)]
    assert report.categories == {"drinker": 2, "smoker": 2}
    assert (report.categorised, report.without_category) == (4, 1)
    written = json.loads(output.with_suffix(".report.json").read_text())
    assert written["categories"] == {"drinker": 2, "smoker": 2}


def test_a_document_repeats_another_only_with_the_same_categories(
    source: Path, output: Path
) -> None:
    report = convert("rows", source, output, PARTED)
    assert report.notes[module.REPEATED].places == [f"{source}:5"]
    assert report.notes[module.SAME_TEXT].places == [f"{source}:6"]
    assert report.duplicates == 1
    assert convert("rows", source, output, PARTED, keep_duplicates=True).documents == 5


def test_a_list_of_labels_counts_also_where_none_holds(source: Path, output: Path) -> None:
    options = ReadOptions(separator=";", categories=("smoker", "drinker", "runner"))
    report = convert("rows", source, output, options)
    assert all(list(cats) == ["smoker", "drinker", "runner"] for cats in cats_of(output))
    assert report.categories["runner"] == 0
    assert "runner" in report.to_dict()["categories"]
    assert module.SET_COLLECTED not in report.notes


def test_labels_become_one_or_nothing(source: Path, output: Path) -> None:
    report = convert(
        "rows", source, output, PARTED, map_labels={"drinker": "habit", "smoker": "habit"}
    )
    assert cats_of(output)[:3] == [{"habit": 1.0}, {"habit": 1.0}, {"habit": 0.0}]
    report = convert("rows", source, output, PARTED, map_labels={"drinker": ""})
    assert cats_of(output)[1] == {"smoker": 1.0}
    assert report.notes[module.CATEGORY_DROPPED].count == 2


def test_a_split_takes_its_part_with_the_labels_of_the_whole(tmp_path: Path, output: Path) -> None:
    lines = [f"Note {number}.,{'smoker' if number else 'drinker'}" for number in range(40)]
    (tmp_path / "n.csv").write_text("\n".join(["text,labels", *lines]))
    found = []
    for part in ("train", "dev", "test"):
        convert("rows", tmp_path / "n.csv", output, split=Split("seeded", part, seed=3))
        found += cats_of(output)
        written = json.loads(output.with_suffix(".report.json").read_text())
        assert written["split"] == {
            "rule": "seeded",
            "part": part,
            "seed": 3,
            "shares": [0.7, 0.1, 0.2],
        }
    assert len(found) == 40
    assert all(set(cats) == {"drinker", "smoker"} for cats in found)


def test_nobody_looked_for_entities_in_a_corpus_of_categories(source: Path, output: Path) -> None:
    convert("rows", source, output, PARTED)
    for doc in DocBin().from_disk(output).get_docs(spacy.blank("en").vocab):
        assert not doc.has_annotation("ENT_IOB")
        assert not doc.spans


def test_texts_that_nobody_looked_at_have_no_categories(tmp_path: Path, output: Path) -> None:
    rows = [{"text": "x", "labels": None}, {"text": "y", "labels": ["a"]}]
    (tmp_path / "n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = convert("rows", tmp_path / "n.jsonl", output)
    assert cats_of(output) == [{}, {"a": 1.0}]
    assert (report.documents, report.categorised) == (2, 1)


def test_one_label_for_all_spans_is_none_for_categories(source: Path, output: Path) -> None:
    with pytest.raises(ConfigError, match=r"label=...\): found it, with rows; wanted it with form"):
        convert("rows", source, output, PARTED, label="Habit")


# A source of each other format, and the categories of its first document.
FORMATS = {
    "hoc": ("Resisting cell death", 10),
    "hoc-sentences": ("Resisting cell death", 10),
    "chemprot": ("INHIBITOR", 13),
    "gad": ("1", 2),
    "mimic-phenotype": ("OBESITY", 14),
    "mtsamples": ("Sleep Medicine", 1),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_converted_with_the_labels_that_it_declares(
    name: str, tmp_path: Path, output: Path
) -> None:
    folder = tmp_path / "source"
    (folder / "text").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "text" / "1.txt").write_text("Cells died .\n")
    (folder / "labels" / "1.txt").write_text("<Resisting cell death--Apoptosis")
    row = {"text": "<< A >> is blocked by [[ b ]].", "label": "INHIBITOR"}
    (folder / "c.jsonl").write_text(json.dumps(row))
    (folder / "g.tsv").write_text("@GENE$, @DISEASE$.\t1\n")
    (folder / "m.txt").write_text("Medical Specialty:Sleep Medicine\nSlept.\n")
    columns = [*PHENOTYPES, "ROW_ID", "SUBJECT_ID", "NONE"]
    flags = ["1" if column in ("OBESITY", "ROW_ID", "SUBJECT_ID") else "0" for column in columns]
    (folder / "a.csv").write_text(f"{','.join(columns)}\n{','.join(flags)}\n")
    (folder / "n.csv").write_text("ROW_ID,TEXT\n1,Obese.\n")
    files = {
        "chemprot": "c.jsonl",
        "gad": "g.tsv",
        "mtsamples": "m.txt",
        "mimic-phenotype": "a.csv",
    }
    options = ReadOptions(notes=folder / "n.csv" if name == "mimic-phenotype" else None)
    convert(name, folder / files.get(name, ""), output, options)
    label, count = FORMATS[name]
    (cats,) = cats_of(output)
    assert (cats[label], sum(cats.values()), len(cats)) == (1.0, 1.0, count)


def test_a_note_of_fifty_megabytes_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source, output = tmp_path / "notes.jsonl", tmp_path / "notes.spacy"
    row = '{"text": "%s", "labels": ["smoker"]}\n'
    source.write_text(row % "Short." + row % ("cough " * 8_400_000))
    message = (
        r"notes.jsonl:2: found a document of 50400000 characters; wanted at most 1000000, which"
    )
    with pytest.raises(CorpusError, match=message):
        convert("rows", source, output)
    assert not output.exists()
