"""Every text becomes pieces once, on one side of the split, whatever interrupted the work."""

import errno
import json
from pathlib import Path

import pytest

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.pretraining import make_shards as module
from spacy_modernbert_bio.pretraining.config import CorpusConfig, SourceConfig
from spacy_modernbert_bio.pretraining.make_shards import make_shards
from spacy_modernbert_bio.pretraining.shards import SPLITS, Manifest, ShardReader
from tests.pretraining.runs import make_texts


def corpus(folder: Path, texts_by_source: dict[str, list[str]], **options) -> CorpusConfig:
    folder.mkdir(parents=True, exist_ok=True)
    sources = {}
    for name, texts in texts_by_source.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        sources[name] = SourceConfig(path=(str(path),), weight=1.0)
    settings = {"heldout": 0.2, "shard_pieces": 3000, **options}
    return CorpusConfig(shards=str(folder / "shards"), sources=sources, **settings)


def make(config: CorpusConfig, tokenizer, **options) -> Manifest:
    folder = Path(config.shards)
    return make_shards(config, tokenizer, cls_id=1, sep_id=2, folder=folder, **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def documents(config: CorpusConfig, source: str, split: str) -> list[list[int]]:
    reader = ShardReader.open(Path(config.shards), source, split)
    stretch, found, start = reader.read(0, reader.pieces), [], 0
    for length in stretch.lengths:
        found.append(stretch.piece_ids[start : start + length].tolist())
        start += length
    return found


@pytest.fixture
def texts() -> dict[str, list[str]]:
    papers, notes = make_texts(400, 0), make_texts(300, 1)
    return {"papers": [*papers, papers[3], "", " "], "notes": [*notes, papers[5], notes[9]]}


def test_each_text_is_there_once_between_its_special_pieces(tmp_path, tiny_tokenizer, texts):
    config = corpus(tmp_path, texts)
    manifest = make(config, tiny_tokenizer)
    for name, kept in (("papers", texts["papers"][:400]), ("notes", texts["notes"][:300])):
        wanted = [[1, *tiny_tokenizer.encode([text])[0].piece_ids.tolist(), 2] for text in kept]
        found = {split: documents(config, name, split) for split in SPLITS}
        assert sorted(found["train"] + found["heldout"]) == sorted(wanted)
        # Each side keeps the order of the source.
        places = [wanted.index(document) for document in found["train"]]
        assert places == sorted(places)
        counts = manifest.sources[name]
        assert counts.documents == len(found["train"])
        assert counts.pieces == sum(map(len, found["train"]))
        assert counts.heldout_pieces == sum(map(len, found["heldout"]))
        assert 0.1 < counts.heldout_documents / len(kept) < 0.3
    assert manifest.sources["papers"].duplicates == 1
    assert manifest.sources["notes"].duplicates == 2
    assert manifest.sources["papers"].blank == 2


def test_a_document_is_on_the_same_side_in_every_corpus(tmp_path, tiny_tokenizer, texts):
    one, two = corpus(tmp_path / "a", texts), corpus(tmp_path / "b", {"papers": texts["papers"]})
    reversed_order = {"papers": texts["papers"][::-1]}
    three = corpus(tmp_path / "c", reversed_order)
    sides = []
    for config in (one, two, three):
        make(config, tiny_tokenizer)
        sides.append(sorted(documents(config, "papers", "heldout")))
    assert sides[0] == sides[1] == sides[2]


class CutError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("after", [0, 130, 300, 420, 500, 704])
def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path, tiny_tokenizer, texts, after):
    whole = corpus(tmp_path / "whole", texts)
    make(whole, tiny_tokenizer)
    config = corpus(tmp_path / "cut", texts)
    seen = []

    def cut(stream, _name):
        for text in stream:
            if len(seen) == after:
                raise CutError
            seen.append(text)
            yield text

    with pytest.raises(CutError):
        make(config, tiny_tokenizer, progress=cut)
    assert not (Path(config.shards) / "manifest.json").exists()
    make(config, tiny_tokenizer)
    assert contents(Path(config.shards)) == contents(Path(whole.shards))


def test_parts_that_are_finished_are_not_tokenised_again(tmp_path, tiny_tokenizer, texts):
    config = corpus(tmp_path, texts)
    calls = []

    class Counting:
        vocab_size, fingerprint = tiny_tokenizer.vocab_size, tiny_tokenizer.fingerprint

        def encode(self, batch):
            calls.append(len(batch))
            if len(calls) == 4:
                raise CutError
            return tiny_tokenizer.encode(batch)

    with pytest.raises(CutError):
        make(config, Counting())
    before = len(calls)
    done = len(list((Path(config.shards) / ".parts").rglob("*.json")))
    assert done > 0
    make(config, Counting())
    total = -(-403 // module._BATCH_TEXTS) + -(-302 // module._BATCH_TEXTS)
    assert len(calls) - before < total
    finished = len(calls)
    assert make(config, Counting()) == Manifest.read(Path(config.shards))
    assert len(calls) == finished


def test_other_settings_tokenizer_or_texts_are_refused(tmp_path, tiny_tokenizer, texts):
    config = corpus(tmp_path, texts)
    make(config, tiny_tokenizer)
    there = contents(Path(config.shards))
    other = corpus(tmp_path, texts, heldout=0.3)
    with pytest.raises(CorpusError, match=r"shards made with other settings \(heldout\)"):
        make(other, tiny_tokenizer)
    longer = corpus(tmp_path, {**texts, "notes": [*texts["notes"], "one more"]})
    with pytest.raises(CorpusError, match=r"shards made with other settings \(inputs\)"):
        make(longer, tiny_tokenizer)
    assert contents(Path(config.shards)) == there


@pytest.mark.parametrize(
    ("texts", "heldout", "missing"),
    [
        ([], 0.2, "no document to train on among 0 texts"),
        (["", ""], 0.2, "no document to train on among 2 texts"),
        (["only one"], 1e-9, "no document to hold out among 1 texts"),
    ],
)
def test_a_source_that_leaves_nothing_is_refused(tmp_path, tiny_tokenizer, texts, heldout, missing):
    config = corpus(tmp_path, {"notes": texts}, heldout=heldout)
    with pytest.raises(CorpusError, match=f"corpus.sources.notes: found {missing}"):
        make(config, tiny_tokenizer)
    assert not (Path(config.shards) / "manifest.json").exists()


def test_a_full_disk_leaves_what_is_finished_and_the_run_goes_on(
    tmp_path, tiny_tokenizer, texts, monkeypatch
):
    whole, config = corpus(tmp_path / "whole", texts), corpus(tmp_path / "full", texts)
    make(whole, tiny_tokenizer)
    write, written = module.write_shard, []

    def full(*arguments):
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(arguments)
        return write(*arguments)

    monkeypatch.setattr(module, "write_shard", full)
    with pytest.raises(CorpusError, match=r"could not be written \(No space left on device\)"):
        make(config, tiny_tokenizer)
    monkeypatch.undo()
    make(config, tiny_tokenizer)
    assert contents(Path(config.shards)) == contents(Path(whole.shards))


def test_a_lone_surrogate_is_no_reason_to_stop(tmp_path, tiny_tokenizer, texts):
    config = corpus(tmp_path, {"notes": [*texts["notes"], "bad \ud800 escape"]})
    assert make(config, tiny_tokenizer).sources["notes"].duplicates == 1
