"""A tiny tagger on spaCy's own token vectors, and a corpus that it learns by heart."""

import spacy
from spacy.training import Example
from thinc.api import fix_random_seed

MODEL = {
    "@architectures": "spacy_modernbert_bio.TokenClassifier.v1",
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "width": 32,
        "depth": 2,
        "embed_size": 200,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": True,
        "pretrained_vectors": None,
    },
}
TEXTS = {
    "Acute renal failure was seen in Paris .": [(0, 19, "DISEASE"), (32, 37, "PLACE")],
    "No disease in London": [(14, 20, "PLACE")],
    "Fever and  chronic\nrenal failure": [(0, 5, "DISEASE"), (11, 32, "DISEASE")],
    "   ": [],
    "": [],
}


def corpus(nlp, spans_key=None):
    """Examples with gold in the entities, or in a group."""
    examples = []
    for text, spans in TEXTS.items():
        reference = nlp.make_doc(text)
        gold = [reference.char_span(start, stop, label) for start, stop, label in spans]
        if spans_key is None:
            reference.set_ents(gold, default="outside")
        else:
            reference.spans[spans_key] = gold
        examples.append(Example(nlp.make_doc(text), reference))
    return examples


def blank(**config):
    """An English pipeline with an untrained `modernbert_ner`."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("modernbert_ner", config={"model": MODEL} | config)
    return nlp


def train(nlp, examples, steps=40, **settings):
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        losses = nlp.update(examples, sgd=optimizer, losses={}, **settings)
    return losses


def trained(**config):
    nlp = blank(**config)
    train(nlp, corpus(nlp, config.get("spans_key")))
    return nlp


def spans_of(doc, key=None):
    """Borders in characters and label of a Doc's entities, or of a group."""
    spans = doc.ents if key is None else doc.spans[key]
    return [(span.start_char, span.end_char, span.label_) for span in spans]


def ready(**config):
    """An initialised pipeline, its component and its examples."""
    nlp = blank(**config)
    examples = corpus(nlp, config.get("spans_key"))
    nlp.initialize(lambda: examples)
    return nlp, nlp.get_pipe("modernbert_ner"), examples


def unannotated(nlp, text):
    return Example(nlp.make_doc(text), nlp.make_doc(text))
