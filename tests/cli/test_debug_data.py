import json
from pathlib import Path

import pytest
import spacy
import typer
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner, Result

from spacy_modernbert_bio.cli.debug_data import debug_data
from spacy_modernbert_bio.corpora.findings import FEW_EXAMPLES
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

NLP = spacy.blank("en")


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(debug_data)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write(path: Path, *texts: str, label: str = "Disease") -> Path:
    docs: list[Doc] = []
    for text in texts:
        doc = NLP(text)
        doc.set_ents([Span(doc, 0, 1, label=label)], default="outside")
        docs.append(doc)
    DocBin(docs=docs).to_disk(path)
    return path


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return write(tmp_path / "train.spacy", *(f"ataxia {n}" for n in range(FEW_EXAMPLES)))


@pytest.fixture
def encoder(tmp_path: Path, tiny_tokenizer: PieceTokenizer) -> Path:
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes(tiny_tokenizer.to_bytes())
    config = {"model_type": "modernbert", "max_position_embeddings": 6}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_good_data_pass(train: Path, encoder: Path, tmp_path: Path) -> None:
    dev = write(tmp_path / "dev.spacy", "ataxia again Roe")
    result = run(train, dev, "--encoder", encoder)
    assert result.exit_code == 0
    assert "Disease" in result.stdout
    assert "Lengths in pieces" in result.stdout
    assert "no errors" in result.stderr
    assert "Roe" not in result.output


def test_errors_in_the_data_give_exit_code_one(train: Path, tmp_path: Path) -> None:
    dev = write(tmp_path / "dev.spacy", "Roe again", label="Gene")
    result = run(train, dev)
    assert result.exit_code == 1
    assert "errors: training would go wrong" in " ".join(result.stderr.split())
    assert "Roe" not in result.output


def test_json_holds_all_of_it(train: Path, encoder: Path, tmp_path: Path) -> None:
    dev = write(tmp_path / "dev.spacy", "ataxia 1", "ataxia after a long and tiring illness")
    result = run(train, dev, "--encoder", encoder, "--json")
    plain = json.loads(result.stdout)
    assert plain["labels"] == {"Disease": {"train": FEW_EXAMPLES, "dev": 2}}
    assert plain["lengths_in_pieces"]["dev"]["over_context"] >= 1
    assert plain["has_errors"] is False
    shared = "documents of dev that are also in train: scores will be too high"
    assert {"severity": "warning", "split": "both", "count": 1, "message": shared} in plain[
        "findings"
    ]


def test_missing_files_are_named(train: Path, tmp_path: Path) -> None:
    result = run(train, tmp_path / "gone.spacy")
    assert result.exit_code == 1
    assert "gone.spacy: found no such file" in " ".join(result.stderr.split())
    result = run(train, train, "--encoder", tmp_path / "gone")
    assert result.exit_code == 1
    assert "config.json: found no such file" in " ".join(result.stderr.split())


def write_labelled(path: Path, *texts: str) -> Path:
    docs = [NLP(text) for text in texts]
    for doc in docs:
        doc.cats = {"GOUT": float("gout" in doc.text), "OTHER": float("gout" not in doc.text)}
    DocBin(docs=docs, attrs=[]).to_disk(path)
    return path


def test_labels_of_documents_are_checked_when_asked(tmp_path: Path) -> None:
    texts = [f"{word} {n}" for word in ("gout", "cough") for n in range(FEW_EXAMPLES)]
    train = write_labelled(tmp_path / "train.spacy", *texts)
    dev = write_labelled(tmp_path / "dev.spacy", "gout again", "cough again")
    result = run(train, dev, "--categories", "--exclusive")
    assert result.exit_code == 0
    assert "Documents in which it holds" in result.stdout
    assert "no errors" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--categories", "--spans-key", "phi"), "--spans-key: found it and --categories"),
        (("--exclusive",), "--exclusive: found it alone"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    train: Path, options: tuple[str, ...], said: str
) -> None:
    result = run(train, train, *options)
    assert result.exit_code == 1
    assert said in result.stderr
