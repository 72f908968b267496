import json
from pathlib import Path

import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.synthetic_findings import synthetic_findings
from spacy_modernbert_bio.corpora.synthetic_findings import CONDITIONS
from tests.corpora.test_synthetic_findings import FILLERS


def run(folder: Path, *arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(synthetic_findings)
    (folder / "fillers.txt").write_text(FILLERS[0])
    words = (folder / "made", "--fillers", folder / "fillers.txt", "--max-words", 400, *arguments)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_notes_have_categories_and_the_planted_sentences(tmp_path: Path) -> None:
    result = run(tmp_path, "--train", 3, "--dev", 0, "--test", 2)
    assert result.exit_code == 0, result.output
    assert "GOUT" in result.stdout
    docs = DocBin().from_disk(tmp_path / "made" / "train.spacy").get_docs(spacy.blank("en").vocab)
    for doc in docs:
        assert sorted(doc.cats) == sorted(CONDITIONS)
        assert any(span.label_.endswith(":decides") for span in doc.spans["findings"])
    assert not (tmp_path / "made" / "dev.spacy").exists()


def test_json_is_a_report_a_split(tmp_path: Path) -> None:
    result = run(tmp_path, "--train", 2, "--dev", 0, "--test", 0, "--quiet", "--json")
    assert json.loads(result.stdout)["train"]["documents"] == 2


def test_nothing_to_make_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path, "--train", 0, "--dev", 0, "--test", 0)
    assert result.exit_code == 1
    assert "--train, --dev, --test: found 0; wanted 1 or more" in result.stderr
