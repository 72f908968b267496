import copy
import io

import numpy as np
import pytest
import srsly
import torch
from safetensors.torch import save
from thinc.api import Adam, Model, chain
from torch import nn

from spacy_modernbert_bio.errors import CheckpointError
from spacy_modernbert_bio.models.torch_layer import torch_layer

X = np.arange(12, dtype="float32").reshape(4, 3) / 10
Y = np.zeros((4, 2), dtype="float32")


class Scores(nn.Linear):
    """A linear layer that is made from thinc's names of widths."""

    def __init__(self, nI, nO):
        super().__init__(nI, nO)


def lazy_layer(**dims):
    return torch_layer(Scores, dims={"nI": None, "nO": None} | dims)


def ready_layer():
    return lazy_layer().initialize(X=X, Y=Y)


def step(layer, optimizer, target=1.0):
    scores, backprop = layer.begin_update(X)
    d_input = backprop((scores - target).astype("float32"))
    layer.finish_update(optimizer)
    return d_input


def test_a_module_that_stands_runs_as_torch_runs_it():
    module = nn.Linear(3, 2)
    scores = torch_layer(module).predict(X)
    np.testing.assert_allclose(scores, module(torch.from_numpy(X)).detach().numpy())


def test_gradients_are_those_of_torch():
    layer = ready_layer()
    module = layer.shims[0].module
    d_input = layer.begin_update(X)[1](np.ones((4, 2), dtype="float32"))
    np.testing.assert_allclose(d_input, np.tile(module.weight.detach().sum(0), (4, 1)), rtol=1e-6)
    np.testing.assert_allclose(module.bias.grad, [4.0, 4.0])


def test_thincs_optimizer_brings_the_loss_down_and_clears_gradients():
    layer, optimizer = ready_layer(), Adam(0.1)
    before = np.square(layer.predict(X) - 1).sum()
    for _ in range(50):
        step(layer, optimizer)
    assert np.square(layer.predict(X) - 1).sum() < 0.1 * before
    assert not layer.shims[0].module.weight.grad.any()


def test_widths_come_from_the_samples():
    layer = ready_layer()
    assert (layer.get_dim("nI"), layer.get_dim("nO")) == (3, 2)
    assert layer.predict(X).shape == (4, 2)


def test_the_module_waits_until_all_widths_are_known():
    layer = lazy_layer().initialize(X=X)
    assert list(layer.shims[0].module.parameters()) == []
    layer.initialize(Y=Y)
    assert layer.predict(X).shape == (4, 2)


def test_initialising_twice_keeps_the_weights():
    layer = ready_layer()
    scores = layer.predict(X)
    np.testing.assert_array_equal(layer.initialize(X=X, Y=Y).predict(X), scores)


def test_a_chain_hands_widths_on():
    model = chain(lazy_layer(nO=5), lazy_layer()).initialize(X=X, Y=Y)
    assert model.predict(X).shape == (4, 2)


def test_bytes_bring_widths_and_weights_to_a_layer_without_either():
    layer = ready_layer()
    loaded = lazy_layer().from_bytes(layer.to_bytes())
    np.testing.assert_array_equal(loaded.predict(X), layer.predict(X))
    assert loaded.get_dim("nO") == 2


def test_an_uninitialised_layer_travels_as_bytes():
    assert lazy_layer().from_bytes(lazy_layer().to_bytes()).has_dim("nO") is None


def test_what_is_saved_is_no_pickle(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a pickle was used")

    layer = ready_layer()
    for name in ("save", "load"):
        monkeypatch.setattr(torch, name, refuse)
    data = layer.to_bytes()
    lazy_layer().from_bytes(data)
    assert b"PK\x03\x04" not in data


@pytest.mark.parametrize("duplicate", [Model.copy, copy.deepcopy])
def test_a_copy_learns_alone(duplicate):
    layer = ready_layer()
    twin = duplicate(layer)
    scores = layer.predict(X)
    np.testing.assert_array_equal(twin.predict(X), scores)
    step(twin, Adam(0.1))
    assert not np.allclose(twin.predict(X), scores)
    np.testing.assert_array_equal(layer.predict(X), scores)


def test_a_copy_shares_no_optimizer_state():
    layer = ready_layer()
    twin, alone = layer.copy(), ready_layer().from_bytes(layer.to_bytes())
    shared = Adam(0.1)
    step(layer, shared)
    step(twin, shared)
    step(alone, Adam(0.1))
    np.testing.assert_allclose(twin.predict(X), alone.predict(X), rtol=1e-6)


def test_averaged_weights_are_used_inside_the_block_only():
    layer, optimizer = ready_layer(), Adam(0.1, use_averages=True)
    for _ in range(5):
        step(layer, optimizer)
    after = layer.predict(X)
    averages = {key[1]: value.copy() for key, value in optimizer.averages.items()}
    with layer.use_params(optimizer.averages):
        inside = layer.predict(X)
    np.testing.assert_allclose(inside, X @ averages["weight"].T + averages["bias"], rtol=1e-5)
    np.testing.assert_array_equal(layer.predict(X), after)
    assert not np.allclose(inside, after)


def test_weights_come_back_after_an_error_inside_the_block():
    layer, optimizer = ready_layer(), Adam(0.1, use_averages=True)
    step(layer, optimizer)
    step(layer, optimizer)
    after = layer.predict(X)
    with pytest.raises(KeyError), layer.use_params(optimizer.averages):
        raise KeyError
    np.testing.assert_array_equal(layer.predict(X), after)


def state_bytes(state, **widths):
    """A layer's bytes with other content."""
    layer = lazy_layer()
    message = srsly.msgpack_dumps({"config": {"widths": widths}, "state": state})
    layer.shims[0].to_bytes = lambda: message
    return layer.to_bytes()


def pickled():
    stream = io.BytesIO()
    torch.save(Scores(3, 2).state_dict(), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "state",
    [pickled(), b"PK\x03\x04", b"\x80\x04N.", b"", save(Scores(3, 2).state_dict())[:-4]],
    ids=["torch.save", "zip", "pickle", "nothing", "truncated"],
)
def test_bytes_that_are_not_safetensors_are_refused(state):
    with pytest.raises(CheckpointError, match=r"not safetensors.*pickles are never read"):
        lazy_layer().from_bytes(state_bytes(state, nI=3, nO=2))


@pytest.mark.parametrize("data", [b"\xc1", b"\x93\x01", b"\x81\xa1a\x01"])
def test_a_damaged_envelope_is_refused(data):
    with pytest.raises(CheckpointError, match="not safetensors"):
        lazy_layer().shims[0].from_bytes(data)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"weight": torch.zeros(2, 3)}, "no tensor bias"),
        (
            {"weight": torch.zeros(2, 4), "bias": torch.zeros(2)},
            r"weight: found shape \[2, 4\]; wanted shape \[2, 3\]",
        ),
        (
            {"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "more": torch.zeros(1)},
            "1 tensors of unknown name, first more",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tensors, message):
    with pytest.raises(CheckpointError, match=message):
        lazy_layer().from_bytes(state_bytes(save(tensors), nI=3, nO=2))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_layer_moves_to_the_gpu_and_back():
    layer = ready_layer()
    scores = layer.predict(X)
    layer.shims[0].to_device("gpu", 0)
    assert layer.shims[0].device.type == "cuda"
    layer.shims[0].to_device("cpu", 0)
    np.testing.assert_array_equal(layer.predict(X), scores)
