"""A pretraining run as frozen, checked data: what a config file says, before anything is opened.

Values that cannot be are refused here with their key; files and folders are looked at by those who
read them. Defaults are the published recipe's where it states one (ModernBERT-bio's model card;
R. Touchent's thesis, appendix "Pretraining Configurations for the CLM Detour"), else they say why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from spacy_modernbert_bio.errors import ConfigError

# Names that a run's folder uses itself.
RESERVED = frozenset({"checkpoints", "step", "tensorboard"})


@dataclass(frozen=True)
class SourceConfig:
    """Where the texts of one part of the mix are.

    path: files and folders of JSONL, text or Parquet, each also .gz or .zst where text.
    weight: share of the mix, by pieces; shares are made to sum to 1.
    field: the field (JSONL) or column (Parquet) that holds the text.
    text_unit: whether a document of a .txt file is the whole "file" or a "line".
    """

    path: tuple[str, ...]
    weight: float
    field: str = "text"
    text_unit: Literal["file", "line"] = "file"


@dataclass(frozen=True)
class CorpusConfig:
    """What is read, and where its shards are.

    shards: the folder of the token shards.
    sources: by name; names become folders.
    heldout: share of documents, chosen by hash, that is never trained on.
    shard_pieces: pieces in one file, about; a bound on what an interrupted run repeats.
    """

    shards: str
    sources: Mapping[str, SourceConfig]
    heldout: float = 0.005
    shard_pieces: int = 100_000_000

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing, on either side."""
        if not self.sources:
            raise ConfigError(where="sources", found="no source", wanted="at least one")
        for name, source in self.sources.items():
            _require(source.weight > 0, f"sources.{name}.weight", source.weight, "above 0")
            _require(bool(source.path), f"sources.{name}.path", "nothing", "a file or folder")
        _require(0 < self.heldout < 1, "heldout", self.heldout, "between 0 and 1")
        _require(self.shard_pieces > 0, "shard_pieces", self.shard_pieces, "above 0")


@dataclass(frozen=True)
class RunConfig:
    """What is started from, what is run, and how the machine is used.

    start: folder or hub id of a checkpoint with its prediction head.
    output: the run's folder: checkpoints, metrics, and one folder for each phase's end.
    phases: names of sections below `phases`, in the order in which they run.
    seed: of masks and dropout; shuffle_seed: of the order of the data (17 and 42: thesis).
    first_step: step of the data's order to begin with, where another run has used those before.
    optimizer: folder of a training checkpoint whose optimizer state goes on; "" begins anew.
    attention, precision: as `ModernBertEncoder` takes them.
    gradient_checkpointing: less memory, about a third more time.
    compile: run the feed-forward layers through `torch.compile`.
    """

    start: str
    output: str
    phases: tuple[str, ...]
    revision: str | None = None
    seed: int = 17
    shuffle_seed: int = 42
    first_step: int = 0
    optimizer: str = ""
    attention: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    gradient_checkpointing: bool = False
    compile: bool = False

    def __post_init__(self) -> None:
        """Refuse a run of nothing, and numbers that no random generator takes."""
        _require(bool(self.phases), "phases", "none", "at least one name")
        _require(len(set(self.phases)) == len(self.phases), "phases", "a name twice", "each once")
        for key in ("seed", "shuffle_seed"):
            value = getattr(self, key)
            _require(0 <= value < 2**32, key, value, "0 or more, below 2^32")
        _require(self.first_step >= 0, "first_step", self.first_step, "0 or more")


@dataclass(frozen=True)
class BatchConfig:
    """One optimizer step, whatever the number of processes.

    rows: packed sequences a step, over all processes; row_tokens: pieces in each, special ones
    included (384 x 8,192: card). rows_at_once: rows that one process reads in one pass; the rest
    is accumulated, so it decides memory and not results.
    """

    rows: int = 384
    row_tokens: int = 8192
    rows_at_once: int = 1

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be."""
        for key in ("rows", "rows_at_once"):
            _require(getattr(self, key) > 0, key, getattr(self, key), "above 0")
        _require(self.row_tokens > 2, "row_tokens", self.row_tokens, "3 or more")

    @property
    def tokens(self) -> int:
        """Pieces of one optimizer step."""
        return self.rows * self.row_tokens


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) as torch has it.

    betas, eps: thesis. weight_decay: in torch's terms, where a step multiplies a weight by
    (1 - learning rate * decay). The recipe's 1e-5 is Composer's *decoupled* decay, which is
    multiplied by the rate's share of its peak instead: 1e-5 / 2e-4 = 0.05 here. Norms and biases
    are never decayed. clip: largest gradient norm; not stated by the recipe, 1.0 is usual.
    """

    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-6
    weight_decay: float = 0.05
    clip: float = 1.0

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing is learnt."""
        _require(all(0 <= beta < 1 for beta in self.betas), "betas", self.betas, "in [0, 1)")
        _require(self.eps > 0, "eps", self.eps, "above 0")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        _require(self.clip > 0, "clip", self.clip, "above 0")


@dataclass(frozen=True)
class PhaseConfig:
    """One phase: an objective and a learning-rate schedule.

    objective: "clm" (causal mask, next piece) or "mlm" (bidirectional, masked pieces).
    length, warmup: "50B tokens" or "200 steps"; a step's tokens are those of `batch`.
    learning_rate: the peak. schedule: what follows the warm-up: "constant", or "1-sqrt" down to
    `floor` times the peak at the phase's end.
    masked: share of the pieces that an MLM phase predicts; of these, `to_mask` are replaced by
    the mask piece, `to_random` by a random one, the rest is kept (80/10/10: Devlin et al. 2019,
    arXiv 1810.04805, section 3.1; the recipe does not state it).
    freeze: layers that do not move, as "0-7" or "0-3,9"; "embeddings" may be among them.
    """

    objective: Literal["clm", "mlm"]
    length: str
    learning_rate: float = 2e-4
    warmup: str = "0 steps"
    schedule: Literal["constant", "1-sqrt"] = "constant"
    floor: float = 0.1
    masked: float | None = None
    to_mask: float = 0.8
    to_random: float = 0.1
    freeze: str = ""

    def __post_init__(self) -> None:
        """Refuse shares beyond one, and a masked share where nothing is masked."""
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        _require(0 <= self.floor <= 1, "floor", self.floor, "in [0, 1]")
        _require(
            self.to_mask >= 0 and self.to_random >= 0 and self.to_mask + self.to_random <= 1,
            "to_mask",
            f"{self.to_mask} (to_random: {self.to_random})",
            "shares that come to 1 at most",
        )
        if self.objective == "clm":
            _require(self.masked is None, "masked", self.masked, "no value in a clm phase")
        else:
            share = self.masked
            _require(share is not None and 0 < share < 1, "masked", share, "between 0 and 1")


@dataclass(frozen=True)
class RecordConfig:
    """How often a run writes what, in optimizer steps.

    log_every: a line of metrics. validate_every: both objectives on held-out rows; 0 is at the
    ends of phases only. validation_rows: rows read then, over all sources. save_every: a training
    checkpoint; keep: how many of the newest stay (phases' ends always do).
    peak_tflops: the device's rate for model FLOP utilisation; measured at the start where none.
    """

    log_every: int = 10
    validate_every: int = 500
    validation_rows: int = 256
    save_every: int = 500
    keep: int = 2
    tensorboard: bool = True
    peak_tflops: float | None = None

    def __post_init__(self) -> None:
        """Refuse intervals of no step."""
        for key in ("log_every", "validation_rows", "save_every", "keep"):
            _require(getattr(self, key) > 0, key, getattr(self, key), "above 0")
        _require(self.validate_every >= 0, "validate_every", self.validate_every, "0 or more")


@dataclass(frozen=True)
class PretrainConfig:
    """A whole run."""

    run: RunConfig
    corpus: CorpusConfig
    phases: Mapping[str, PhaseConfig]
    batch: BatchConfig = field(default_factory=BatchConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    record: RecordConfig = field(default_factory=RecordConfig)

    def __post_init__(self) -> None:
        """Refuse phases that are not described."""
        for name in self.run.phases:
            if name not in self.phases:
                raise ConfigError(
                    where="run.phases",
                    found=f"{name!r}",
                    wanted=f"names of sections below phases: {', '.join(self.phases)}",
                )
            if not name.isidentifier() or name in RESERVED:
                raise ConfigError(
                    where="phases",
                    found=f"{name!r}",
                    wanted=f"letters, digits and _, and none of {', '.join(sorted(RESERVED))}",
                )

    @property
    def mix(self) -> dict[str, float]:
        """Share of each source, by pieces; they sum to 1."""
        total = sum(source.weight for source in self.corpus.sources.values())
        return {name: source.weight / total for name, source in self.corpus.sources.items()}


def _require(holds: bool, key: str, found: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(where=key, found=str(found), wanted=wanted)
