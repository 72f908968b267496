"""A stream of documents comes back as it was written, whatever range of it is asked for."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.pretraining.shards import (
    MANIFEST,
    Manifest,
    ShardReader,
    SourceCounts,
    write_shard,
)

FILES = st.lists(
    st.lists(st.integers(1, 12), min_size=1, max_size=6), min_size=1, max_size=4
)  # lengths of documents, file by file
COUNTS = SourceCounts(1, 2, 3, 4, 5, 6)


def write(folder, lengths_by_file, dtype="<u2"):
    """Files whose pieces count up through the stream."""
    files, number = [], 0
    for index, lengths in enumerate(lengths_by_file):
        documents = []
        for length in lengths:
            documents.append(np.arange(number, number + length, dtype=dtype))
            number += length
        files.append(write_shard(folder, "notes", f"train-{index:05d}", documents))
    return tuple(files)


def manifest_of(files, dtype="<u2"):
    return Manifest(
        tokenizer="0123456789abcdef",
        vocab_size=400,
        dtype=dtype,
        heldout=0.1,
        sources={"notes": COUNTS},
        files={"notes": {"train": files, "heldout": ()}},
        inputs={"notes": {"files": []}},
        package_version="0",
    )


@given(FILES, st.data())
def test_any_range_has_its_pieces_and_is_cut_where_documents_begin(
    tmp_path_factory, lengths_by_file, data
):
    folder = tmp_path_factory.mktemp("shards")
    files = write(folder, lengths_by_file)
    reader = ShardReader(folder, "notes", files, "<u2")
    lengths = [length for lengths in lengths_by_file for length in lengths]
    assert (reader.pieces, reader.documents) == (sum(lengths), len(lengths))
    start = data.draw(st.integers(0, reader.pieces))
    stop = data.draw(st.integers(start, reader.pieces))
    stretch = reader.read(start, stop)
    assert stretch.piece_ids.tolist() == list(range(start, stop))
    # Written down anew: a piece belongs to the document in whose range it is.
    owners = np.repeat(np.arange(len(lengths)), lengths)[start:stop]
    assert list(stretch.lengths) == [int((owners == owner).sum()) for owner in np.unique(owners)]


@pytest.mark.parametrize("dtype", ["<u2", "<u4"])
def test_what_was_written_is_opened_by_its_manifest(tmp_path, dtype):
    files = write(tmp_path, [[3, 4], [5]], dtype)
    written = manifest_of(files, dtype)
    written.write(tmp_path)
    assert Manifest.read(tmp_path) == written
    reader = ShardReader.open(tmp_path, "notes", "train")
    assert reader.read(2, 8).lengths == (1, 4, 1)
    assert ShardReader.open(tmp_path, "notes", "heldout").pieces == 0


def test_a_folder_without_a_manifest_or_with_a_damaged_one_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"found no manifest.json; wanted finished token shards"):
        Manifest.read(tmp_path)
    manifest_of(write(tmp_path, [[3]])).write(tmp_path)
    path = tmp_path / MANIFEST
    whole = path.read_text()
    content = json.loads(whole)
    del content["sources"]
    for text in (whole[:-10], "[]", json.dumps(content), json.dumps(content | {"sources": [1]})):
        path.write_text(text)
        with pytest.raises(CorpusError, match=r"manifest.json: found no readable manifest"):
            Manifest.read(tmp_path)


def test_another_tokenizer_is_refused(tmp_path):
    manifest = manifest_of(())
    manifest.check("0123456789abcdef", where="start")
    with pytest.raises(CorpusError) as raised:
        manifest.check("ffff456789abcdef", where="start")
    assert "start: found a tokenizer with fingerprint ffff456789ab" in str(raised.value)
    assert "wanted 0123456789ab" in str(raised.value)


@pytest.mark.parametrize("ending", ["pieces", "starts"])
def test_a_file_that_is_missing_or_short_is_named(tmp_path, ending):
    manifest_of(write(tmp_path, [[3, 4]])).write(tmp_path)
    path = tmp_path / "notes" / f"train-00000.{ending}"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(CorpusError, match=rf"{ending}: found 1[24] bytes; wanted 1[46] bytes"):
        ShardReader.open(tmp_path, "notes", "train")
    path.unlink()
    with pytest.raises(CorpusError, match=rf"{ending}: found no such file"):
        ShardReader.open(tmp_path, "notes", "train")
