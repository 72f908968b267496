"""Pipelines around a tiny Encoder.v1, with stock components, and what they learn from."""

import numpy as np
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.models.row_layer import shim_of

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}
NOTE = "Patient has severe asthma and mild gout . "
HEADS = {
    "tagger": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER},
    "ner": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "hidden_width": 16,
        "maxout_pieces": 2,
        "use_upper": False,
        "tok2vec": LISTENER,
    },
    "spancat": {
        "@architectures": "spacy.SpanCategorizer.v1",
        "reducer": {"@layers": "spacy.mean_max_reducer.v1", "hidden_size": 16},
        "scorer": {"@layers": "spacy.LinearLogistic.v1"},
        "tok2vec": LISTENER,
    },
    "textcat": {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "tok2vec": LISTENER,
        "linear_model": {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": True,
            "ngram_size": 1,
            "no_output_layer": False,
        },
    },
}


def make_pipeline(checkpoint, *heads, **settings):
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(checkpoint),
        "window": 512,
        "overlap": 64,
    }
    nlp.add_pipe("transformer", config={"model": model | settings})
    for head in heads:
        nlp.add_pipe(head, config={"model": HEADS[head]})
    return nlp


def make_examples(nlp, count: int = 6):
    """Notes of 1 to 9 sentences, and an empty one among them."""
    examples = []
    for number in range(count):
        doc = nlp.make_doc(NOTE * (1 + 4 * (number % 3)))
        gold = {
            "entities": [(12, 25, "DISEASE")],
            "tags": ["NN" if token.is_alpha else "PUNCT" for token in doc],
            "spans": {"sc": [(12, 25, "DISEASE")]},
            "cats": {"SICK": float(number % 2), "WELL": float(not number % 2)},
        }
        examples.append(Example.from_dict(doc, gold))
    empty = {"entities": [], "tags": [], "spans": {"sc": []}, "cats": {"SICK": 0.0, "WELL": 1.0}}
    examples.insert(1, Example.from_dict(nlp.make_doc(""), empty))
    return examples


def states(doc: Doc) -> np.ndarray:
    """Of the document's pieces alone."""
    data = doc._.trf_data
    return np.delete(data.model_output.last_hidden_state[0], data.cls_rows, axis=0)


def encoder_in(nlp):
    return shim_of(nlp.get_pipe("transformer").model.layers[0]).encoder
