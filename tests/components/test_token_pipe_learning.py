import math

import numpy as np
import pytest
from spacy.tokens import Span
from spacy.training import Example
from thinc.api import Adam

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.token_classifier import TagScores
from tests.components.tagging import (
    MODEL,
    TEXTS,
    ready,
    spans_of,
    trained,
    unannotated,
)

DECODERS = ["viterbi", "crf"]


def scores_of(pipe, examples, seed=0, scale=1.0):
    """Scores that were drawn at random, and are nobody's model's."""
    rng = np.random.default_rng(seed)
    tags = 1 + 2 * len(pipe.labels)

    def draw(*shape):
        return (scale * rng.standard_normal(shape)).astype("float32")

    emissions = [draw(len(example.predicted), tags) for example in examples]
    return TagScores(emissions, draw(tags, tags), draw(tags), draw(tags))


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_short_training_finds_what_it_was_shown(decoder):
    nlp = trained(decoder=decoder)
    for text, spans in TEXTS.items():
        assert spans_of(nlp(text)) == spans


@pytest.mark.parametrize("decoder", DECODERS)
def test_gradients_are_those_of_the_loss(decoder):
    _, pipe, examples = ready(decoder=decoder)
    scores = scores_of(pipe, examples)
    _, gradient = pipe.get_loss(examples, scores)
    step = 1e-2
    for place, slope in [
        ((scores.emissions[0], (1, 2)), gradient.emissions[0][1, 2]),
        ((scores.transitions, (1, 2)), gradient.transitions[1, 2]),
        ((scores.start, (3,)), gradient.start[3]),
        ((scores.stop, (0,)), gradient.stop[0]),
    ]:
        array, index = place
        array[index] += step
        above, _ = pipe.get_loss(examples, scores)
        array[index] -= 2 * step
        below, _ = pipe.get_loss(examples, scores)
        array[index] += step
        assert slope == pytest.approx((above - below) / (2 * step), abs=2e-4)


def test_only_a_crf_gives_transitions_a_gradient():
    for decoder, learns in [("viterbi", False), ("crf", True)]:
        _, pipe, examples = ready(decoder=decoder)
        _, gradient = pipe.get_loss(examples, scores_of(pipe, examples))
        assert gradient.transitions.any() == learns


def test_the_softmax_loss_is_the_mean_over_words():
    _, pipe, examples = ready()
    scores = scores_of(pipe, examples, scale=0.0)
    assert pipe.get_loss(examples, scores)[0] == pytest.approx(math.log(5))


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_loss_of_a_batch_is_not_that_of_its_size(decoder):
    _, pipe, examples = ready(decoder=decoder)
    scores = scores_of(pipe, examples)
    twice = TagScores(scores.emissions * 2, scores.transitions, scores.start, scores.stop)
    once, _ = pipe.get_loss(examples, scores)
    assert pipe.get_loss(examples * 2, twice)[0] == pytest.approx(once)


@pytest.mark.parametrize("decoder", DECODERS)
def test_computing_a_loss_changes_nothing(decoder):
    _, pipe, examples = ready(decoder=decoder)
    before = pipe.to_bytes()
    pipe.get_loss(examples, pipe.model.predict([eg.predicted for eg in examples]))
    assert pipe.to_bytes() == before


@pytest.mark.parametrize("decoder", DECODERS)
def test_what_is_not_annotated_teaches_nothing(decoder):
    nlp, pipe, _ = ready(decoder=decoder)
    examples = [unannotated(nlp, text) for text in TEXTS]
    loss, gradient = pipe.get_loss(examples, scores_of(pipe, examples))
    assert loss == pytest.approx(0.0, abs=1e-6)
    assert all(np.abs(rows).max(initial=0.0) < 1e-6 for rows in gradient.emissions)
    assert np.abs(gradient.transitions).max() < 1e-6


def test_the_softmax_leaves_missing_tokens_out():
    nlp, pipe, _ = ready()
    reference = nlp.make_doc("Fever in Rome")
    reference.set_ents([Span(reference, 0, 1, "DISEASE")], default="missing")
    examples = [Example(nlp.make_doc("Fever in Rome"), reference)]
    _, gradient = pipe.get_loss(examples, scores_of(pipe, examples))
    assert gradient.emissions[0].any(axis=1).tolist() == [True, False, False]


@pytest.mark.parametrize("decoder", DECODERS)
def test_white_space_gets_no_gradient(decoder):
    _, pipe, examples = ready(decoder=decoder)
    _, gradient = pipe.get_loss(examples, scores_of(pipe, examples))
    text = examples[2].predicted
    assert gradient.emissions[2].any(axis=1).tolist() == [not token.is_space for token in text]


def test_a_loss_that_is_no_number_is_refused():
    _, pipe, examples = ready()
    with pytest.raises(ConfigError, match=r"the loss: found nan.*has diverged"):
        pipe.get_loss(examples, scores_of(pipe, examples, scale=np.nan))


def test_a_batch_without_words_can_be_learned_from():
    nlp, _, _ = ready()
    examples = [unannotated(nlp, text) for text in ("", "  ", "\n")]
    assert nlp.update(examples, sgd=Adam(), losses={})["modernbert_ner"] == 0.0


def test_without_an_optimizer_gradients_wait():
    _, pipe, examples = ready()
    before = pipe.to_bytes()
    pipe.update(examples, sgd=None)
    assert pipe.to_bytes() == before
    pipe.finish_update(Adam(0.01))
    assert pipe.to_bytes() != before


def test_a_frozen_component_stays_as_it_is():
    nlp, pipe, examples = ready()
    before = pipe.to_bytes()
    nlp.update(examples, sgd=Adam(0.01), exclude=["modernbert_ner"])
    assert pipe.to_bytes() == before


def test_a_component_can_annotate_while_it_learns():
    nlp, _, examples = ready()
    seen = []
    later = nlp.add_pipe("modernbert_ner", name="later", config={"model": MODEL})
    later.update = lambda batch, **_: seen.extend(batch)
    nlp.update(examples, sgd=Adam(0.01), annotates=["modernbert_ner"])
    assert all(example.predicted.has_annotation("ENT_IOB") for example in seen[:3])
