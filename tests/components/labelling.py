"""Pipelines around a tiny encoder that label documents, and what they learn from."""

from itertools import combinations

import spacy
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

LABELS = ("ASTHMA", "GOUT", "MIGRAINE")
SENTENCES = {
    "ASTHMA": "Severe asthma . ",
    "GOUT": "Acute gout . ",
    "MIGRAINE": "Chronic migraine . ",
}
FILLER = "No pain today . "


def make_labeller(checkpoint, *, heads=("modernbert_phenotype",), encoder=None, **settings):
    """A pipeline with as many heads as names; settings are those of the first."""
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(checkpoint),
        "window": 128,
        "overlap": 16,
        "layers_frozen": 4,
    }
    nlp.add_pipe("transformer", config={"model": model | (encoder or {})})
    for number, name in enumerate(heads):
        nlp.add_pipe("modernbert_phenotype", name=name, config={} if number else settings)
    return nlp


def make_note(labels, *, before=2, after=2):
    """The sentences of the labels with fillers around them."""
    return FILLER * before + "".join(SENTENCES[label] for label in labels) + FILLER * after


def make_labelled(nlp, labels=LABELS, *, exclusive=False):
    """One note a label; or, of labels that are not exclusive, every combination, and no text."""
    sizes = [1] if exclusive else range(len(labels) + 1)
    wanted = [held for size in sizes for held in combinations(labels, size)]
    texts = {make_note(held, before=1, after=1): held for held in wanted}
    if not exclusive:
        texts[""] = ()
    return [
        example(nlp, text, {label: float(label in held) for label in labels})
        for text, held in texts.items()
    ]


def train(nlp, examples, steps=40):
    """Long enough for the head to know the notes by heart; the encoder does not learn."""
    fix_random_seed(0)
    optimizer = Adam(0.05)
    nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)


def example(nlp, text, cats):
    return Example.from_dict(nlp.make_doc(text), {"cats": cats})
