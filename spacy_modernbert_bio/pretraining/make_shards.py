"""Texts to token shards: duplicates dropped, some documents held out, an interrupted run goes on.

Streams each source once. Holds the pieces of one shard file and a digest of every document: about
100 bytes a document, two gigabytes for twenty million. A part of a source that is finished stays;
a run that goes on reads the texts before it again but does not tokenise them, and ends with the
same bytes as a run without interruption. Digests lie beside the shards until the run is over.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spacy_modernbert_bio import __version__
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import atomic_file
from spacy_modernbert_bio.pretraining.config import CorpusConfig, SourceConfig
from spacy_modernbert_bio.pretraining.shards import (
    MANIFEST,
    SPLITS,
    Manifest,
    ShardFile,
    SourceCounts,
    write_shard,
)
from spacy_modernbert_bio.pretraining.sources import SourceText, list_files, read_texts

Progress = Callable[[Iterable[SourceText], str], Iterable[SourceText]]

_SETTINGS = "settings.json"
_PARTS = ".parts"
# Texts that are encoded in one call: enough for all cores, few enough for long documents.
_BATCH_TEXTS = 128
_DIGEST_BYTES = 16
# Of each input file, what tells it from another of the same name and size.
_HEAD_BYTES = 1 << 20


@dataclass
class Part:
    """A finished stretch of a source: what was counted, and the files that it became.

    texts: documents read, from the stretch's start, duplicates and blank ones included.
    """

    texts: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: {each.name: 0 for each in fields(SourceCounts)}
    )
    files: dict[str, ShardFile] = field(default_factory=dict)


def make_shards(
    corpus: CorpusConfig,
    tokenizer: PieceTokenizer,
    *,
    cls_id: int,
    sep_id: int,
    folder: Path,
    progress: Progress = lambda texts, _: texts,
) -> Manifest:
    """Write the shards of all sources to a folder, or what is missing of them.

    cls_id, sep_id: the special pieces around each document. progress: wraps the texts of a source,
    which is named, as they pass.

    Raises CorpusError for a source that cannot be read or leaves nothing to train on or to hold
    out, for a folder made with other settings, another tokenizer or from other files, and when the
    shards cannot be written; finished files then stay.
    """
    settings = {
        "tokenizer": tokenizer.fingerprint,
        "heldout": corpus.heldout,
        "shard_pieces": corpus.shard_pieces,
        "inputs": {name: _inputs(name, source) for name, source in corpus.sources.items()},
    }
    try:
        _check_settings(folder, settings)
        if (folder / MANIFEST).is_file():
            return Manifest.read(folder)
        maker = _Maker(corpus, tokenizer, (cls_id, sep_id), folder)
        parts = {
            name: maker.make(name, source, progress) for name, source in corpus.sources.items()
        }
        manifest = _manifest(settings, parts, tokenizer, maker.dtype)
        manifest.write(folder)
        maker.clean()
    except OSError as error:
        raise CorpusError(
            where=str(folder),
            found=f"shards that could not be written ({error.strerror or type(error).__name__})",
            wanted="room for them",
            fix="Make room and run the same command: it goes on from the last finished shard.",
        ) from None
    return manifest


class _Maker:
    """One run over all sources. Knows every document that has been seen."""

    def __init__(
        self,
        corpus: CorpusConfig,
        tokenizer: PieceTokenizer,
        special: tuple[int, int],
        folder: Path,
    ) -> None:
        self._corpus, self._tokenizer, self._folder = corpus, tokenizer, folder
        wide = max(tokenizer.vocab_size, *(number + 1 for number in special)) > 1 << 16
        self.dtype = np.dtype("<u4" if wide else "<u2")
        self._special = [np.array([number], dtype=self.dtype) for number in special]
        self._seen: set[bytes] = set()

    def make(self, name: str, source: SourceConfig, progress: Progress) -> list[Part]:
        """The parts of a source: those that are there, and the rest."""
        parts = list(self._finished(name))
        skip = sum(part.texts for part in parts)
        texts = iter(progress(read_texts(source, where=f"corpus.sources.{name}"), name))
        # Read again, since a place in compressed data cannot be jumped to.
        for _ in islice(texts, skip):
            pass
        while True:
            part, digests = self._write_part(name, len(parts), texts)
            if not part.texts:
                break
            self._record(name, len(parts), part, digests)
            parts.append(part)
        _check_counts(name, parts)
        return parts

    def clean(self) -> None:
        """Remove what only an interrupted run needs."""
        for path in sorted((self._folder / _PARTS).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (self._folder / _PARTS).rmdir()

    def _write_part(
        self, name: str, number: int, texts: Iterator[SourceText]
    ) -> tuple[Part, list[bytes]]:
        part, digests = Part(), list[bytes]()
        kept: dict[str, list[npt.NDArray[Any]]] = {split: [] for split in SPLITS}
        pieces = 0
        while pieces < self._corpus.shard_pieces and (batch := list(islice(texts, _BATCH_TEXTS))):
            part.texts += len(batch)
            fresh = self._fresh([found.text for found in batch], part, digests)
            encoded = self._tokenizer.encode([text for text, _ in fresh])
            for found, (_, heldout) in zip(encoded, fresh, strict=True):
                ids = found.piece_ids.astype(self.dtype)
                document = np.concatenate([self._special[0], ids, self._special[1]])
                kept["heldout" if heldout else "train"].append(document)
                prefix = "heldout_" if heldout else ""
                part.counts[f"{prefix}documents"] += 1
                part.counts[f"{prefix}pieces"] += len(document)
                pieces += len(document)
        for split, documents in kept.items():
            if documents:
                file = f"{split}-{number:05d}"
                part.files[split] = write_shard(self._folder, name, file, documents)
        return part, digests

    def _fresh(self, texts: list[str], part: Part, digests: list[bytes]) -> list[tuple[str, bool]]:
        """The texts that are not blank or were there before, and whether each is held out."""
        fresh = []
        for text in texts:
            if not text.strip():
                part.counts["blank"] += 1
                continue
            digest = hashlib.blake2b(
                text.encode("utf8", "surrogatepass"), digest_size=_DIGEST_BYTES
            ).digest()
            if digest in self._seen:
                part.counts["duplicates"] += 1
                continue
            self._seen.add(digest)
            digests.append(digest)
            # By the text alone: the same document is on the same side in every corpus.
            share = int.from_bytes(digest[:8], "big") / 2**64
            fresh.append((text, share < self._corpus.heldout))
        return fresh

    def _record(self, name: str, number: int, part: Part, digests: list[bytes]) -> None:
        path = self._folder / _PARTS / name / f"{number:05d}"
        with atomic_file(path.with_suffix(".digests")) as temporary:
            temporary.write_bytes(b"".join(digests))
        # Last: a part that has its record has its files.
        with atomic_file(path.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(asdict(part)), encoding="utf8")

    def _finished(self, name: str) -> Iterator[Part]:
        """The parts that an interrupted run has left, their documents known again."""
        for path in sorted((self._folder / _PARTS / name).glob("*.json")):
            content = json.loads(path.read_text(encoding="utf8"))
            raw = path.with_suffix(".digests").read_bytes()
            self._seen.update(raw[i : i + _DIGEST_BYTES] for i in range(0, len(raw), _DIGEST_BYTES))
            files = {split: ShardFile(**file) for split, file in content["files"].items()}
            yield Part(content["texts"], content["counts"], files)


def _inputs(name: str, source: SourceConfig) -> dict[str, Any]:
    """What tells whether a source is the same as before."""
    files = []
    for path in list_files(source, where=f"corpus.sources.{name}"):
        with path.open("rb") as stream:
            head = hashlib.sha256(stream.read(_HEAD_BYTES)).hexdigest()
        files.append({"name": path.name, "bytes": path.stat().st_size, "head": head})
    return {"field": source.field, "text_unit": source.text_unit, "files": files}


def _check_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Write down what a folder is made with, or refuse to go on with something else."""
    path = folder / _SETTINGS
    if not path.is_file():
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf8")
        return
    before = json.loads(path.read_text(encoding="utf8"))
    for key, value in settings.items():
        if before[key] != value:
            raise CorpusError(
                where=str(folder),
                found=f"shards made with other settings ({key})",
                wanted="those of the config",
                fix="Name another folder in corpus.shards, or remove this one.",
            )


def _check_counts(name: str, parts: list[Part]) -> None:
    for key, what in (("documents", "to train on"), ("heldout_documents", "to hold out")):
        if not sum(part.counts[key] for part in parts):
            read = sum(part.texts for part in parts)
            raise CorpusError(
                where=f"corpus.sources.{name}",
                found=f"no document {what} among {read} texts",
                wanted="at least one that is neither blank nor in an earlier source",
                fix="A larger corpus.heldout holds out more." if "held" in key else "",
            )


def _manifest(
    settings: dict[str, Any],
    parts: dict[str, list[Part]],
    tokenizer: PieceTokenizer,
    dtype: np.dtype[Any],
) -> Manifest:
    return Manifest(
        tokenizer=settings["tokenizer"],
        vocab_size=tokenizer.vocab_size,
        dtype=dtype.str,
        heldout=settings["heldout"],
        sources={
            name: SourceCounts(
                **{
                    each.name: sum(part.counts[each.name] for part in of)
                    for each in fields(SourceCounts)
                }
            )
            for name, of in parts.items()
        },
        files={
            name: {
                split: tuple(part.files[split] for part in of if split in part.files)
                for split in SPLITS
            }
            for name, of in parts.items()
        },
        inputs=settings["inputs"],
        package_version=__version__,
    )
