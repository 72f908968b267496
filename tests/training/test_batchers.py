import itertools
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import Example
from spacy.util import registry
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from spacy_modernbert_bio.training.batchers import make_piece_batcher

NLP = spacy.blank("en")


@pytest.fixture(scope="session")
def byte_tokenizer(tmp_path_factory) -> Path:
    """A folder with a tokenizer that makes one piece of each byte, which anyone can count."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({sign: i for i, sign in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    folder = tmp_path_factory.mktemp("encoder")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def examples_of(*texts: str) -> list[Example]:
    docs = [NLP.make_doc(text) for text in texts]
    return [Example(doc, doc.copy()) for doc in docs]


def resolved(**settings):
    return registry.resolve(
        {"batcher": {"@batchers": "spacy_modernbert_bio.batch_by_pieces.v1", **settings}}
    )["batcher"]


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=30),
    size=st.integers(1, 60),
)
def test_batches_keep_order_drop_nothing_and_are_as_full_as_the_limit_allows(
    byte_tokenizer, texts, size
) -> None:
    examples = examples_of(*texts)
    batches = list(make_piece_batcher(size, str(byte_tokenizer))(examples))
    assert [example for batch in batches for example in batch] == examples

    def pieces(batch):
        return sum(len(example.predicted.text.encode()) + 2 for example in batch)

    assert all(len(batch) == 1 or pieces(batch) <= size for batch in batches)
    for batch, following in itertools.pairwise(batches):
        assert pieces([*batch, following[0]]) > size


def test_document_over_the_limit_is_a_batch_of_its_own(byte_tokenizer) -> None:
    batches = make_piece_batcher(10, str(byte_tokenizer))(examples_of("ab", "x" * 50, "cd"))
    assert [[eg.text for eg in batch] for batch in batches] == [["ab"], ["x" * 50], ["cd"]]


def test_schedule_in_a_config_is_asked_once_a_batch_and_runs_on_over_epochs(
    byte_tokenizer,
) -> None:
    schedule = {"@schedules": "compounding.v1", "start": 6, "stop": 100, "compound": 2.0}
    batcher = resolved(size=schedule, tokenizer=str(byte_tokenizer))
    examples = examples_of(*["a"] * 7)  # three pieces each
    sizes = [len(batch) for _ in range(2) for batch in batcher(examples)]
    assert sizes == [2, 4, 1, 7]  # limits 6, 12, 24 and, in the second epoch, 48


def test_list_of_sizes_keeps_its_last_value(byte_tokenizer) -> None:
    batcher = resolved(size=[3, 6], tokenizer=str(byte_tokenizer / "tokenizer.json"))
    assert [len(batch) for batch in batcher(examples_of(*["a"] * 7))] == [1, 2, 2, 2]


@pytest.mark.parametrize("size", [0, [0, 5], []])
def test_size_below_one_is_refused_when_the_config_is_read(byte_tokenizer, size) -> None:
    with pytest.raises(ConfigError, match=r"batcher.size: found 0; wanted 1 piece or more"):
        resolved(size=size, tokenizer=str(byte_tokenizer))


def test_schedule_that_falls_below_one_is_refused_on_the_way(byte_tokenizer) -> None:
    batcher = resolved(size=[3, -1], tokenizer=str(byte_tokenizer))
    with pytest.raises(ConfigError, match="found -1; wanted 1 piece or more"):
        list(batcher(examples_of("a", "b")))


def test_missing_tokenizer_is_refused_when_the_config_is_read(tmp_path) -> None:
    with pytest.raises(CheckpointError, match=r"tokenizer.json: found no such file"):
        resolved(size=5, tokenizer=str(tmp_path))
