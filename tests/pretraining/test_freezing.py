import pytest

from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.freezing import freeze, parse_layers
from tests.conftest import make_config


@pytest.mark.parametrize(
    ("text", "layers", "embeddings"),
    [
        ("", set(), False),
        ("0-7", set(range(8)), False),
        ("0-2, 9", {0, 1, 2, 9}, False),
        ("embeddings,21", {21}, True),
    ],
)
def test_layers_are_read_as_written(text, layers, embeddings):
    assert parse_layers(text, layers=22, where="freeze") == (layers, embeddings)


@pytest.mark.parametrize("text", ["7-0", "0-22", "-1", "first", "0..7", "22"])
def test_layers_that_are_not_there_are_refused(text):
    with pytest.raises(ConfigError, match=r"phases.clm.freeze: found .*layers from 0 to 21"):
        parse_layers(text, layers=22, where="phases.clm.freeze")


def test_only_the_named_parts_lose_their_gradient_and_the_next_phase_gives_it_back():
    encoder = ModernBertEncoder(make_config())
    freeze(encoder, "embeddings,0-1", where="freeze")
    still = {name for name, p in encoder.named_parameters() if not p.requires_grad}
    wanted = ("embeddings.", "layers.0.", "layers.1.")
    assert still == {n for n, _ in encoder.named_parameters() if n.startswith(wanted)}
    assert still
    freeze(encoder, "", where="freeze")
    assert all(p.requires_grad for p in encoder.parameters())
