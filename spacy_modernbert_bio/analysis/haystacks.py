"""Documents of an exact number of pieces with one telling sentence at a known place.

The filler is sentences of given texts, shuffled by seed; the needle stands between whole sentences,
and no filler sentence speaks of what it tells. Costs one tokenization of the texts. English only.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from spacy_modernbert_bio.encoder.packing import SPECIALS
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import ConfigError

Place = Literal["begin", "middle", "end"]
PLACES: tuple[Place, ...] = get_args(Place)
# What a needle can tell. Words that a text may hold, too: the probe has to know which one counts.
ANSWERS = ("blue", "red", "green", "black", "white", "yellow", "brown", "orange", "purple", "pink")
# With the blank that parts it from the sentence before it, as all sentences here.
NEEDLE = " The special ward code is {}."
_SUBJECT = "ward code"
# The least number of sentences; half of them are kept for the test.
_FEWEST_SENTENCES = 8
_SENTENCE_BORDER = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Haystack:
    """A document. piece_ids: special pieces included. answer: number of the needle in it."""

    piece_ids: Ids
    answer: int


@dataclass(frozen=True, repr=False)
class HaystackMaker:
    """What documents are made of, in pieces, special ones not included.

    needles: one for each answer. fillers: sentences, each with the blank before it.
    cls_id, sep_id: the special pieces around a document.
    """

    needles: tuple[Ids, ...]
    fillers: tuple[Ids, ...]
    cls_id: int
    sep_id: int

    @property
    def shortest(self) -> int:
        """Pieces of the shortest document that has a piece of filler on both sides."""
        return max(map(len, self.needles)) + SPECIALS + 2

    def make(self, length: int, place: Place, answer: int, rng: random.Random) -> Haystack:
        """A document of `length` pieces, special ones included, at least `shortest`.

        Filler is cut at the document's ends only: the sentences around the needle are whole,
        where there is room. Sentences come again when all of them have been used.
        """
        assert length >= self.shortest, "a document needs room for its needle"
        needle = self.needles[answer]
        room = length - SPECIALS - len(needle)
        before = {"begin": 0, "middle": room // 2, "end": room}[place]
        head = self._filler(before, rng)[-before:] if before else ()
        tail = self._filler(room - before, rng)[: room - before]
        return Haystack((self.cls_id, *head, *needle, *tail, self.sep_id), answer)

    def _filler(self, pieces: int, rng: random.Random) -> Ids:
        """Whole sentences in random order, of at least so many pieces together."""
        taken: list[int] = []
        order: list[Ids] = []
        while len(taken) < pieces:
            order = order or rng.sample(self.fillers, len(self.fillers))
            taken += order.pop()
        return tuple(taken)


def make_halves(
    texts: Sequence[str],
    tokenizer: PieceTokenizer,
    *,
    classes: int,
    seed: int,
    cls_id: int,
    sep_id: int,
) -> tuple[HaystackMaker, HaystackMaker]:
    """Makers for training and for the test, with half of the different sentences each.

    classes: how many different needles. Raises ConfigError when there are too few or too many of
    them, or too few sentences.
    """
    if not 2 <= classes <= len(ANSWERS):
        raise ConfigError(
            where="classes", found=str(classes), wanted=f"a number from 2 to {len(ANSWERS)}"
        )
    sentences = sorted({each for text in texts for each in split_sentences(text)})
    random.Random(seed).shuffle(sentences)  # noqa: S311 - order, no secret
    encoded = [tuple(p.piece_ids.tolist()) for p in tokenizer.encode([f" {s}" for s in sentences])]
    fillers = [ids for ids in encoded if ids]
    if len(fillers) < _FEWEST_SENTENCES:
        raise ConfigError(
            where="texts",
            found=f"{len(fillers)} different sentences without the needle's subject",
            wanted=f"at least {_FEWEST_SENTENCES}, and better hundreds",
        )
    needles = tokenizer.encode([NEEDLE.format(answer) for answer in ANSWERS[:classes]])
    needle_ids = tuple(tuple(pieces.piece_ids.tolist()) for pieces in needles)
    half = len(fillers) // 2
    train, test = (
        HaystackMaker(needle_ids, tuple(part), cls_id, sep_id)
        for part in (fillers[:half], fillers[half:])
    )
    return train, test


def split_sentences(text: str) -> list[str]:
    """Sentences by their full stops and line ends; those that speak of the needle's subject go."""
    parts = (part.strip() for part in _SENTENCE_BORDER.split(text))
    return [part for part in parts if part and _SUBJECT not in part.lower()]
