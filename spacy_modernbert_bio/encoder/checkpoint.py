"""ModernBERT checkpoints in Hugging Face's layout, in and out, every tensor accounted for.

Reads a folder or a hub id: config.json, model.safetensors (or its shards), tokenizer.json. No
pickle, no remote code. What is written, `transformers.AutoModelForMaskedLM` loads.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import CheckpointError
from spacy_modernbert_bio.files import atomic_folder

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
_HUB_FILES = ["config.json", "tokenizer.json", "*.safetensors", INDEX]
_PREFIX = "model."
# Heads of fine-tuned checkpoints that we do not use: a task's own, never part of the encoder.
_TASK_HEADS = ("classifier.",)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """An encoder with its tokenizer, and its prediction head where the checkpoint has one."""

    config: EncoderConfig
    encoder: ModernBertEncoder
    tokenizer: PieceTokenizer
    head: PredictionHead | None


def locate_checkpoint(name: str | Path, *, revision: str | None = None) -> Path:
    """The folder of a checkpoint: `name` itself, or a hub id's files in the local hub cache.

    Raises CheckpointError when `name` is neither a folder nor a hub id that can be fetched.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    # Imported here: a folder needs no hub, and no network.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(snapshot_download(str(name), revision=revision, allow_patterns=_HUB_FILES))
    except (OSError, HFValidationError) as error:
        raise CheckpointError(
            where=str(name),
            found=f"no such folder, and no hub id that could be fetched ({type(error).__name__})",
            wanted="a folder with a ModernBERT checkpoint, or a hub id",
        ) from None


def load_checkpoint(name: str | Path, *, revision: str | None = None) -> Checkpoint:
    """The checkpoint in a folder or under a hub id, as float32 on the CPU, in eval mode.

    Raises CheckpointError when it is of another model type, misses a file or a tensor, holds a
    tensor of the wrong shape or of unknown name, or when tokenizer and vocabulary do not fit.
    """
    folder = locate_checkpoint(name, revision=revision)
    config = EncoderConfig.from_file(folder / "config.json")
    tokenizer = PieceTokenizer.from_file(folder / "tokenizer.json")
    check_vocabulary(config, tokenizer, where=str(folder))
    tensors = _read_tensors(folder)
    encoder = ModernBertEncoder(config)
    prefix = _PREFIX if any(key.startswith(_PREFIX) for key in tensors) else ""
    own, rest = _partition(tensors, {prefix + key for key in encoder.state_dict()})
    fill(encoder, {key.removeprefix(prefix): own[key] for key in own}, where=str(folder))
    head = _load_head(config, encoder, rest, folder)
    return Checkpoint(config, encoder.eval(), tokenizer, head)


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a folder for `load_checkpoint` and transformers' Auto classes; whole or not at all."""
    config = checkpoint.config
    tensors = {_PREFIX + key: value for key, value in checkpoint.encoder.state_dict().items()}
    if checkpoint.head is not None:
        tensors |= checkpoint.head.state_dict()
        if config.tie_word_embeddings:
            del tensors["decoder.weight"]  # the embeddings, under their first name
    with atomic_folder(folder) as target:
        _write_json(target / "config.json", config.to_dict())
        save_file(
            {key: value.contiguous() for key, value in tensors.items()},
            target / WEIGHTS,
            metadata={"format": "pt"},
        )
        (target / "tokenizer.json").write_bytes(checkpoint.tokenizer.to_bytes())
        _write_json(target / "tokenizer_config.json", _tokenizer_config(checkpoint))


def check_vocabulary(config: EncoderConfig, tokenizer: PieceTokenizer, *, where: str) -> None:
    """Refuse a tokenizer that gives ids beyond the embeddings, or lacks the special pieces."""
    if tokenizer.vocab_size > config.vocab_size:
        raise CheckpointError(
            where=f"{where}: tokenizer.json",
            found=f"ids up to {tokenizer.vocab_size - 1}",
            wanted=f"ids below vocab_size ({config.vocab_size})",
            fix="The tokenizer belongs to another checkpoint.",
        )
    for name in ("cls_token_id", "sep_token_id"):
        piece_id = getattr(config, name)
        if tokenizer.id_to_token(piece_id) not in tokenizer.special_names():
            raise CheckpointError(
                where=f"{where}: config.json: {name}",
                found=f"{piece_id}, which is no special piece of tokenizer.json",
                wanted="the id of a special piece",
            )


def fill(module: nn.Module, tensors: Mapping[str, Tensor], *, where: str) -> None:
    """Copy tensors into a module of the same names; CheckpointError on any that do not fit."""
    wanted = module.state_dict()
    for name in wanted:
        if name not in tensors:
            raise CheckpointError(
                where=where, found=f"no tensor {name}", wanted="every tensor of the architecture"
            )
        if tensors[name].shape != wanted[name].shape:
            raise CheckpointError(
                where=f"{where}: {name}",
                found=f"shape {list(tensors[name].shape)}",
                wanted=f"shape {list(wanted[name].shape)}, as the config says",
            )
    unknown = sorted(tensors.keys() - wanted.keys())
    if unknown:
        raise CheckpointError(
            where=where,
            found=f"{len(unknown)} tensors of unknown name, first {unknown[0]}",
            wanted="the tensors of this architecture",
        )
    module.load_state_dict(dict(tensors))


def _load_head(
    config: EncoderConfig, encoder: ModernBertEncoder, tensors: dict[str, Tensor], folder: Path
) -> PredictionHead | None:
    """The prediction head; None where the checkpoint is a bare encoder or another task's model."""
    tensors = {key: tensors[key] for key in tensors if not key.startswith(_TASK_HEADS)}
    task_model = not any(key.startswith("decoder.") for key in tensors)
    if task_model:
        # A fine-tuned model's `head` was trained for its classifier, not for the vocabulary.
        tensors = {key: tensors[key] for key in tensors if not key.startswith("head.")}
        if not tensors:
            return None
    head = PredictionHead(config, encoder)
    if config.tie_word_embeddings:
        tensors.setdefault("decoder.weight", encoder.embeddings.tok_embeddings.weight.detach())
    fill(head, tensors, where=str(folder))
    return head.eval()


def _partition(
    tensors: dict[str, Tensor], names: set[str]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    own = {key: value for key, value in tensors.items() if key in names}
    rest = {key: value for key, value in tensors.items() if key not in names}
    return own, rest


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder's safetensors files, as float32."""
    tensors: dict[str, Tensor] = {}
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as stream:
                tensors |= {key: stream.get_tensor(key).float() for key in stream.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise CheckpointError(
                where=str(path),
                found=f"no readable safetensors data ({error})",
                wanted="a whole safetensors file",
                fix="Fetch the file again.",
            ) from None
    return tensors


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that make up the checkpoint."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        index = json.loads((folder / INDEX).read_text(encoding="utf8"))
        # Only bare names: an index must not point outside of its folder.
        return [folder / Path(name).name for name in sorted(set(index["weight_map"].values()))]
    pickles = sorted(path.name for path in folder.glob("*.bin")) + sorted(
        path.name for path in folder.glob("*.pt")
    )
    raise CheckpointError(
        where=str(folder),
        found=f"only a pickle ({pickles[0]})" if pickles else f"no {WEIGHTS}",
        wanted=f"{WEIGHTS}",
        fix="Pickles can run code and are never read: save with safe_serialization=True."
        if pickles
        else "",
    )


def _tokenizer_config(checkpoint: Checkpoint) -> dict[str, object]:
    """What transformers' AutoTokenizer needs beside tokenizer.json."""
    name = checkpoint.tokenizer.id_to_token
    config = checkpoint.config
    mask_id = checkpoint.tokenizer.mask_id
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": config.max_position_embeddings,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        "cls_token": name(config.cls_token_id),
        "sep_token": name(config.sep_token_id),
        "pad_token": name(config.pad_token_id),
        **({} if mask_id is None else {"mask_token": name(mask_id)}),
    }


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf8")


def initialise(module: nn.Module, config: EncoderConfig, *, seed: int) -> None:
    """Random weights as ModernBERT starts from them (transformers, `_init_weights`).

    Truncated normal of `initializer_range`, cut at `initializer_cutoff_factor` deviations;
    outputs of residual branches and the head scaled by 1 / sqrt(2 layers). Norms 1, biases 0.
    """
    generator = torch.Generator().manual_seed(seed)
    cutoff = config.initializer_cutoff_factor
    for name, parameter in module.named_parameters():
        if parameter.ndim < 2:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
            continue
        outward = name.endswith(("Wo.weight", "head.dense.weight", "decoder.weight"))
        scale = (2.0 * config.num_hidden_layers) ** -0.5 if outward else 1.0
        deviation = config.initializer_range * scale
        nn.init.trunc_normal_(
            parameter,
            std=deviation,
            a=-cutoff * deviation,
            b=cutoff * deviation,
            generator=generator,
        )
