import json
from pathlib import Path

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.convert import convert

PUBTATOR = "1|t|Ataxia.\n1|a|Jane Roe.\n1\t0\t6\tAtaxia\tDiseaseClass\n1\tCID\tD1\tD2\n"


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(convert)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "corpus.txt").write_text(PUBTATOR)
    return tmp_path / "corpus.txt"


def labels(path: Path) -> list[str]:
    (doc,) = DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)
    return [span.label_ for span in doc.ents]


def test_says_what_was_read_and_where_it_is(source: Path, tmp_path: Path) -> None:
    result = run("pubtator", source, tmp_path / "train.spacy", "--quiet")
    assert result.exit_code == 0
    assert "1 documents (0 duplicates left out)" in result.stdout
    assert "DiseaseClass" in result.stdout
    assert "relation line passed over" in result.stdout
    assert "Roe" not in result.output
    assert labels(tmp_path / "train.spacy") == ["DiseaseClass"]


def test_json_is_the_report_beside_the_file(source: Path, tmp_path: Path) -> None:
    result = run("pubtator", source, tmp_path / "train.spacy", "--json", "--quiet")
    printed = json.loads(result.stdout)
    written = json.loads((tmp_path / "train.report.json").read_text())
    assert printed["entities"] == {"DiseaseClass": 1}
    assert printed.items() <= written.items()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--label", "Disease"], ["Disease"]),
        (["--map-labels", "DiseaseClass=Disease"], ["Disease"]),
        (["--map-labels", "DiseaseClass="], []),
    ],
)
def test_labels_are_merged_renamed_or_left_out(
    options: list[str], expected: list[str], source: Path, tmp_path: Path
) -> None:
    assert run("pubtator", source, tmp_path / "train.spacy", *options).exit_code == 0
    assert labels(tmp_path / "train.spacy") == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map-labels", "Disease"], "found 'Disease'; wanted OLD=NEW, or OLD= to leave it out"),
        (["--map-labels", "=Disease"], "found '=Disease'; wanted OLD=NEW"),
        (["--map-labels", "Gene=X"], "found labels that the corpus does not have: Gene"),
        (["--documents", "gone.list"], "gone.list: found no such file"),
        (["--inside", "train"], "corpus.txt: found one file; wanted a folder or an archive"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_one(
    options: list[str], message: str, source: Path, tmp_path: Path
) -> None:
    result = run("pubtator", source, tmp_path / "train.spacy", "--quiet", *options)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.glob("train.*"))


def test_bad_corpus_is_named_and_not_quoted(source: Path, tmp_path: Path) -> None:
    source.write_text(PUBTATOR + "1\t8\t12\tRoe\tName\n")
    result = run("pubtator", source, tmp_path / "train.spacy", "--quiet")
    assert result.exit_code == 1
    assert "corpus.txt:5" in "".join(result.stderr.split("\n"))
    assert "Roe" not in result.output
    assert not list(tmp_path.glob("train.*"))
