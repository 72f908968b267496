"""`modernbert-bio fetch-encoder`: a checkpoint as a folder with a manifest, whole or not at all.

A workflow cannot depend on a hub id, but it can on a file: the manifest names what was fetched, by
checksums. Copies the files as they are, in their own number format; reads all of them first.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer

from spacy_modernbert_bio import __version__
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import OutputFolder, Quiet
from spacy_modernbert_bio.cli.settings import SMALL
from spacy_modernbert_bio.corpora.converted import read_docs
from spacy_modernbert_bio.encoder.checkpoint import (
    INDEX,
    Checkpoint,
    load_checkpoint,
    locate_checkpoint,
    save_checkpoint,
    weight_files,
)
from spacy_modernbert_bio.encoder.small import build_small_checkpoint
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.files import atomic_folder, checksum
from spacy_modernbert_bio.pretraining.config import SourceConfig
from spacy_modernbert_bio.pretraining.sources import read_texts

MANIFEST = "manifest.json"
# Beside the weights: what the network and its tokenizer are read from, where there.
_NEEDED = ("config.json", "tokenizer.json")
_OPTIONAL = ("tokenizer_config.json", "special_tokens_map.json", "README.md", "curves.html", INDEX)


def fetch_encoder(
    name: Annotated[
        str, typer.Argument(help="A hub id, a checkpoint's folder, or `small` to make one.")
    ],
    output: OutputFolder,
    revision: Annotated[
        str | None, typer.Option(help="Hub: a branch, tag or commit. [default: main]")
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="small: text for the tokenizer: .spacy, .txt, .jsonl or a folder."),
    ] = None,
    vocab_size: Annotated[int, typer.Option(help="small: pieces of the tokenizer.")] = 4096,
    width: Annotated[int, typer.Option(help="small: width of a hidden state.")] = 128,
    layers: Annotated[int, typer.Option(help="small: transformer layers.")] = 4,
    heads: Annotated[int, typer.Option(help="small: attention heads a layer.")] = 4,
    seed: Annotated[int, typer.Option(help="small: of the random weights.")] = 0,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="The manifest on stdout.")] = False,
) -> None:
    """Put an encoder checkpoint into a folder, with its manifest."""
    console = Console(quiet=quiet, as_json=as_json)
    with errors_shown():
        if name == SMALL:
            shape = {"vocab_size": vocab_size, "width": width, "layers": layers, "heads": heads}
            manifest = make_small(output, corpus, **shape, seed=seed)
        else:
            manifest = copy_checkpoint(name, output, revision=revision)
        if as_json:
            console.emit(manifest)
            return
        architecture = manifest["architecture"]
        console.say(
            f"{manifest['name']}: {architecture['num_hidden_layers']} layers of width "
            f"{architecture['hidden_size']}, {manifest['parameters']:,} parameters, vocabulary "
            f"of {architecture['vocab_size']:,}, context of "
            f"{architecture['max_position_embeddings']:,} pieces; in {output}"
        )
        if name == SMALL:
            console.say("Its weights are random: a demonstration, and no trained encoder.")


def copy_checkpoint(name: str, output: Path, *, revision: str | None = None) -> dict[str, Any]:
    """Copy a checkpoint that can be loaded to `output`, and return its manifest.

    Raises CheckpointError for what is no usable checkpoint, and ConfigError when `output` is the
    checkpoint itself; an older `output` then stays as it is.
    """
    source = locate_checkpoint(name, revision=revision)
    if output.exists() and source.resolve() == output.resolve():
        raise ConfigError(where=str(output), found="the source itself", wanted="another folder")
    checkpoint = load_checkpoint(source)
    # The hub's cache names the folder of a snapshot by its commit.
    commit = None if Path(name).is_dir() else source.name
    optional = [source / file for file in _OPTIONAL if (source / file).is_file()]
    with atomic_folder(output) as target:
        for path in (*(source / file for file in _NEEDED), *optional, *weight_files(source)):
            shutil.copyfile(path, target / path.name)
        return _write_manifest(target, checkpoint, name=name, revision=commit)


def make_small(output: Path, corpus: Path | None, *, seed: int, **shape: int) -> dict[str, Any]:
    """Make a small encoder from a corpus's text in `output`, and return its manifest.

    Raises ConfigError without a corpus, CorpusError for one without text, and what
    `build_small_checkpoint` raises for an impossible shape.
    """
    if corpus is None:
        raise ConfigError(
            where="--corpus", found="none", wanted="text for the small encoder's tokenizer"
        )
    checkpoint = build_small_checkpoint(read_corpus(corpus), **shape, seed=seed)
    with atomic_folder(output) as target:
        # save_checkpoint takes the place of a whole folder; here the folder is there already.
        save_checkpoint(checkpoint, target)
        return _write_manifest(target, checkpoint, name=SMALL, revision=None, seed=seed)


def read_corpus(path: Path) -> Iterator[str]:
    """The texts of a .spacy file, or of what `tokenize` reads: text, JSONL, Parquet, folders."""
    if path.suffix == ".spacy":
        yield from (doc.text for doc in read_docs(path, spacy.blank("en").vocab))
    else:
        source = SourceConfig(path=(str(path),), weight=1.0)
        yield from (found.text for found in read_texts(source, where="--corpus"))


def _write_manifest(
    folder: Path, checkpoint: Checkpoint, *, name: str, revision: str | None, **more: int
) -> dict[str, Any]:
    parts = [checkpoint.encoder, *([checkpoint.head] if checkpoint.head is not None else [])]
    # By identity: a decoder that is tied to the embeddings is counted once.
    parameters = {id(p): p.numel() for part in parts for p in part.parameters()}
    architecture = checkpoint.config.to_dict()
    manifest = {
        "name": name,
        "revision": revision,
        **more,
        "package_version": __version__,
        "parameters": sum(parameters.values()),
        "architecture": {
            key: value
            for key, value in sorted(architecture.items())
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
        "files": {path.name: checksum(path) for path in sorted(folder.iterdir())},
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf8")
    return manifest
