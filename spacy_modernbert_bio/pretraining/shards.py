"""Token shards: flat files of piece ids, the places where documents start, and their manifest.

A stored document is `[CLS] pieces [SEP]`; a source is the stream of its documents, over as many
files as it takes, each of which ends with a document. Files are memory-mapped: opening costs
nothing, reading costs what is read. Shards are as private as the texts that they were made from.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spacy_modernbert_bio.encoder.pieces import Ints
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import atomic_file, checksum

MANIFEST = "manifest.json"
Split = Literal["train", "heldout"]
SPLITS: tuple[Split, ...] = ("train", "heldout")
_FIX = "Remove the folder and run `modernbert-bio tokenize` again."


@dataclass(frozen=True)
class ShardFile:
    """One file of piece ids and its file of document starts, by name, size and checksum.

    pieces, documents: what they hold. sha256: of the pieces; starts_sha256: of the starts.
    """

    name: str
    pieces: int
    documents: int
    sha256: str
    starts_sha256: str


@dataclass(frozen=True)
class SourceCounts:
    """What became of a source's texts.

    documents, pieces: to train on; heldout_documents, heldout_pieces: kept apart. duplicates: texts
    that stood before, in this source or an earlier one. blank: texts of nothing but white space.
    Pieces include two special ones a document.
    """

    documents: int
    pieces: int
    heldout_documents: int
    heldout_pieces: int
    duplicates: int
    blank: int


@dataclass(frozen=True)
class Manifest:
    """What a folder of shards holds; it is written last, so one that is there is whole.

    tokenizer: fingerprint of the tokenizer. dtype: of the piece ids. heldout: share of documents
    asked for. sources: counts by source; files: by source and split. inputs: what was read: for
    each source, names and sizes of files and a checksum of each one's beginning.
    """

    tokenizer: str
    vocab_size: int
    dtype: str
    heldout: float
    sources: Mapping[str, SourceCounts]
    files: Mapping[str, Mapping[str, tuple[ShardFile, ...]]]
    inputs: Mapping[str, Any]
    package_version: str

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest of a folder. Raises CorpusError where there is none, or no readable one."""
        path = folder / MANIFEST
        if not path.is_file():
            raise CorpusError(
                where=str(folder),
                found=f"no {MANIFEST}",
                wanted="finished token shards",
                fix="Run `modernbert-bio tokenize` with this config first, or again.",
            )
        try:
            content = json.loads(path.read_text(encoding="utf8"))
            content["sources"] = {
                name: SourceCounts(**counts) for name, counts in content["sources"].items()
            }
            content["files"] = {
                name: {key: tuple(ShardFile(**file) for file in files) for key, files in of.items()}
                for name, of in content["files"].items()
            }
            return cls(**content)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CorpusError(
                where=str(path),
                found="no readable manifest",
                wanted="one of token shards",
                fix=_FIX,
            ) from None

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all; the same content gives the same bytes."""
        text = json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"
        with atomic_file(folder / MANIFEST) as path:
            path.write_text(text, encoding="utf8")

    def check(self, fingerprint: str, *, where: str) -> None:
        """Refuse another tokenizer than that of the shards. where: names the other one."""
        if fingerprint != self.tokenizer:
            raise CorpusError(
                where=where,
                found=f"a tokenizer with fingerprint {fingerprint[:12]}",
                wanted=f"{self.tokenizer[:12]}, with which the shards were made",
                fix="Tokenize again with this checkpoint, into another folder.",
            )


@dataclass(frozen=True, eq=False)
class Stretch:
    """A range of a source's stream of pieces.

    piece_ids: `[n]`. lengths: of the sequences into which documents' borders cut it; they sum to n,
    and none is 0.
    """

    piece_ids: Ints
    lengths: tuple[int, ...]


class ShardReader:
    """One source's stream of one split.

    pieces, documents: how many there are. Safe to open in each process.
    """

    def __init__(self, folder: Path, source: str, files: tuple[ShardFile, ...], dtype: str) -> None:
        self._tokens = [_map(folder, source, file, np.dtype(dtype)) for file in files]
        self._starts = [_map_starts(folder, source, file) for file in files]
        self.documents = sum(file.documents for file in files)
        self.pieces = sum(file.pieces for file in files)

    @classmethod
    def open(cls, folder: Path, source: str, split: Split) -> "ShardReader":
        """The stream of a source that the manifest names.

        Raises CorpusError for files that are missing or of another size than the manifest says.
        """
        manifest = Manifest.read(folder)
        return cls(folder, source, manifest.files[source][split], manifest.dtype)

    def read(self, start: int, stop: int) -> Stretch:
        """Pieces `start` to `stop - 1` of the stream, 0 <= start <= stop <= pieces."""
        assert 0 <= start <= stop <= self.pieces, (start, stop, self.pieces)
        parts, borders = [], []
        for tokens, starts, first in zip(self._tokens, self._starts, self._firsts, strict=True):
            low, high = max(start - first, 0), min(stop - first, len(tokens))
            if low >= high:
                continue
            parts.append(tokens[low:high].astype(np.int64))
            inside = starts[np.searchsorted(starts, low) : np.searchsorted(starts, high)]
            borders.append(inside.astype(np.int64) + first)
        if not parts:
            return Stretch(np.zeros(0, dtype=np.int64), ())
        edges = np.unique(np.concatenate([[start], *borders, [stop]]))
        return Stretch(np.concatenate(parts), tuple(np.diff(edges).tolist()))

    @cached_property
    def _firsts(self) -> list[int]:
        """Where in the stream each file begins."""
        ends = np.cumsum([0, *(len(tokens) for tokens in self._tokens)])
        return [int(end) for end in ends[:-1]]


def write_shard(
    folder: Path, source: str, name: str, documents: list[npt.NDArray[Any]]
) -> ShardFile:
    """Write documents, each an array of piece ids, as one file of pieces and one of starts."""
    pieces = np.concatenate(documents)
    starts = np.cumsum([0, *(len(document) for document in documents[:-1])], dtype=np.int64)
    paths = _paths(folder, source, name)
    for path, content in zip(paths, (pieces, starts), strict=True):
        with atomic_file(path) as temporary:
            content.tofile(temporary)
    return ShardFile(name, len(pieces), len(documents), *map(checksum, paths))


def _paths(folder: Path, source: str, name: str) -> tuple[Path, Path]:
    return folder / source / f"{name}.pieces", folder / source / f"{name}.starts"


def _map(folder: Path, source: str, file: ShardFile, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return _open(_paths(folder, source, file.name)[0], file.pieces, dtype)


def _map_starts(folder: Path, source: str, file: ShardFile) -> npt.NDArray[Any]:
    return _open(_paths(folder, source, file.name)[1], file.documents, np.dtype(np.int64))


def _open(path: Path, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    size = path.stat().st_size if path.is_file() else None
    if size != count * dtype.itemsize:
        raise CorpusError(
            where=str(path),
            found="no such file" if size is None else f"{size} bytes",
            wanted=f"{count * dtype.itemsize} bytes, as the manifest says",
            fix=_FIX,
        )
    return np.memmap(path, dtype=dtype, mode="r", shape=(count,))
