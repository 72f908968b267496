"""Tiny checkpoints, built once a session and saved as real folders. No network anywhere."""

import gzip
import os
from pathlib import Path
from typing import Any

# Before anything asks the hub: a test that would reach the network has to fail at once.
os.environ["HF_HUB_OFFLINE"] = "1"

from jaxtyping import install_import_hook

# Shapes in signatures are checked in tests, and cost nothing anywhere else.
install_import_hook("spacy_modernbert_bio.encoder", "beartype.beartype")

import hypothesis
import pytest
import torch
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, initialise, save_checkpoint
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from tests import raised

# Machines are shared: a test's time says nothing about the code.
hypothesis.settings.register_profile("shared", deadline=None, derandomize=True)
hypothesis.settings.load_profile("shared")

DATA = Path(__file__).parent / "data"
SPECIALS = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
TEXT = [
    "The patient was diagnosed with asthma and started on antibiotics.",
    "Pt c/o chest pain; MI ruled out. BP 120/80 mmHg, glucose 110 mg/dL.",
    "She denies fever, chills or cough. Follow-up with Dr. Smith on 05/12/2019.",
]


@pytest.fixture(autouse=True)
def _one_thread_and_a_seed() -> None:
    """The same numbers in every run, and no fight for cores."""
    torch.manual_seed(0)
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_tokenizer() -> PieceTokenizer:
    """ModernBERT's own tokenizer: 50,368 entries."""
    return PieceTokenizer.from_bytes(
        gzip.decompress((DATA / "modernbert" / "tokenizer.json.gz").read_bytes())
    )


@pytest.fixture(scope="session")
def tiny_tokenizer() -> PieceTokenizer:
    """Byte-level BPE of the real one's kind, with 400 entries."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        TEXT,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=[
                AddedToken(name, lstrip=name == "[MASK]", special=True) for name in SPECIALS
            ],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PieceTokenizer(tokenizer)


def make_config(**changes: object) -> EncoderConfig:
    """Four layers (global, local, local, global), width 32, a window of 8 to each side."""
    return EncoderConfig.from_dict(
        {
            "model_type": "modernbert",
            "vocab_size": 400,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "local_attention": 16,
            "max_position_embeddings": 512,
            "cls_token_id": 1,
            "sep_token_id": 2,
            "pad_token_id": 3,
            **changes,
        }
    )


def make_checkpoint(
    config: EncoderConfig, tokenizer: PieceTokenizer, *, seed: int = 0
) -> Checkpoint:
    """Random weights, large enough that every part of the network shows in its output."""
    encoder = ModernBertEncoder(config)
    head = PredictionHead(config, encoder)
    for module in (encoder, head):
        initialise(module, config, seed=seed)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if parameter.ndim > 1 and "embeddings" not in name:
                    parameter.mul_(4.0)
                elif name.endswith("bias"):
                    parameter.normal_(0, 0.1)
    return Checkpoint(config, encoder.eval(), tokenizer, head.eval())


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer) -> Path:
    """A checkpoint folder in Hugging Face's layout; see `make_config`."""
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    save_checkpoint(make_checkpoint(make_config(), tiny_tokenizer), folder)
    return folder


_workers_whole: list[bool] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no process waits for the other's at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several hands over which errors it has read; the last one tells what is left."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["read"] = sorted(raised.READ)
        output["whole"] = raised.is_whole(session)
    elif _workers_whole and all(_workers_whole) and raised.unread():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of several has handed over; nothing, if it died."""
    output = getattr(node, "workeroutput", {})
    raised.READ.update(tuple(site) for site in output.get("read", ()))
    _workers_whole.append(output.get("whole", False))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The errors that no test has read, after a run of the whole suite in several processes."""
    if _workers_whole and all(_workers_whole) and (left := raised.unread()):
        terminalreporter.write_line(f"FAILED every raise is reached: {', '.join(left)}", red=True)
