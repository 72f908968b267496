"""No tail is dropped: PHI in the last line of a long note or across a window's border is found."""

import pytest
import spacy
from spacy.training import Example
from thinc.api import fix_random_seed

from tests.components.phi import found
from tests.models.pipelines import LISTENER

WINDOW = 64
NAMES = ("Anna Smith", "Jon Jones")
FILLERS = ("no pain .", "BP 120 .", "x 3 days .", "denies cough .")
LINE = "no pain . BP 120 .\n"
LAST = "Signed Anna Smith"
WORDS = 20_000


def example(nlp, before: str, name: str, after: str) -> Example:
    text = f"{before}Signed {name}{after}"
    reference = nlp.make_doc(text)
    start = len(before) + len("Signed ")
    reference.spans["phi"] = [reference.char_span(start, start + len(name), "DOCTOR")]
    return Example(nlp.make_doc(text), reference)


@pytest.fixture(scope="module")
def nlp(tiny_checkpoint):
    """An encoder that reads windows of 64 pieces, and a head that has learnt two names."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.max_length = 10**6
    setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
    encoder = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(tiny_checkpoint),
        "window": WINDOW,
        "overlap": 16,
    }
    nlp.add_pipe("transformer", config={"model": encoder, "set_extra_annotations": setter})
    head = {"tok2vec": LISTENER, "dropout": 0.0}
    nlp.add_pipe("modernbert_deid", config={"model": head, "policy": "safe_harbor"})
    examples = [
        example(
            nlp,
            f"{FILLERS[n % 4]} " * (1 + n),
            NAMES[n % 2],
            f" . {FILLERS[n % 3]}" * (n % 3),
        )
        for n in range(10)
    ]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.003
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    return nlp


def long_note(last: str) -> str:
    return LINE * (WORDS // len(LINE.split())) + last


def test_the_model_finds_a_name_in_the_last_line_of_20000_words(nlp):
    text = long_note(LAST)
    assert len(text.split()) > WORDS
    doc = nlp(text)
    assert doc._.modernbert_coverage.whole
    start = text.rindex("Anna")
    assert (start, len(text), "DOCTOR") in found(doc)
    new = doc._.deidentified
    assert new.text.endswith("Signed [DOCTOR]")
    assert new.offsets.to_old(len(new.text) - len("[DOCTOR]"), len(new.text)) == (start, len(text))


def test_the_model_finds_a_name_wherever_the_windows_borders_fall(nlp):
    """Pushed word by word through the place where one window ends and the next begins."""
    notes = ["no " * shift + LAST + " . no pain ." * 20 for shift in range(WINDOW + 8)]
    for text, doc in zip(notes, nlp.pipe(notes, batch_size=len(notes)), strict=True):
        assert doc._.modernbert_coverage.windows > 1
        start = text.index("Anna")
        assert (start, start + len("Anna Smith"), "DOCTOR") in found(doc)


def test_rules_find_all_in_the_last_line_of_20000_words():
    rules = spacy.blank("en")
    rules.max_length = 10**6
    rules.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    last = "Signed by Dr. Quillfeather 3/14/2019, MRN: 0485921"
    text = long_note(last)
    doc = rules(text)
    ends = {(text[start:stop], label) for start, stop, label in found(doc)}
    assert ends >= {
        ("Quillfeather", "DOCTOR"),
        ("3/14/2019", "DATE"),
        ("0485921", "MEDICALRECORD"),
    }
    assert doc._.deidentified.text.endswith("Signed by Dr. [DOCTOR] 2019, MRN: [MEDICALRECORD]")
