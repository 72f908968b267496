"""Encoders as folders with a manifest: copied as they are, or made from text."""

import json
from pathlib import Path

import pytest
import spacy
import torch
import typer
from safetensors.torch import load_file, save_file
from spacy.tokens import DocBin
from typer.testing import CliRunner, Result

from spacy_modernbert_bio import __version__
from spacy_modernbert_bio.cli.fetch_encoder import fetch_encoder
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.files import checksum
from tests.conftest import TEXT

SMALL = ("--width", 32, "--layers", 2, "--heads", 2, "--vocab-size", 300)


def run(*arguments: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(fetch_encoder)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.spacy"
    DocBin(docs=list(spacy.blank("en").pipe(TEXT))).to_disk(path)
    return path


def test_a_folder_is_copied_byte_for_byte_with_a_manifest(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    result = run(tiny_checkpoint, tmp_path / "encoder")
    assert result.exit_code == 0
    manifest = manifest_of(tmp_path / "encoder")
    names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert manifest["files"] == {name: checksum(tiny_checkpoint / name) for name in names}
    assert {path.name for path in (tmp_path / "encoder").iterdir()} == {*names, "manifest.json"}
    assert manifest["name"] == str(tiny_checkpoint)
    assert manifest["revision"] is None
    assert manifest["package_version"] == __version__
    assert manifest["architecture"]["num_hidden_layers"] == 4
    weights = load_file(tiny_checkpoint / "model.safetensors")
    assert manifest["parameters"] == sum(tensor.numel() for tensor in weights.values())


def test_weights_keep_their_number_format(tiny_checkpoint: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    run(tiny_checkpoint, source)
    tensors = load_file(source / "model.safetensors")
    save_file({key: tensors[key].bfloat16() for key in tensors}, source / "model.safetensors")
    run(source, tmp_path / "encoder")
    copied = load_file(tmp_path / "encoder" / "model.safetensors")
    assert {tensor.dtype for tensor in copied.values()} == {torch.bfloat16}


def test_a_hub_checkpoint_is_named_with_its_commit(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def locate(name: str, *, revision: str | None = None) -> Path:
        asked.append((name, revision))
        return snapshot

    snapshot = tmp_path / "snapshots" / "0123abc"
    snapshot.parent.mkdir()
    snapshot.symlink_to(tiny_checkpoint)
    monkeypatch.setattr("spacy_modernbert_bio.cli.fetch_encoder.locate_checkpoint", locate)
    assert run("owner/name", tmp_path / "encoder", "--revision", "v1").exit_code == 0
    assert asked == [("owner/name", "v1")]
    manifest = manifest_of(tmp_path / "encoder")
    assert (manifest["name"], manifest["revision"]) == ("owner/name", "0123abc")


def test_small_is_made_from_the_corpus_and_says_what_it_is(corpus: Path, tmp_path: Path) -> None:
    result = run("small", tmp_path / "encoder", "--corpus", corpus, *SMALL, "--seed", 5)
    assert result.exit_code == 0
    assert "2 layers of width 32" in result.stderr
    assert "weights are random" in result.stderr
    checkpoint = load_checkpoint(tmp_path / "encoder")
    assert checkpoint.config.hidden_size == 32
    assert checkpoint.head is not None
    manifest = manifest_of(tmp_path / "encoder")
    assert (manifest["name"], manifest["seed"]) == ("small", 5)
    # No text of the corpus but the tokenizer's pieces, and no trace of work on the way.
    assert {path.name for path in tmp_path.iterdir()} == {"corpus.spacy", "encoder"}


def test_small_reads_text_files_as_well(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, text in enumerate(TEXT):
        (folder / f"{number}.txt").write_text(text)
    (tmp_path / "all.txt").write_text("\n".join(TEXT))
    encoders = []
    for source in (corpus, folder, tmp_path / "all.txt"):
        result = run("small", tmp_path / "encoder", "--corpus", source, *SMALL, "--json", "--quiet")
        assert result.exit_code == 0
        encoders.append(json.loads(result.stdout)["architecture"])
    assert encoders[0] == encoders[1] == encoders[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["small"], "--corpus: found none; wanted text for the small encoder's tokenizer"),
        (["small", "--corpus", "gone.txt"], "--corpus: gone.txt: found no such path"),
        (["small", "--corpus", "empty"], "empty: found a folder without a file that can be read"),
        (["no such name"], "no such name: found no such folder, and no hub id"),
        (["encoder"], "encoder: found the source itself; wanted another folder"),
        (["empty"], "config.json: found no such file"),
    ],
)
def test_what_cannot_be_fetched_leaves_what_was_there(
    arguments: list[str],
    message: str,
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    run(tiny_checkpoint, "encoder")
    (tmp_path / "empty").mkdir()
    before = (tmp_path / "encoder" / "manifest.json").read_bytes()
    result = run(arguments[0], "encoder", *arguments[1:])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert (tmp_path / "encoder" / "manifest.json").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"encoder", "empty"}
