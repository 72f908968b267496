import numpy as np
import pytest
import torch
from spacy.util import registry
from thinc.api import Linear, Model, PyTorchWrapper
from thinc.optimizers import Adam

from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.training.schedules import make_layerwise_adam


def tiny_model() -> Model:
    """A thinc layer around an encoder of two layers, always the same one."""
    torch.manual_seed(0)
    encoder = ModernBertEncoder(
        EncoderConfig(
            vocab_size=11,
            hidden_size=8,
            intermediate_size=12,
            num_hidden_layers=2,
            num_attention_heads=2,
            pad_token_id=0,
            cls_token_id=1,
            sep_token_id=2,
        )
    )
    return PyTorchWrapper(encoder)


def parameters_of(model: Model) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy().copy() for name, p in encoder_of(model).named_parameters()}


def encoder_of(model: Model) -> ModernBertEncoder:
    return model.shims[0]._model


def step(optimizer, model: Model, gradient: float = 1.0) -> dict[str, np.ndarray]:
    """One batch's equal gradients, through thinc's own shim: what each parameter moved by."""
    before = parameters_of(model)
    for parameter in encoder_of(model).parameters():
        if parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, gradient)
    model.finish_update(optimizer)
    optimizer.step_schedules()
    return {name: after - before[name] for name, after in parameters_of(model).items()}


def layerwise(**settings):
    return registry.resolve(
        {"optimizer": {"@optimizers": "spacy_modernbert_bio.LayerwiseAdam.v1", **settings}}
    )["optimizer"]


def test_each_depth_moves_by_its_share_of_the_rate() -> None:
    moved = step(
        layerwise(learn_rate=0.1, layers=2, layer_decay=0.5, L2=0.0, grad_clip=0.0), tiny_model()
    )
    shares = {"embeddings.": 0.125, "layers.0.": 0.25, "layers.1.": 0.5, "final_norm.": 1.0}
    for name, change in moved.items():
        share = next(share for start, share in shares.items() if name.startswith(start))
        # Adam's first step is the learning rate itself, against the gradient's sign.
        np.testing.assert_allclose(change, -0.1 * share, rtol=1e-4, err_msg=name)


def test_heads_made_of_thinc_layers_learn_at_the_full_rate() -> None:
    head = Linear(2, 3).initialize()
    before = head.get_param("W").copy()
    head.set_grad("W", np.ones_like(before))
    head.finish_update(layerwise(learn_rate=0.1, layers=2, layer_decay=0.5, L2=0, grad_clip=0))
    np.testing.assert_allclose(head.get_param("W") - before, -0.1, rtol=1e-4)


def test_without_decay_it_is_adam() -> None:
    settings = {"L2": 0.1, "grad_clip": 1.0}
    ours = step(layerwise(learn_rate=0.01, layers=2, layer_decay=1.0, **settings), tiny_model())
    stock = step(Adam(0.01, use_averages=False, **settings), tiny_model())
    matrices = [name for name, change in ours.items() if change.ndim > 1]
    assert len(matrices) == 9
    for name in matrices:
        np.testing.assert_array_equal(ours[name], stock[name])


def test_weight_decay_spares_norms_and_shrinks_with_depth() -> None:
    def pull(name: str) -> np.ndarray:
        settings = {"learn_rate": 0.1, "layers": 2, "layer_decay": 0.5, "grad_clip": 0.0}
        with_decay = step(layerwise(L2=0.1, **settings), tiny_model())
        without = step(layerwise(L2=0.0, **settings), tiny_model())
        return with_decay[name] - without[name]

    assert not pull("final_norm.weight").any()
    after = parameters_of(tiny_model())["layers.0.attn.Wo.weight"] - 0.1 * 0.25
    np.testing.assert_allclose(
        pull("layers.0.attn.Wo.weight"), -0.1 * 0.25 * 0.1 * after, rtol=1e-3, atol=1e-6
    )


def test_learning_rate_schedule_of_a_config_is_followed() -> None:
    schedule = {
        "@schedules": "warmup_linear.v1",
        "initial_rate": 0.1,
        "warmup_steps": 2,
        "total_steps": 4,
    }
    optimizer = layerwise(learn_rate=schedule, layers=2, layer_decay=0.5, L2=0, grad_clip=0)
    moved = [step(optimizer, tiny_model())["layers.1.mlp.Wo.weight"][0, 0] for _ in range(3)]
    assert moved[0] == 0.0
    assert moved[1] == pytest.approx(-0.05 * 0.5, rel=1e-3)
    assert moved[2] == pytest.approx(-0.1 * 0.5, rel=1e-3)


def test_batches_of_a_step_move_nothing_until_the_last_and_then_as_their_sum() -> None:
    settings = {"learn_rate": 0.1, "layers": 2, "layer_decay": 0.5, "grad_clip": 0.0, "eps": 1.0}
    waiting, whole = layerwise(batches_per_step=3, **settings), layerwise(**settings)
    together, alone = tiny_model(), tiny_model()
    for gradients in ((1.0, -0.5, 2.5), (0.25, 0.25, -1.5)):
        for gradient in gradients[:2]:
            assert not any(c.any() for c in step(waiting, together, gradient).values())
        step(waiting, together, gradients[2])
        step(whole, alone, sum(gradients))
        expected = parameters_of(alone)
        for name, found in parameters_of(together).items():
            np.testing.assert_allclose(found, expected[name], rtol=1e-6, err_msg=name)


def test_schedules_move_on_with_steps_and_not_with_batches() -> None:
    optimizer = layerwise(learn_rate=[0.1, 0.2, 0.3], layers=2, batches_per_step=2)
    rates = []
    for _ in range(4):
        rates.append(optimizer.learn_rate)
        step(optimizer, tiny_model())
    assert rates == [0.1, 0.1, 0.2, 0.2]


@pytest.mark.parametrize(
    ("layers", "found"), [(1, "an encoder with layer 2"), (3, "an encoder with 2 layers")]
)
def test_wrong_number_of_layers_is_found_in_the_first_step(layers: int, found: str) -> None:
    optimizer = layerwise(learn_rate=0.1, layers=layers)
    with pytest.raises(ConfigError, match=f"optimizer.layers: found {found}; wanted {layers}"):
        step(optimizer, tiny_model())


def test_frozen_lowest_layer_is_no_wrong_number_of_layers() -> None:
    model = tiny_model()
    encoder_of(model).embeddings.requires_grad_(False)
    encoder_of(model).layers[0].requires_grad_(False)
    moved = step(layerwise(learn_rate=0.1, layers=2, layer_decay=0.5, L2=0), model)
    assert not moved["layers.0.mlp.Wo.weight"].any()
    assert moved["layers.1.mlp.Wo.weight"].all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": 0}, "training.optimizer.layers: found 0; wanted 1 or more"),
        ({"layers": 2, "layer_decay": 0.0}, r"layer_decay: found 0.0; wanted in \(0, 1\]"),
        ({"layers": 2, "batches_per_step": 0}, "batches_per_step: found 0; wanted 1 or more"),
        ({"layers": 2, "layer_decay": 1.1}, r"layer_decay: found 1.1; wanted in \(0, 1\]"),
    ],
)
def test_impossible_settings_are_refused(settings, message) -> None:
    with pytest.raises(ConfigError, match=message):
        make_layerwise_adam(0.1, **settings)
