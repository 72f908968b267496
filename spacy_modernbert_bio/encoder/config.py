"""A frozen, checked view of a ModernBERT `config.json`.

Reads what transformers 4.48 and later wrote, the 5.x spelling (`rope_parameters`, `layer_types`)
included, and writes the 4.x spelling, which every version reads. Keys that the network does not
use are kept as they came, so that a round trip loses nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.errors import CheckpointError

MODEL_TYPE = "modernbert"
# torch spells both of the names that ModernBERT checkpoints use for these.
ACTIVATIONS = ("gelu", "silu", "relu")

_POSITIVE = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
    "global_attn_every_n_layers",
    "local_attention",
)
_TOKEN_IDS = ("pad_token_id", "cls_token_id", "sep_token_id")
_DROPOUTS = ("attention_dropout", "embedding_dropout", "mlp_dropout")


@dataclass(frozen=True)
class EncoderConfig:
    """The architecture of one ModernBERT encoder; names and defaults are Hugging Face's.

    Defaults are those of ModernBERT-base (transformers, `ModernBertConfig`). Lengths are in
    pieces, `norm_eps` and the rotary thetas are plain numbers, dropouts are probabilities.
    Raises CheckpointError when a value cannot describe a network.
    """

    vocab_size: int = 50368
    hidden_size: int = 768
    intermediate_size: int = 1152
    num_hidden_layers: int = 22
    num_attention_heads: int = 12
    hidden_activation: str = "gelu"
    classifier_activation: str = "gelu"
    max_position_embeddings: int = 8192
    norm_eps: float = 1e-5
    norm_bias: bool = False
    attention_bias: bool = False
    mlp_bias: bool = False
    classifier_bias: bool = False
    decoder_bias: bool = True
    tie_word_embeddings: bool = True
    global_attn_every_n_layers: int = 3
    local_attention: int = 128
    global_rope_theta: float = 160_000.0
    local_rope_theta: float | None = 10_000.0
    attention_dropout: float = 0.0
    embedding_dropout: float = 0.0
    mlp_dropout: float = 0.0
    pad_token_id: int = 50283
    cls_token_id: int = 50281
    sep_token_id: int = 50282
    initializer_range: float = 0.02
    initializer_cutoff_factor: float = 2.0
    other: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    where: str = field(default="EncoderConfig", compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what no ModernBERT can be."""
        for name in _POSITIVE:
            self._check(name, getattr(self, name) > 0, "a positive number")
        for name in _TOKEN_IDS:
            wanted = f"an id below vocab_size ({self.vocab_size})"
            self._check(name, 0 <= getattr(self, name) < self.vocab_size, wanted)
        for name in _DROPOUTS:
            self._check(name, 0 <= getattr(self, name) < 1, "a probability below 1")
        for name in ("hidden_activation", "classifier_activation"):
            self._check(
                name, getattr(self, name) in ACTIVATIONS, f"one of {', '.join(ACTIVATIONS)}"
            )
        heads = self.num_attention_heads
        self._check(
            "hidden_size",
            self.hidden_size % (2 * heads) == 0,
            f"a multiple of twice num_attention_heads ({heads})",
        )

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def reach(self) -> int:
        """How many pieces a local layer sees to each side, itself not counted.

        Inclusive: a window of 128 reaches 64 to each side, 129 positions (transformers,
        `ModernBertModel._update_attention_mask`).
        """
        return self.local_attention // 2

    def is_global(self, layer: int) -> bool:
        """Whether layer number `layer` (from 0) attends to the whole document."""
        return layer % self.global_attn_every_n_layers == 0

    @classmethod
    def from_file(cls, path: Path) -> "EncoderConfig":
        """Read a `config.json`; CheckpointError names the file and what is wrong in it."""
        if not path.is_file():
            raise CheckpointError(
                where=str(path),
                found="no such file",
                wanted="the config.json of a ModernBERT checkpoint",
            )
        try:
            raw = json.loads(path.read_text(encoding="utf8"))
        except ValueError:
            raise CheckpointError(where=str(path), found="invalid JSON", wanted="JSON") from None
        return cls.from_dict(raw, where=str(path))

    @classmethod
    def from_dict(cls, raw: object, *, where: str = "config.json") -> "EncoderConfig":
        """The config in a parsed `config.json`; `where` names its origin in errors."""
        if not isinstance(raw, dict):
            raise CheckpointError(where=where, found=type(raw).__name__, wanted="a JSON object")
        model_type = raw.get("model_type")
        if model_type != MODEL_TYPE:
            raise CheckpointError(
                where=f"{where}: model_type",
                found=repr(model_type),
                wanted=repr(MODEL_TYPE),
                fix="Only ModernBERT encoders can be loaded.",
            )
        values = _flatten_rope(raw, where)
        names = {item.name for item in fields(cls)} - {"other", "where"}
        known = {key: _typed(cls, key, values[key], where) for key in names & values.keys()}
        other = {key: value for key, value in raw.items() if key not in names}
        return cls(**known, other=other, where=where)

    def to_dict(self) -> dict[str, Any]:
        """The content of a `config.json` that transformers 4.48 and later reads."""
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        del own["other"], own["where"]
        kept = {key: self.other[key] for key in self.other if key not in _REWRITTEN}
        return {
            "architectures": ["ModernBertForMaskedLM"],
            "bos_token_id": self.cls_token_id,
            "eos_token_id": self.sep_token_id,
            **kept,
            "model_type": MODEL_TYPE,
            **own,
        }

    def _check(self, name: str, valid: bool, wanted: str) -> None:
        if not valid:
            found = repr(getattr(self, name))
            raise CheckpointError(where=f"{self.where}: {name}", found=found, wanted=wanted)


# transformers 5 spells these two as `rope_parameters` and `layer_types`; we write the old spelling.
_REWRITTEN = ("rope_parameters", "layer_types")


def _flatten_rope(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """Bring transformers 5's spelling of thetas and layer kinds to that of 4.x."""
    values = dict(raw)
    scaling = raw.get("rope_scaling")
    rope = raw.get("rope_parameters") or {}
    for kind, key in (
        ("full_attention", "global_rope_theta"),
        ("sliding_attention", "local_rope_theta"),
    ):
        parameters = rope.get(kind) or {}
        if "rope_theta" in parameters:
            values[key] = parameters["rope_theta"]
        scaling = scaling or _unless_default(parameters)
    if scaling:
        raise CheckpointError(
            where=f"{where}: rope_scaling", found="scaled rotary positions", wanted="none"
        )
    kinds = raw.get("layer_types")
    if kinds:
        every = _global_period(kinds)
        if every is None:
            raise CheckpointError(
                where=f"{where}: layer_types",
                found="an irregular order of layers",
                wanted="a global layer at 0 and at every n-th layer after it",
            )
        values["global_attn_every_n_layers"] = every
    return values


def _unless_default(parameters: dict[str, Any]) -> dict[str, Any]:
    return {} if parameters.get("rope_type", "default") == "default" else parameters


def _global_period(kinds: list[str]) -> int | None:
    """n, when full_attention stands exactly at layers 0, n, 2n, ...; else None."""
    if not set(kinds) <= {"full_attention", "sliding_attention"}:
        return None
    positions = [i for i, kind in enumerate(kinds) if kind == "full_attention"]
    period = positions[1] if len(positions) > 1 else len(kinds)
    regular = positions == list(range(0, len(kinds), period))
    return period if regular else None


def _typed(cls: type[EncoderConfig], key: str, value: object, where: str) -> Any:
    """`value` if its JSON type is the field's; integers pass as floats, as JSON writes them."""
    wanted = cls.__annotations__[key]
    if value is None and key == "local_rope_theta":
        return None
    kind = float if key == "local_rope_theta" else wanted
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise CheckpointError(
            where=f"{where}: {key}", found=type(value).__name__, wanted=kind.__name__
        )
    return value
