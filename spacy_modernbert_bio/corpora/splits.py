"""The part of a corpus that a rule gives for training, development or test.

Published parts that are files or lists of documents need nothing from here. These are the others:
rules that somebody published, and one of our own for corpora without any. Nothing is written; a
rule that goes by the number of documents holds them all in memory.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from math import ceil, isclose
from typing import Literal, get_args

import numpy as np

from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.errors import ConfigError, CorpusError

Part = Literal["train", "dev", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

# Training, development and test, as BLURB's parts of HoC have it (1,295, 186 and 371 abstracts).
SHARES = (0.7, 0.1, 0.2)
# BLURB's parts of GAD's fold 1: the first lines of its train.tsv for training, the others for
# development (`data_generation` of https://microsoft.github.io/BLURB/).
GAD_TRAIN, GAD_DEV = 4_261, 535
# The benchmark of BioClinical ModernBERT (arXiv 2506.10896) gives the seed to both cuts.
_PHENOTYPE_SEED, _PHENOTYPE_TEST, _PHENOTYPE_DEV = 42, 0.2, 0.125


@dataclass(frozen=True)
class Split:
    """Which part of a corpus is wanted, and the rule that cuts it.

    rule: `seeded`, or one that was published: a key of RULES.
    part: train, dev or test.
    seed, shares: of `seeded` only; the shares of training, development and test add up to one.

    Raises ConfigError for an unknown rule or part, and for shares that cannot be.
    """

    rule: str
    part: Part
    seed: int = 0
    shares: Sequence[float] = SHARES

    def __post_init__(self) -> None:
        """Refuse what no corpus could be cut by."""
        rules = (SEEDED, *RULES)
        if self.rule not in rules:
            raise ConfigError(
                where="split", found=f"{self.rule!r}", wanted=f"one of {', '.join(rules)}"
            )
        if self.part not in PARTS:
            raise ConfigError(
                where="part", found=f"{self.part!r}", wanted=f"one of {', '.join(PARTS)}"
            )
        if not _are_shares(self.shares) or not isinstance(self.seed, int):
            raise ConfigError(
                where="shares, seed",
                found="something else than numbers of 0 or more that add up to 1, or no whole seed",
                wanted="the shares of training, development and test, as 0.7, 0.1, 0.2; a number",
            )
        if self.rule != SEEDED and (self.seed, tuple(self.shares)) != (0, SHARES):
            raise ConfigError(
                where="shares, seed",
                found=f"one of them, with {self.rule}",
                wanted=f"them with {SEEDED} only",
                fix="What was published has its own.",
            )


def _are_shares(shares: object) -> bool:
    return (
        isinstance(shares, list | tuple)
        and len(shares) == len(PARTS)
        and all(isinstance(share, float | int) and share >= 0 for share in shares)
        and isclose(sum(shares), 1)
    )


def take_part(documents: Iterable[Document], split: Split) -> Iterator[Document]:
    """The documents of one part, in the source's order.

    Raises CorpusError when a published rule does not fit the number of documents.
    """
    if split.rule == SEEDED:
        for document in documents:
            if seeded_part(document.group or document.id, split.seed, split.shares) == split.part:
                yield document
        return
    held = list(documents)
    for document, part in zip(held, RULES[split.rule](len(held)), strict=True):
        if part == split.part:
            yield document


def seeded_part(group: str, seed: int, shares: Sequence[float] = SHARES) -> Part:
    """The part of a group of documents: a hash of its name and the seed, against the shares.

    Nothing else counts: the part stays the same when documents are added, left out or reordered,
    and no group is parted. Shares are met on average, as by throwing dice.
    """
    digest = hashlib.sha256(f"{seed}\t{group}".encode("utf8", "surrogatepass")).digest()
    drawn = int.from_bytes(digest[:8], "big") / 2**64
    for part, below in zip(PARTS, accumulate(shares), strict=True):
        if drawn < below:
            return part
    # The shares may add up to a little less than one.
    return next(part for part, share in reversed([*zip(PARTS, shares, strict=True)]) if share)


def phenotype_parts(count: int) -> list[Part]:
    """The part of each row of MIMIC's phenotypes: 20 % to test, 12.5 % of the rest to development.

    Equals `Dataset.train_test_split(seed=42)` of Hugging Face datasets, twice; not scikit-learn's
    function of that name, which draws another permutation. Rows of one note, and notes of one
    patient, may come to stand in two parts: `seeded` keeps a patient together.
    """
    parts: list[Part] = ["train"] * count
    test, rest = _cut(np.arange(count), _PHENOTYPE_TEST)
    dev, _ = _cut(rest, _PHENOTYPE_DEV)
    for place in test.tolist():
        parts[place] = "test"
    for place in dev.tolist():
        parts[place] = "dev"
    return parts


def _cut(places: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(_PHENOTYPE_SEED).permutation(len(places))
    taken = ceil(share * len(places))
    return places[order[:taken]], places[order[taken:]]


def gad_parts(count: int) -> list[Part]:
    """The part of each line of GAD's fold 1, train.tsv, as BLURB cuts it. Its test part is a file.

    Raises CorpusError for a file of another length, which is another fold.
    """
    if count != GAD_TRAIN + GAD_DEV:
        raise CorpusError(
            where="split gad",
            found=f"{count} documents",
            wanted=f"{GAD_TRAIN + GAD_DEV}, as 1/train.tsv has",
            fix="For the other folds, take the rule seeded.",
        )
    return [*repeat(PARTS[0], GAD_TRAIN), *repeat(PARTS[1], GAD_DEV)]


SEEDED = "seeded"
RULES: Mapping[str, Callable[[int], list[Part]]] = {
    "phenotype": phenotype_parts,
    "gad": gad_parts,
}
