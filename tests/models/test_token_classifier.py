import numpy as np
import pytest
import spacy
import torch
from confection import ConfigValidationError
from spacy.util import registry
from thinc.api import Adam, fix_random_seed

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.token_classifier import TagScores

NLP = spacy.blank("en")
DOCS = [NLP("The cat sat ."), NLP(""), NLP("On the mat")]
TAGS = 3


def build(**changes):
    config = {
        "@architectures": "spacy_modernbert_bio.TokenClassifier.v1",
        "tok2vec": {
            "@architectures": "spacy.HashEmbedCNN.v2",
            "width": 8,
            "depth": 1,
            "embed_size": 50,
            "window_size": 1,
            "maxout_pieces": 2,
            "subword_features": True,
            "pretrained_vectors": None,
        },
    }
    return registry.resolve({"model": config | changes})["model"]


def ready(**changes):
    fix_random_seed(0)
    target = [np.zeros((len(doc), TAGS), dtype="float32") for doc in DOCS]
    return build(**changes).initialize(X=DOCS, Y=target)


def gradient_like(scores, value=1.0):
    return TagScores(
        [np.full_like(rows, value) for rows in scores.emissions],
        np.full_like(scores.transitions, value),
        np.full_like(scores.start, value),
        np.full_like(scores.stop, value),
    )


def test_every_token_gets_a_score_a_tag():
    scores = ready().predict(DOCS)
    assert [rows.shape for rows in scores.emissions] == [(4, TAGS), (0, TAGS), (3, TAGS)]
    assert scores.transitions.shape == (TAGS, TAGS)
    assert not scores.transitions.any()
    assert not scores.start.any()
    assert not scores.stop.any()


def test_scores_of_a_document_do_not_depend_on_its_batch():
    model = ready()
    batch, alone = model.predict(DOCS).emissions, model.predict(DOCS[2:]).emissions
    np.testing.assert_allclose(batch[2], alone[0], rtol=1e-5)


def test_vectors_of_an_empty_document_need_no_width():
    head = ready().get_ref("output_layer")
    vectors = [np.ones((2, 8), dtype="float32"), np.zeros((0, 0), dtype="float32")]
    assert [len(rows) for rows in head.predict(vectors).emissions] == [2, 0]
    assert [len(rows) for rows in head.predict(vectors[1:]).emissions] == [0]


def test_gradients_reach_every_parameter_and_tok2vec():
    model = ready(dropout=0.0)
    before = model.get_ref("tok2vec").predict(DOCS)
    scores, backprop = model.begin_update(DOCS)
    backprop(gradient_like(scores))
    head = model.get_ref("output_layer").shims[0].module
    assert all(parameter.grad.any() for parameter in head.parameters())
    model.finish_update(Adam(0.1))
    assert not np.allclose(model.get_ref("tok2vec").predict(DOCS)[0], before[0])
    after = model.predict(DOCS)
    assert (after.transitions < 0).all()
    assert (after.start < 0).all()


def test_transitions_without_a_gradient_stay_where_they_are():
    model = ready()
    scores, backprop = model.begin_update(DOCS)
    gradient = gradient_like(scores, 0.0)
    gradient.emissions[0][:] = 1.0
    backprop(gradient)
    model.finish_update(Adam(0.1, L2=0.01))
    assert not model.predict(DOCS).transitions.any()


def test_dropout_is_drawn_in_training_only():
    model = ready(dropout=0.9)
    np.testing.assert_array_equal(
        model.predict(DOCS).emissions[0], model.predict(DOCS).emissions[0]
    )
    drawn = [model.begin_update(DOCS)[0].emissions[0] for _ in range(2)]
    assert not np.allclose(*drawn)


def test_what_was_saved_scores_the_same():
    model = ready()
    module = model.get_ref("output_layer").shims[0].module
    with torch.no_grad():
        module.transitions.normal_()
    loaded = build().from_bytes(model.to_bytes())
    before, after = model.predict(DOCS), loaded.predict(DOCS)
    np.testing.assert_array_equal(after.emissions[0], before.emissions[0])
    np.testing.assert_array_equal(after.transitions, before.transitions)


@pytest.mark.parametrize(
    "changes",
    [{"droput": 0.1}, {"dropout": "much"}, {"nO": "five"}, {"tok2vec": 3}, {"tok2vec": None}],
)
def test_unknown_and_wrong_arguments_are_refused(changes):
    with pytest.raises(ConfigValidationError):
        build(**changes)


@pytest.mark.parametrize("dropout", [1.0, -0.1])
def test_a_dropout_that_is_no_share_is_refused(dropout):
    with pytest.raises(ConfigError, match=r"dropout: found .*; wanted 0 or more, below 1"):
        build(dropout=dropout)
