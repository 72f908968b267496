import numpy as np
import pytest
import spacy
import torch
from spacy.util import registry
from thinc.api import Adam, PyTorchWrapper

from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import ConfigError


@pytest.fixture
def encoder() -> ModernBertEncoder:
    return ModernBertEncoder(
        EncoderConfig(
            vocab_size=11,
            hidden_size=8,
            intermediate_size=12,
            num_hidden_layers=3,
            num_attention_heads=2,
            pad_token_id=0,
            cls_token_id=1,
            sep_token_id=2,
        )
    )


@pytest.fixture
def nlp(encoder):
    class Holder:
        model = PyTorchWrapper(encoder)

        def __call__(self, doc):
            return doc

    class Listener:
        def __call__(self, doc):
            return doc

    nlp = spacy.blank("en")
    spacy.Language.factory("test_encoder_holder", func=lambda nlp, name: Holder())
    spacy.Language.factory("test_listener", func=lambda nlp, name: Listener())
    nlp.add_pipe("test_encoder_holder", name="transformer")
    nlp.add_pipe("test_listener", name="ner")
    return nlp


def freezing(**settings):
    return registry.resolve(
        {"before_update": {"@callbacks": "spacy_modernbert_bio.freeze_layers.v1", **settings}}
    )["before_update"]


def train_one_step(nlp, encoder, optimizer) -> set[str]:
    """The first two words of the parameters that a step of Adam moved."""
    before = {name: p.detach().clone() for name, p in encoder.named_parameters()}
    for parameter in encoder.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)
    nlp.get_pipe("transformer").model.finish_update(optimizer)
    return {
        ".".join(name.split(".")[:2])
        for name, parameter in encoder.named_parameters()
        if not np.array_equal(before[name], parameter.detach())
    }


ALL = {
    "embeddings.tok_embeddings",
    "embeddings.norm",
    "layers.0",
    "layers.1",
    "layers.2",
    "final_norm.weight",
}
TOP = {"layers.2", "final_norm.weight"}


def test_lowest_layers_and_embeddings_stay_until_the_step_that_lets_them_go(nlp, encoder) -> None:
    before_update = freezing(layers=2, until_step=2)
    optimizer = Adam(0.1)
    moved = []
    for step in range(3):
        before_update(nlp, {"step": step, "epoch": 0})
        moved.append(train_one_step(nlp, encoder, optimizer))
    assert moved == [TOP, TOP, ALL]


def test_momentum_does_not_move_a_layer_that_is_frozen_later(nlp, encoder) -> None:
    optimizer = Adam(0.1)
    assert train_one_step(nlp, encoder, optimizer) == ALL
    before_update = freezing(layers=2)
    before_update(nlp, {"step": 1, "epoch": 0})
    assert train_one_step(nlp, encoder, optimizer) == TOP
    before_update(nlp, {"step": 10_000, "epoch": 9})
    assert train_one_step(nlp, encoder, optimizer) == TOP


def test_what_something_else_froze_stays_frozen(nlp, encoder) -> None:
    encoder.embeddings.requires_grad_(False)
    before_update = freezing(layers=1, until_step=1)
    for step in range(2):
        before_update(nlp, {"step": step, "epoch": 0})
    moved = train_one_step(nlp, encoder, Adam(0.1))
    assert moved == ALL - {"embeddings.tok_embeddings", "embeddings.norm"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": 0}, "freeze_layers.layers: found 0; wanted 1 or more"),
        ({"layers": 1, "until_step": 0}, "until_step: found 0; wanted 1 or more, or null"),
    ],
)
def test_impossible_settings_are_refused_when_the_config_is_read(settings, message) -> None:
    with pytest.raises(ConfigError, match=message):
        freezing(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": 4}, "freeze_layers.layers: found 4; wanted at most 3, the layers of this"),
        ({"layers": 1, "component": "trf"}, "found trf; wanted one of transformer, ner"),
        ({"layers": 1, "component": "ner"}, "found ner, which holds no encoder; wanted"),
    ],
)
def test_what_the_pipeline_does_not_have_is_refused_before_the_first_step(
    nlp, settings, message
) -> None:
    with pytest.raises(ConfigError, match=message):
        freezing(**settings)(nlp, {"step": 0, "epoch": 0})
