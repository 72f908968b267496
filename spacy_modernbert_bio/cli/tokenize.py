"""`modernbert-bio tokenize`: the texts of a pretraining config as token shards.

The same command goes on where an interrupted one was. Shards are as private as the texts.
"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.options import Quiet
from spacy_modernbert_bio.cli.overrides import Overrides, read_overrides
from spacy_modernbert_bio.encoder.checkpoint import locate_checkpoint
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.evaluation.tables import Table
from spacy_modernbert_bio.pretraining.config_file import read_config
from spacy_modernbert_bio.pretraining.make_shards import make_shards
from spacy_modernbert_bio.pretraining.shards import Manifest
from spacy_modernbert_bio.pretraining.sources import SourceText


def tokenize(
    config: Annotated[Path, typer.Argument(help="The pretraining run, as a .cfg file.")],
    overrides: Overrides = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Counts as JSON on stdout.")] = False,
) -> None:
    """Turn a pretraining corpus into token shards: no duplicates, some documents held out."""
    console = Console(quiet=quiet, as_json=as_json)

    def progress(texts: Iterable[SourceText], name: str) -> Iterable[SourceText]:
        return console.progress(texts, label=name)

    with errors_shown():
        settings = read_config(config, read_overrides(overrides or []))
        start = locate_checkpoint(settings.run.start, revision=settings.run.revision)
        architecture = EncoderConfig.from_file(start / "config.json")
        manifest = make_shards(
            settings.corpus,
            PieceTokenizer.from_file(start / "tokenizer.json"),
            cls_id=architecture.cls_token_id,
            sep_id=architecture.sep_token_id,
            folder=Path(settings.corpus.shards),
            progress=progress,
        )
        console.table(_table(manifest, settings.mix))
        console.say(f"Shards in {settings.corpus.shards}: as private as the texts.")


def _table(manifest: Manifest, mix: dict[str, float]) -> Table:
    columns = ("source", "share", "documents", "tokens", "held out", "held-out tokens")
    rows = []
    for name, counts in manifest.sources.items():
        found = asdict(counts)
        keys = ("documents", "pieces", "heldout_documents", "heldout_pieces", "duplicates", "blank")
        rows.append((name, mix[name], *(found[key] for key in keys)))
    return Table((*columns, "duplicates", "blank"), rows, title="Token shards", decimals=2)
