import numpy as np
import pytest
import torch

from spacy_modernbert_bio.components.calibrate import calibrate_spans
from spacy_modernbert_bio.components.tags import MISSING, tag_names
from spacy_modernbert_bio.components.word_chain import WordScores
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.tag_scheme import allowed_transitions

RULES = allowed_transitions(tag_names(["A", "B"]))
# In documents of one word only O, B-A and B-B can be.
WORD_TAGS = np.array([0, 1, 3])


def sampled(sureness, documents=4000, seed=0):
    """Words whose gold tags were drawn from a softmax, told by a model `sureness` times as sure."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((documents, 5))
    odds = np.exp(logits[:, WORD_TAGS])
    drawn = (odds.cumsum(axis=1) < rng.random((documents, 1)) * odds.sum(axis=1)[:, None]).sum(1)
    words = WordScores(
        torch.from_numpy(sureness * logits),
        torch.zeros(5, 5),
        torch.zeros(5),
        torch.zeros(5),
        [1] * documents,
    )
    return words, WORD_TAGS[drawn]


@pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_how_much_too_sure_a_model_is(sureness):
    report = calibrate_spans([sampled(sureness)], RULES)
    assert report.temperature == pytest.approx(sureness, rel=0.1)
    assert report.error_after < 0.03
    if sureness != 1.0:
        assert report.error_before > 0.05


def test_batches_are_judged_together():
    first, second = sampled(3.0, documents=300, seed=1), sampled(3.0, documents=200, seed=2)
    report = calibrate_spans([first, second], RULES)
    alone = [calibrate_spans([batch], RULES) for batch in (first, second)]
    assert report.spans == sum(one.spans for one in alone)
    assert report.correct == sum(one.correct for one in alone)


def test_predictions_over_missing_annotation_are_not_judged():
    words, gold = sampled(1.0, documents=100)
    everything = calibrate_spans([(words, gold)], RULES).spans
    gold[:50] = MISSING
    assert 0 < calibrate_spans([(words, gold)], RULES).spans < everything


def test_data_in_which_nothing_is_judged_is_refused():
    words, gold = sampled(1.0, documents=10)
    with pytest.raises(ConfigError, match="no predicted span in annotated text; wanted at least"):
        calibrate_spans([(words, np.full_like(gold, MISSING))], RULES)
    with pytest.raises(ConfigError, match="found no words; wanted annotated development"):
        calibrate_spans([], RULES)
