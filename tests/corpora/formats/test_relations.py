import json
from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.formats import relations
from spacy_modernbert_bio.corpora.formats.relations import read_chemprot, read_gad
from spacy_modernbert_bio.errors import CorpusError

FIRST = "<< Abcase >> is blocked by [[ defgine ]] and xyzine."
SECOND = "<< Abcase >> is blocked by defgine and [[ xyzine ]]."
BLUE = (
    "index\tsentence\tlabel\n"
    '11.T1.T2\t"The ""old"" @CHEMICAL$ blocks @GENE$."\tCPR:4\n'
    "11.T1.T3\t@CHEMICAL$ and @GENE$.\tfalse\n"
)


def line(text: object, label: object) -> str:
    return json.dumps({"text": text, "label": label, "metadata": []}) + "\n"


def test_a_sentence_of_chemprot_has_one_relation_and_keeps_its_marks(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text(line(FIRST, "INHIBITOR") + line(SECOND, "SUBSTRATE"))
    one, two = read_chemprot(tmp_path / "train.txt")
    assert (one.id, one.text, one.categories) == ("train-1", FIRST, ("INHIBITOR",))
    assert len(one.label_set) == 13
    # The same sentence with another pair.
    assert one.group == two.group
    assert "Abcase" not in one.group


def test_blues_release_is_told_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text(BLUE)
    one, two = read_chemprot(tmp_path / "train.tsv")
    assert (one.id, one.text) == ("11.T1.T2", 'The "old" @CHEMICAL$ blocks @GENE$.')
    assert (one.categories, two.categories) == (("CPR:4",), ("false",))
    assert one.label_set == relations.BLUE_LABELS
    assert one.group == two.group
    assert two.where.endswith("train.tsv:3")


def test_a_pair_that_stands_twice_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(line(FIRST, "INHIBITOR") + line(FIRST, "SUBSTRATE"))
    report = ConversionReport()
    assert len(list(read_chemprot(tmp_path / "a.txt", report))) == 2
    assert report.notes[relations.PAIR_AGAIN].places == [f"{tmp_path}/a.txt:2"]


def test_gad_comes_with_and_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text('"@GENE$" and @DISEASE$.\t1\nNo @GENE$, @DISEASE$.\t0\n')
    (tmp_path / "test.tsv").write_text("index\tsentence\tlabel\n7\t@GENE$, @DISEASE$.\t0\n")
    test, one, two = read_gad(tmp_path)
    assert (test.id, test.text, test.categories) == ("test-7", "@GENE$, @DISEASE$.", ("0",))
    assert (one.id, one.text, one.categories) == ("train-1", '"@GENE$" and @DISEASE$.', ("1",))
    assert (two.label_set, two.where) == (("0", "1"), f"{tmp_path}/train.tsv:2")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            line(FIRST, "LIKES"),
            r"a.tsv:1: found a sentence without text, or a relation that is not",
        ),
        (line(FIRST, "INHIBITOR") + line(7, "X"), r"a.tsv:2: found a line of another form; wanted"),
        (line(FIRST, "INHIBITOR") + "{x\n", r"a.tsv:2: found a line of another form"),
        (
            line("<< A >> and [[ b.", "INHIBITOR"),
            r"a.tsv:1: found a sentence without a marked pair",
        ),
        (BLUE.replace("false", "X"), r"a.tsv:3: found a sentence without text, or a relation that"),
        (
            "sentence\tlabel\nx\tfalse\n",
            r"a.tsv:1: found no JSON object, and not the names of BLUE",
        ),
    ],
)
def test_rows_of_another_form_are_named(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(content)
    with pytest.raises(CorpusError, match=message) as caught:
        list(read_chemprot(tmp_path / "a.tsv"))
    assert "Abcase" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("@GENE$.\t1\t1\n", r"a.tsv:1: found 3 columns; wanted sentence and label"),
        ("index\tsentence\tlabel\nx\t1\n", r"a.tsv:2: found 2 columns; wanted index, sentence and"),
        ("@GENE$.\t2\n", r"a.tsv:1: found a sentence without text, or a relation .* one of 0, 1"),
        (" \t1\n", r"a.tsv:1: found a sentence without text"),
    ],
)
def test_rows_that_are_not_gads_are_named(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(content)
    with pytest.raises(CorpusError, match=message):
        list(read_gad(tmp_path / "a.tsv"))
