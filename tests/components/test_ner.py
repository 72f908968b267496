import numpy as np
import pytest
import spacy
from confection import ConfigValidationError
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
from spacy.tokens import DocBin, Span
from spacy.training import Example
from spacy_transformers.layers.listener import TransformerListener

from spacy_modernbert_bio.components.word_chain import DocSpans
from tests.components.tagging import MODEL, TEXTS, blank, corpus, spans_of, train, trained

FACTORY = "modernbert_ner"


@pytest.fixture(scope="module")
def nlp():
    return trained()


@pytest.fixture(scope="module")
def grouped():
    return trained(spans_key="sites")


def found(*spans):
    """What `predict` gives: (first token, token after the last, label number, confidence)."""
    starts, stops, labels, confidences = (np.array(column) for column in zip(*spans, strict=True))
    return DocSpans(starts, stops, labels, confidences)


def labelled_pipe(**config):
    nlp = blank(**config)
    pipe = nlp.get_pipe(FACTORY)
    pipe.add_label("A")
    pipe.add_label("B")
    return nlp, pipe


def test_entities_carry_their_confidence(nlp):
    for text, spans in TEXTS.items():
        doc = nlp(text)
        assert spans_of(doc) == spans
        assert all(0.5 < ent._.confidence <= 1.0 for ent in doc.ents)
        assert doc.has_annotation("ENT_IOB")


def test_a_group_carries_its_scores_as_spancat_writes_them(grouped):
    for text, spans in TEXTS.items():
        doc = grouped(text)
        group = doc.spans["sites"]
        assert spans_of(doc, "sites") == spans
        assert group.attrs["scores"].dtype == np.float32
        stored = [span._.confidence for span in group]
        np.testing.assert_allclose(group.attrs["scores"], stored, rtol=1e-6)
        assert doc.ents == ()


def test_entities_that_stand_already_are_kept():
    nlp, pipe = labelled_pipe()
    doc = nlp.make_doc("a b c d e f")
    doc.set_ents([Span(doc, 1, 3, "OLD")], blocked=[Span(doc, 5, 6)], default="missing")
    pipe.set_annotations(
        [doc], [found((0, 1, 0, 0.9), (2, 4, 1, 0.8), (4, 5, 1, 0.7), (5, 6, 0, 0.6))]
    )
    assert [(ent.text, ent.label_, ent._.confidence) for ent in doc.ents] == [
        ("a", "A", 0.9),
        ("b c", "OLD", None),
        ("e", "B", 0.7),
    ]
    assert [token.ent_iob_ for token in doc][:5] == ["B", "B", "I", "O", "B"]
    assert (doc[5].ent_iob_, doc[5].ent_type_) == ("B", "")  # blocked, as before


def test_entities_that_stand_already_are_replaced_when_asked():
    nlp, pipe = labelled_pipe(overwrite=True)
    doc = nlp.make_doc("a b c d")
    doc.set_ents([Span(doc, 1, 3, "OLD")])
    pipe.set_annotations([doc], [found((2, 4, 1, 0.8))])
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("c d", "B")]


def test_a_document_with_no_prediction_is_annotated_as_empty():
    nlp, pipe = labelled_pipe()
    doc = nlp.make_doc("a b")
    nothing = np.zeros(0, dtype=np.int64)
    pipe.set_annotations([doc], [DocSpans(nothing, nothing, nothing, np.zeros(0))])
    assert [token.ent_iob_ for token in doc] == ["O", "O"]


def test_several_heads_stand_side_by_side():
    nlp = blank(spans_key="sites")
    nlp.add_pipe(FACTORY, name="flat", config={"model": MODEL})
    examples = corpus(nlp, "sites")
    for example in examples:
        reference = example.reference
        gold = [Span(reference, span.start, span.end, "ANY") for span in reference.spans["sites"]]
        reference.set_ents(gold, default="outside")
    train(nlp, examples)
    assert nlp.get_pipe("flat").labels == ("ANY",)
    doc = nlp("Acute renal failure was seen in Paris .")
    assert spans_of(doc, "sites") == [(0, 19, "DISEASE"), (32, 37, "PLACE")]
    assert spans_of(doc) == [(0, 19, "ANY"), (32, 37, "ANY")]
    assert doc.ents[0]._.confidence != doc.spans["sites"][0]._.confidence
    with nlp.select_pipes(disable="flat"):
        assert nlp("Fever in Paris").ents == ()
    scores = nlp.evaluate([Example(nlp.make_doc(eg.text), eg.reference) for eg in examples])
    assert scores["spans_sites_f"] == scores["ents_f"] == 1.0


def test_a_sourced_component_predicts_as_where_it_came_from(nlp):
    other = spacy.blank("en")
    other.add_pipe(FACTORY, source=nlp, name="sourced")
    for text in TEXTS:
        assert spans_of(other(text)) == spans_of(nlp(text))


def test_two_processes_give_what_one_gives(nlp):
    texts = list(TEXTS) * 2
    alone = [nlp(text) for text in texts]
    together = list(nlp.pipe(texts, n_process=2, batch_size=3))
    for one, other in zip(alone, together, strict=True):
        assert spans_of(one) == spans_of(other)
        for ours, theirs in zip(one.ents, other.ents, strict=True):
            assert ours._.confidence == pytest.approx(theirs._.confidence, rel=1e-4)


def test_a_group_keeps_its_confidence_in_a_plain_docbin(grouped):
    [doc] = DocBin(docs=[grouped("Fever in Paris")]).get_docs(grouped.vocab)
    assert doc.spans["sites"][0]._.confidence > 0.5


def test_f1_equals_seqevals_on_the_same_predictions(nlp):
    gold, predicted, examples = [], [], []
    for text, spans in TEXTS.items():
        reference, doc = nlp.make_doc(text), nlp(text)
        kept = [reference.char_span(start, stop, label) for start, stop, label in spans[:1]]
        reference.set_ents(kept, default="outside")
        examples.append(Example(doc, reference))
        gold.append(bio_tags(reference))
        predicted.append(bio_tags(doc))
    expected = f1_score(gold, predicted, mode="strict", scheme=IOB2)
    assert 0.0 < expected < 1.0
    assert nlp.get_pipe(FACTORY).score(examples)["ents_f"] == pytest.approx(expected)


def bio_tags(doc):
    return [f"{token.ent_iob_}-{token.ent_type_}".removesuffix("-") for token in doc]


def test_a_listener_can_be_replaced_by_its_network():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": MODEL["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
    nlp.add_pipe(FACTORY, config={"model": MODEL | {"tok2vec": listener}})
    train(nlp, corpus(nlp))
    before = {text: spans_of(nlp(text)) for text in TEXTS}
    assert before == TEXTS
    nlp.replace_listeners("tok2vec", FACTORY, ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    assert {text: spans_of(nlp(text)) for text in TEXTS} == before


def test_by_default_it_listens_to_a_transformer():
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe(FACTORY)
    assert any(isinstance(node, TransformerListener) for node in pipe.model.walk())
    assert nlp.get_pipe_meta(FACTORY).default_score_weights["ents_f"] == 1.0


@pytest.mark.parametrize(
    "config",
    [
        {"decoder": "beam"},
        {"overwrite": "perhaps"},
        {"spans_key": ["a"]},
        {"temperature": 1.0},
        {"model": MODEL | {"dropuot": 0.1}},
    ],
)
def test_unknown_and_wrong_settings_are_refused(config):
    with pytest.raises(ConfigValidationError):
        blank(**config)


def test_no_scorer_scores_nothing():
    assert blank(scorer=None).get_pipe(FACTORY).score([]) == {}
