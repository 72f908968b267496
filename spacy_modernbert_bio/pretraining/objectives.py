"""What a row is asked to predict: the next piece (CLM), or the pieces that were masked (MLM).

Works on numpy arrays of one row, before packing. What is masked depends on the seed and the row's
number alone, so that resumed runs, and runs on other numbers of processes, see the same.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.pieces import Ints, PieceTokenizer
from spacy_modernbert_bio.errors import CheckpointError
from spacy_modernbert_bio.pretraining.config import PhaseConfig
from spacy_modernbert_bio.pretraining.sampler import stable_random
from spacy_modernbert_bio.pretraining.shards import Stretch

# Apart from the order's own keys, should both begin with one seed.
_MASK_KEY = 0x4D41534B


@dataclass(frozen=True, eq=False)
class Supervision:
    """A row as the encoder reads it, and what is to be predicted where.

    piece_ids: `[pieces]`. positions: of the supervised pieces, increasing; labels: the piece to
    predict at each of them, `[supervised]`.
    """

    piece_ids: Ints
    positions: Ints
    labels: Ints


class Objective(Protocol):
    """How rows become supervision."""

    @property
    def name(self) -> str:
        """As configs spell it."""

    @property
    def causal(self) -> bool:
        """Whether the encoder reads with a causal mask."""

    def supervise(self, stretch: Stretch, number: int) -> Supervision:
        """Row `number` of the order as the encoder is to read it."""


@dataclass(frozen=True)
class ClmObjective:
    """Each piece predicts the next one of its own document; a document's last predicts nothing."""

    name: str = "clm"
    causal: bool = True

    def supervise(self, stretch: Stretch, number: int) -> Supervision:  # noqa: ARG002
        """All pieces but the last of each sequence; `number` changes nothing."""
        has_next = np.ones(len(stretch.piece_ids), dtype=bool)
        has_next[np.cumsum(stretch.lengths) - 1] = False
        positions = np.flatnonzero(has_next)
        return Supervision(stretch.piece_ids, positions, stretch.piece_ids[positions + 1])


@dataclass(frozen=True, eq=False)
class MlmObjective:
    """Each piece but special ones is masked with a fixed probability, on its own.

    masked: that probability. to_mask, to_random: shares of the masked pieces that are replaced by
    the mask piece and by a random one; the rest stays. ordinary: the ids that are not special, of
    which the random ones are drawn. seed: of all draws.
    """

    masked: float
    to_mask: float
    to_random: float
    mask_id: int
    special: Ints
    ordinary: Ints
    seed: int
    name: str = "mlm"
    causal: bool = False

    def supervise(self, stretch: Stretch, number: int) -> Supervision:
        """The masked pieces, whatever they were replaced by."""
        random = stable_random(self.seed, _MASK_KEY, number, number >> 32)
        count = len(stretch.piece_ids)
        # Drawn for every piece, masked or not: a piece's fate does not hang on its neighbours'.
        chosen = random.random_sample(count) < self.masked
        kind = random.random_sample(count)
        substitutes = self.ordinary[(random.random_sample(count) * len(self.ordinary)).astype(int)]
        positions = np.flatnonzero(chosen & ~np.isin(stretch.piece_ids, self.special))
        labels = stretch.piece_ids[positions]
        kind = kind[positions]
        piece_ids = stretch.piece_ids.copy()
        piece_ids[positions] = np.where(
            kind < self.to_mask,
            self.mask_id,
            np.where(kind < self.to_mask + self.to_random, substitutes[positions], labels),
        )
        return Supervision(piece_ids, positions, labels)


def build_objective(
    phase: PhaseConfig, config: EncoderConfig, tokenizer: PieceTokenizer, *, seed: int
) -> Objective:
    """The objective of a phase. Raises CheckpointError for MLM without a mask piece."""
    if phase.objective == "clm":
        return ClmObjective()
    mask_id = tokenizer.mask_id
    if mask_id is None:
        raise CheckpointError(
            where="tokenizer.json", found="no mask piece", wanted="[MASK] or <mask> for MLM"
        )
    names = tokenizer.special_names()
    special = {config.cls_token_id, config.sep_token_id, config.pad_token_id, mask_id}
    special |= {number for name in names if (number := tokenizer.token_to_id(name)) is not None}
    ordinary = [
        number
        for number in range(tokenizer.vocab_size)
        if number not in special and tokenizer.id_to_token(number) is not None
    ]
    assert phase.masked is not None, "the config refuses an MLM phase without it"
    return MlmObjective(
        masked=phase.masked,
        to_mask=phase.to_mask,
        to_random=phase.to_random,
        mask_id=mask_id,
        special=np.array(sorted(special)),
        ordinary=np.array(ordinary),
        seed=seed,
    )
