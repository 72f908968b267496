"""A run small enough to train in a second: a tiny checkpoint, invented notes, and a config."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.pretraining.config import PretrainConfig
from spacy_modernbert_bio.pretraining.config_file import check_config
from spacy_modernbert_bio.pretraining.make_shards import make_shards

TEXT = """
the patient was seen with chest pain fever cough and no acute distress on exam he denies
chills takes aspirin daily bp stable plan follow up in two weeks labs normal
"""
WORDS = TEXT.split()
# Shares of the mix.
SOURCES = {"papers": 0.75, "notes": 0.25}


def make_texts(count: int, seed: int) -> list[str]:
    """Invented sentences of 5 to 60 words, all of them different."""
    random = np.random.default_rng(seed)
    return [
        f"note {seed}-{number}: " + " ".join(random.choice(WORDS, random.integers(5, 60)))
        for number in range(count)
    ]


def make_run(folder: Path, start: Path, changes: Mapping[str, Any] | None = None) -> PretrainConfig:
    """A config of two phases over two sources of text below `folder`, and their shards.

    changes: values by key, as `{"run.seed": 3}`.
    """
    for seed, name in enumerate(SOURCES):
        lines = [json.dumps({"text": text}) for text in make_texts(60, seed)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf8")
    config = describe_run(folder, start, changes)
    checkpoint = load_checkpoint(start)
    make_shards(
        config.corpus,
        checkpoint.tokenizer,
        cls_id=checkpoint.config.cls_token_id,
        sep_id=checkpoint.config.sep_token_id,
        folder=Path(config.corpus.shards),
    )
    return config


def describe_run(
    folder: Path, start: Path, changes: Mapping[str, Any] | None = None
) -> PretrainConfig:
    """The config that `make_run` gives; writes nothing."""
    content: dict[str, Any] = {
        "run": {"start": str(start), "output": str(folder / "run"), "phases": ["clm", "mlm"]},
        "corpus": {
            "shards": str(folder / "shards"),
            "heldout": 0.2,
            "sources": {
                name: {"path": str(folder / f"{name}.jsonl"), "weight": weight}
                for name, weight in SOURCES.items()
            },
        },
        "batch": {"rows": 4, "row_tokens": 48, "rows_at_once": 2},
        "phases": {
            "clm": {"objective": "clm", "length": "6 steps", "warmup": "2 steps"},
            "mlm": {"objective": "mlm", "length": "4 steps", "masked": 0.3, "schedule": "1-sqrt"},
        },
        "record": {
            "log_every": 1,
            "validate_every": 0,
            "validation_rows": 4,
            "save_every": 2,
            "tensorboard": False,
            "peak_tflops": 1.0,
        },
    }
    for key, value in (changes or {}).items():
        section: dict[str, Any] = content
        *parts, last = key.split(".")
        for part in parts:
            section = section.setdefault(part, {})
        section[last] = value
    return check_config(content, where="run.cfg")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Every tensor of a checkpoint's folder, by name."""
    return load_file(folder / "model.safetensors")


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    """Whether two checkpoints are equal, bit by bit."""
    return one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)
