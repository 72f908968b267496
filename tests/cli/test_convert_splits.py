"""A corpus's parts from one small config."""

import json
from pathlib import Path

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.convert_splits import convert_splits

CONFIG = """
[corpus]
format = "pubtator"
label = "Disease"

[train]
source = "corpus.txt"
documents = "train.list"

[test]
source = "corpus.txt"
label = "Other"
"""
RECORD = "{0}|t|Ataxia.\n{0}|a|Jane Roe {0}.\n{0}\t0\t6\tAtaxia\tDiseaseClass\n\n"


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(convert_splits)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "corpus.txt").write_text(RECORD.format(1) + RECORD.format(2))
    (tmp_path / "train.list").write_text("2\n")
    (tmp_path / "corpus.cfg").write_text(CONFIG)
    return tmp_path / "corpus.cfg"


def labels(path: Path) -> list[str]:
    docs = DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)
    return [span.label_ for doc in docs for span in doc.ents]


def test_each_part_has_the_shared_options_and_its_own(config: Path) -> None:
    output = config.parent / "out"
    result = run(config, config.parent / "assets", output)
    assert result.exit_code == 0
    assert labels(output / "train.spacy") == ["Disease"]
    assert labels(output / "test.spacy") == ["Other", "Other"]
    assert [line.split()[:2] for line in result.stdout.splitlines()[3:]] == [
        ["train", "1"],
        ["test", "2"],
    ]
    assert "Roe" not in result.output


def test_json_is_the_report_of_each_part(config: Path) -> None:
    result = run(config, config.parent / "assets", config.parent / "out", "--json", "--quiet")
    reports = json.loads(result.stdout)
    assert {split: report["documents"] for split, report in reports.items()} == {
        "train": 1,
        "test": 2,
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "corpus.cfg: found no such file; wanted a corpus's .cfg"),
        ("[corpus\n", "corpus.cfg: found no readable config; wanted sections"),
        ('[train]\nsource = "a"\n', "found sections train, format None; wanted [corpus] with a"),
        ('[corpus]\nformat = "iob"\n', "found sections none, format iob; wanted"),
        ('[corpus]\nformat = "iob"\n[dve]\nsource = "a"\n', "found sections dve, format iob"),
        ('[corpus]\nformat = "iob"\n[dev]\nlabel = "A"\n', "corpus.cfg: dev: found no source"),
        (CONFIG + 'lable = "A"\n', "corpus.cfg: test: found the key lable; wanted a source"),
        (CONFIG.replace("pubtator", "xml"), "found 'xml'; wanted one of iob, pubtator"),
    ],
)
def test_a_config_that_cannot_be_is_one_line(
    content: str | None, message: str, config: Path
) -> None:
    config.unlink()
    if content is not None:
        config.write_text(content)
    result = run(config, config.parent / "assets", config.parent / "out")
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert not (config.parent / "out").exists()
