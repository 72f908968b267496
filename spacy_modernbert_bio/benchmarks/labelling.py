"""Labels of whole documents: `modernbert_phenotype` against transformers' sequence classification.

Same encoder weights and texts; both heads have random weights, which cost what trained ones do.
Ours is timed as a user runs it, the whole pipeline, evidence included; theirs with SDPA, all texts
as one batch padded to the longest, and one by one.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from spacy.language import Language
from spacy.training import Example

from spacy_modernbert_bio.benchmarks.contenders import run_pipeline
from spacy_modernbert_bio.benchmarks.speed import Workload

# The labels of the MIMIC-III phenotype annotations.
LABELS = 14
FACTORY = "modernbert_phenotype"


def labelling_workloads(seed: int = 0) -> dict[str, Workload]:
    """One note as long as the encoder's context, and many short ones."""
    random = np.random.default_rng(seed)
    return {
        "long": Workload("one note of 8,192 pieces", (8192,)),
        "short": Workload(
            "64 notes of 20-400 pieces", tuple(random.integers(20, 401, 64).tolist())
        ),
    }


def labelling_pipeline(folder: Path, precision: str, labels: int = LABELS) -> Language:
    """A blank pipeline of sentences, encoder and label-wise attention, as the configs have it.

    The threshold is 0, so that evidence is made for every label: that is the most it can cost.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    model = {"@architectures": "spacy_modernbert_bio.Encoder.v1", "name": str(folder)}
    nlp.add_pipe("transformer", config={"model": {**model, "precision": precision}})
    nlp.add_pipe(FACTORY, config={"threshold": 0.0})
    names = [f"LABEL_{number}" for number in range(labels)]
    nlp.config["initialize"]["components"][FACTORY] = {"labels": names}
    # The head is initialised from examples, which tell whether each label holds.
    annotations = [{"cats": dict.fromkeys(names, holds)} for holds in (0.0, 1.0)]
    nlp.initialize(
        lambda: [Example.from_dict(nlp.make_doc("A note."), each) for each in annotations]
    )
    return nlp


class PlainClassifier:
    """`transformers` itself: AutoModelForSequenceClassification with SDPA."""

    def __init__(self, folder: Path, dtype: torch.dtype, labels: int = LABELS) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        # It would tell that the head is new, which it is meant to be.
        logging.getLogger("transformers").setLevel(logging.ERROR)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            folder,
            num_labels=labels,
            attn_implementation="sdpa",
            reference_compile=False,
            torch_dtype=dtype,
        ).eval()

    def padded(self, texts: Sequence[str]) -> torch.Tensor:
        """Logits of all texts as one batch, padded to the longest; [texts, labels]."""
        batch = self.tokenizer(list(texts), return_tensors="pt", padding=True)
        with torch.inference_mode():
            logits: torch.Tensor = self.model(**batch).logits
        return logits

    def one_by_one(self, texts: Sequence[str]) -> None:
        """A plain loop over documents."""
        for text in texts:
            self.padded([text])


def head_share(nlp: Language, texts: Sequence[str]) -> float:
    """What the classifier adds to the encoder's time: labels and evidence, as a share of it."""
    docs = [nlp.get_pipe("sentencizer")(nlp.make_doc(text)) for text in texts]
    seconds = {}
    for name in ("transformer", FACTORY):
        pipe: Any = nlp.get_pipe(name)
        start = time.perf_counter()
        docs = list(pipe.pipe(docs, batch_size=len(docs)))
        seconds[name] = time.perf_counter() - start
    return seconds[FACTORY] / seconds["transformer"]


def prepare_labelling(
    contender: str, folder: Path, texts: Sequence[str]
) -> tuple[Callable[[], object], Callable[[], object]]:
    """A short warm pass and one over the texts, by "ours" or "padded" (transformers), in fp32."""
    if contender == "ours":
        run: Callable[[Sequence[str]], object] = run_pipeline(labelling_pipeline(folder, "fp32"))
    else:
        run = PlainClassifier(folder, torch.float32).padded
    return lambda: run([texts[0][:200]]), lambda: run(texts)
