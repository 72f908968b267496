"""The encoder runs where spaCy, thinc and transformers are absent: a GPU node for pretraining."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# From the lowest, so that each is imported with no more than what it needs.
FILES = ("errors", "files")
ROOMS = (*FILES, "encoder", "analysis", "pretraining")

BLOCKER = """
import sys, importlib, pkgutil
BLOCKED = {"spacy", "thinc", "transformers", "spacy_transformers"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is absent here")
sys.meta_path.insert(0, Blocker())
"""
EVERY_MODULE = """
import spacy_modernbert_bio
for room in sys.argv[1:]:
    package = importlib.import_module("spacy_modernbert_bio." + room)
    paths = getattr(package, "__path__", [])
    names = [module.name for module in pkgutil.iter_modules(paths, package.__name__ + ".")]
    for name in names:
        importlib.import_module(name)
    print(room, len(names))
"""
A_PASS = """
import torch
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
config = EncoderConfig(vocab_size=50, hidden_size=16, intermediate_size=8, num_hidden_layers=2,
    num_attention_heads=2, pad_token_id=0, cls_token_id=1, sep_token_id=2)
encoder = ModernBertEncoder(config)
encoder(torch.arange(9), SequenceLayout.of([4, 5]), causal=True).sum().backward()
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKER + code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_imports():
    result = run(EVERY_MODULE, *ROOMS)
    assert result.returncode == 0, result.stderr
    counts = dict(line.split() for line in result.stdout.splitlines())
    assert tuple(counts) == ROOMS
    assert all(int(count) > 3 for room, count in counts.items() if room not in FILES)


def test_a_causal_pass_and_its_gradient_run():
    result = run(A_PASS)
    assert result.returncode == 0, result.stderr


def test_the_blocker_does_block():
    """A room that needs spaCy fails here, so the tests above can fail."""
    result = run(EVERY_MODULE, "models")
    assert result.returncode != 0
    assert "is absent here" in result.stderr
