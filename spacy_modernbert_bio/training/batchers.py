"""Batches bounded by what the encoder pays for: pieces, with no padding to count.

Pieces are counted with the encoder's own tokenizer. A guess from characters was measured and left:
ModernBERT's gives 4.7 of them a piece on abstracts, 3.9 on dialogues, 1.7 in columns of IOB.
Counting costs about a second a megabyte of text, each epoch anew. Does not sort or shuffle, and
drops nothing: a document over the limit makes a batch of its own, which the encoder takes in parts.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from pathlib import Path

from spacy.training import Example
from spacy.training.batchers import Sizing

from spacy_modernbert_bio.encoder.checkpoint import locate_checkpoint
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import ConfigError

Batcher = Callable[[Iterable[Example]], Iterator[list[Example]]]

# The two pieces, begin and end, that the encoder puts around each document.
_SPECIAL_PIECES = 2
# Documents tokenized at once: enough to keep the tokenizer's threads busy.
_DOCUMENTS_AT_ONCE = 64


def make_piece_batcher(size: Sizing, tokenizer: str) -> Batcher:
    """Registered as batcher `spacy_modernbert_bio.batch_by_pieces.v1`.

    size: pieces a batch, at most; a number, or a schedule or list that is asked once a batch and,
        when it ends, keeps its last value. It runs on over epochs.
    tokenizer: the encoder's folder or hub id, as Encoder.v1's `name`; or a tokenizer.json.

    Raises CheckpointError when there is no such tokenizer, ConfigError for a size below 1.
    """
    path = Path(tokenizer)
    counter = PieceTokenizer.from_file(
        path if path.is_file() else locate_checkpoint(tokenizer) / "tokenizer.json"
    )
    sizes = _checked(repeat(size) if isinstance(size, int) else iter(size))
    # Asked for now, so that a wrong size is found before the first epoch.
    next_size = next(sizes)

    def batch_by_pieces(examples: Iterable[Example]) -> Iterator[list[Example]]:
        nonlocal next_size
        limit = next_size
        batch: list[Example] = []
        pieces = 0
        for example, count in _counted(examples, counter):
            if batch and pieces + count > limit:
                yield batch
                limit = next_size = next(sizes)
                batch, pieces = [], 0
            batch.append(example)
            pieces += count
        if batch:
            yield batch
            next_size = next(sizes)

    return batch_by_pieces


def _counted(
    examples: Iterable[Example], tokenizer: PieceTokenizer
) -> Iterator[tuple[Example, int]]:
    stream = iter(examples)
    while group := list(islice(stream, _DOCUMENTS_AT_ONCE)):
        encoded = tokenizer.encode([example.predicted.text for example in group])
        for example, pieces in zip(group, encoded, strict=True):
            yield example, len(pieces) + _SPECIAL_PIECES


def _checked(sizes: Iterator[int]) -> Iterator[float]:
    """The sizes as they come, then the last of them for ever."""
    size = 0
    for size in sizes:
        _refuse_below_one(size)
        yield size
    _refuse_below_one(size)
    yield from repeat(size)


def _refuse_below_one(size: float) -> None:
    if size < 1:
        raise ConfigError(where="training.batcher.size", found=str(size), wanted="1 piece or more")
