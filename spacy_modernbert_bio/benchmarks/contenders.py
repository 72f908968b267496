"""Who runs in the speed benchmark: ours, and three ways to run the same weights without us.

All of them read texts and give a vector for every piece. Ours is timed as a user runs it: the
stock `transformer` pipe, tokenising, aligning and containers included.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import spacy
import torch
from spacy.language import Language

from spacy_modernbert_bio.benchmarks.speed import Contender


def ours(folder: Path, precision: str, **settings: object) -> Language:
    """A blank pipeline with Encoder.v1 and its defaults, unless `settings` say otherwise."""
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(folder),
        "precision": precision,
        **settings,
    }
    nlp.add_pipe("transformer", config={"model": model})
    nlp.initialize()
    return nlp


def stock(folder: Path) -> Language:
    """A blank pipeline with spacy-transformers' own model: `doc_spans`, all else as it comes."""
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(folder),
        "get_spans": {"@span_getters": "spacy-transformers.doc_spans.v1"},
        "tokenizer_config": {"use_fast": True},
        "transformer_config": {"attn_implementation": "sdpa", "reference_compile": False},
    }
    nlp.add_pipe("transformer", config={"model": model})
    nlp.initialize()
    return nlp


def run_pipeline(nlp: Language) -> Contender:
    """Runs a whole pipeline, tokeniser included, and keeps nothing."""

    def run(texts: Sequence[str]) -> None:
        for doc in nlp.pipe(texts):
            doc._.trf_data = None

    return run


class PlainTransformers:
    """`transformers` itself, with SDPA: the class most users would write their loop around."""

    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        # The fast tokenizer and SDPA, named: a default may change with the version.
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(
            folder, attn_implementation="sdpa", reference_compile=False, torch_dtype=dtype
        ).eval()

    def padded(self, texts: Sequence[str]) -> torch.Tensor:
        """All texts as one batch, padded to the longest."""
        batch = self.tokenizer(list(texts), return_tensors="pt", padding=True)
        with torch.inference_mode():
            states: torch.Tensor = self.model(**batch).last_hidden_state
        return states

    def one_by_one(self, texts: Sequence[str]) -> None:
        """A plain loop over documents."""
        for text in texts:
            self.padded([text])


def prepare_reading(
    contender: str, folder: Path, text: str
) -> tuple[Callable[[], object], Callable[[], object]]:
    """A short warm pass and one over `text`, by "ours" or "padded" (plain transformers), fp32."""
    if contender == "ours":
        run = run_pipeline(ours(folder, "fp32"))
    else:
        run = PlainTransformers(folder, torch.float32).padded
    return lambda: run([text[:200]]), lambda: run([text])
