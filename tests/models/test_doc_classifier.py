"""DocClassifier.v1 on the states of a tiny encoder."""

import numpy as np
import pytest
import spacy
from confection import ConfigValidationError
from spacy.tokens import Doc
from spacy.util import registry
from spacy_transformers.data_classes import TransformerData
from thinc.api import Adam, Model, fix_random_seed

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.doc_classifier import build_doc_classifier, scorer_in
from tests.models.pipelines import NOTE, encoder_in, make_examples, make_pipeline

LABELS = 3
PIECES = {"@architectures": "spacy_modernbert_bio.PieceListener.v1"}


def build(encoder, **changes):
    """A classifier with the encoder inside of it."""
    pieces = {
        "@architectures": "spacy_modernbert_bio.PieceEncoder.v1",
        "name": str(encoder),
        "window": 64,
        "overlap": 8,
    }
    config = {"@architectures": "spacy_modernbert_bio.DocClassifier.v1", "tok2vec": pieces}
    return registry.resolve({"model": config | changes})["model"]


def ready(encoder, **changes):
    fix_random_seed(0)
    model = build(encoder, **changes)
    model.initialize(X=docs(), Y=np.zeros((3, LABELS), dtype="float32"))
    return model


def docs(*texts):
    nlp = spacy.blank("en")
    return [nlp.make_doc(text) for text in texts or (NOTE, "", NOTE * 12)]


@pytest.mark.parametrize("pooling", ["labelwise", "mean", "cls"])
def test_every_document_gets_a_score_a_label_and_its_company_changes_none(tiny_checkpoint, pooling):
    model = ready(tiny_checkpoint, pooling=pooling)
    batch = model.predict(docs())
    assert batch.logits.shape == (3, LABELS)
    for number, doc in enumerate(docs()):
        alone = model.predict([doc])
        np.testing.assert_allclose(alone.logits[0], batch.logits[number], atol=1e-5)
    backwards = model.predict(docs()[::-1])
    np.testing.assert_allclose(backwards.logits[::-1], batch.logits, atol=1e-5)


def test_evidence_is_in_pieces_and_in_no_special_one(tiny_checkpoint):
    model = ready(tiny_checkpoint)
    scores = model.predict(docs())
    states = model.get_ref("tok2vec").predict(docs())
    for weights, state, align in zip(scores.weights, states, scores.align, strict=True):
        assert weights.shape == (len(state.vectors), LABELS)
        assert not weights[list(state.cls_rows)].any()
        if len(weights):
            assert (weights >= 0.0).all()
            several = len(weights) - len(state.cls_rows) > 1
            np.testing.assert_allclose(weights.sum(0), float(several), rtol=1e-5)
            assert align.dataXd.max() < len(weights)
    # Several windows, each with its own.
    assert len(states[2].cls_rows) > 2


def test_cls_reads_the_state_of_each_window_and_nothing_else(tiny_checkpoint):
    model = ready(tiny_checkpoint, pooling="cls", dropout=0.0)
    assert model.predict(docs()).weights is None
    scores, backprop = model.get_ref("output_layer").begin_update(
        states := model.get_ref("tok2vec").predict(docs())
    )
    for state, gradient in zip(states, backprop(np.ones_like(scores.logits)), strict=True):
        touched = np.flatnonzero(np.abs(gradient).sum(1)).tolist()
        assert touched == list(state.cls_rows)


@pytest.mark.parametrize("pooling", ["labelwise", "mean", "cls"])
def test_gradients_reach_every_parameter_and_the_encoder(tiny_checkpoint, pooling):
    model = ready(tiny_checkpoint, pooling=pooling, dropout=0.0)
    before = model.predict(docs()).logits
    for _ in range(3):
        scores, backprop = model.begin_update(docs())
        backprop(np.ones_like(scores.logits))
        assert all(
            parameter.grad is not None and parameter.grad.any()
            for parameter in scorer_in(model).parameters()
        )
        model.finish_update(Adam(0.01))
    states = model.get_ref("tok2vec").predict(docs())
    assert (model.predict(docs()).logits < before).all()
    unlearnt = ready(tiny_checkpoint).get_ref("tok2vec").predict(docs())
    assert not np.allclose(states[0].vectors, unlearnt[0].vectors, atol=1e-3)


def test_dropout_is_drawn_in_training_only(tiny_checkpoint):
    model = ready(tiny_checkpoint, dropout=0.9)
    np.testing.assert_array_equal(model.predict(docs()).logits, model.predict(docs()).logits)
    drawn = [model.begin_update(docs())[0].logits for _ in range(2)]
    assert not np.allclose(*drawn)


def test_what_was_saved_scores_the_same(tiny_checkpoint):
    model = ready(tiny_checkpoint)
    loaded = build(tiny_checkpoint).from_bytes(model.to_bytes())
    np.testing.assert_array_equal(loaded.predict(docs()).logits, model.predict(docs()).logits)


def test_a_listener_gives_the_states_and_takes_the_gradients(tiny_checkpoint):
    """Beside a head that listens to tokens: both gradients arrive."""
    nlp = make_pipeline(tiny_checkpoint, "tagger", window=64, overlap=8)
    nlp.add_pipe("modernbert_phenotype")
    wanted = [len(doc._.trf_data.wordpieces.input_ids[0]) for doc in _trained(nlp)]
    listener = nlp.get_pipe("modernbert_phenotype").model.get_ref("tok2vec")
    states = listener.predict([nlp(NOTE), nlp(NOTE * 12)])
    assert [len(state.vectors) for state in states] == wanted


def _trained(nlp):
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    before = encoder_in(nlp).layers[0].mlp.Wi.weight.detach().clone()
    for _ in range(2):  # spaCy takes the encoder's step before the heads' gradients are there
        losses = nlp.update(examples, sgd=optimizer)
    assert losses["modernbert_phenotype"] > 0
    assert losses["tagger"] > 0
    assert not before.equal(encoder_in(nlp).layers[0].mlp.Wi.weight)
    return [nlp(NOTE), nlp(NOTE * 12)]


def test_another_librarys_encoder_is_refused():
    listener = registry.resolve({"model": PIECES})["model"]
    pieces = listener.layers[1]
    foreign = TransformerData.zeros(5, 8)
    foreign.model_output["last_hidden_state"] = np.ones((2, 5, 8), dtype="float32")
    with pytest.raises(ConfigError, match=r"another library's encoder; wanted .*Encoder\.v1"):
        pieces.predict([foreign])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dropout": 1.0}, r"DocClassifier\.v1: dropout: found 1\.0; wanted 0 or more, below 1"),
        ({"attention_width": 0}, r"attention_width: found 0; wanted 1 or more"),
    ],
)
def test_settings_outside_their_range_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        build_doc_classifier(Model("pieces", lambda *_: None), **changes)


def test_an_unknown_pooling_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"pooling: found 'max'; wanted one of labelwise, mean"):
        build_doc_classifier(Model("pieces", lambda *_: None), pooling="max")


@pytest.mark.parametrize(
    "changes", [{"droput": 0.1}, {"dropout": "much"}, {"nO": "five"}, {"tok2vec": 3}]
)
def test_unknown_and_wrong_arguments_are_refused(tiny_checkpoint, changes):
    with pytest.raises((ConfigValidationError, ConfigError)):
        build(tiny_checkpoint, **changes)


def test_no_document_needs_tokens(tiny_checkpoint):
    model = ready(tiny_checkpoint)
    nothing = [Doc(spacy.blank("en").vocab)]
    np.testing.assert_allclose(model.predict(nothing).logits, 0.0)
