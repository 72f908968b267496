"""A tiny modernbert_deid on spaCy's own token vectors, and notes that it learns by heart."""

import spacy
from spacy.training import Example
from thinc.api import fix_random_seed

from tests.components.tagging import MODEL, train

NOTES = {
    "Seen by Smith in Boston today .": [(8, 13, "DOCTOR"), (17, 23, "CITY")],
    "Mary was well at home": [(0, 4, "PATIENT")],
    "No complaints in Salem": [(17, 22, "CITY")],
    "   ": [],
    "": [],
}


def phi_examples(nlp):
    """Examples with gold in doc.spans["phi"]."""
    examples = []
    for text, spans in NOTES.items():
        reference = nlp.make_doc(text)
        reference.spans["phi"] = [reference.char_span(*span) for span in spans]
        examples.append(Example(nlp.make_doc(text), reference))
    return examples


def blank_deid(**config):
    """An English pipeline with an untrained `modernbert_deid`."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("modernbert_deid", config={"model": MODEL} | config)
    return nlp


def trained_deid(**config):
    nlp = blank_deid(**config)
    train(nlp, phi_examples(nlp), steps=60)
    return nlp


def found(doc):
    """Borders and label of what `doc._.phi` holds."""
    return [(span.start, span.stop, span.label) for span in doc._.phi]
