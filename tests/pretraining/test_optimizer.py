import pytest
import torch
from torch import nn

from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.errors import ResumeError
from spacy_modernbert_bio.pretraining.config import OptimizerConfig
from spacy_modernbert_bio.pretraining.model import PretrainingModel
from spacy_modernbert_bio.pretraining.optimizer import build_optimizer, read_moments, write_moments
from tests.conftest import make_config


def make_model() -> PretrainingModel:
    encoder = ModernBertEncoder(make_config(norm_bias=True, mlp_bias=True))
    return PretrainingModel(encoder, PredictionHead(encoder.config, encoder))


def step(model: nn.Module, optimizer: torch.optim.Optimizer, rate: float = 1e-3) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
    for number, parameter in enumerate(model.parameters()):
        parameter.grad = torch.full_like(parameter, 0.1 * (number + 1))
    optimizer.step()
    optimizer.zero_grad()


def test_norms_and_biases_are_never_decayed_and_all_else_is():
    model = make_model()
    optimizer = build_optimizer(model, OptimizerConfig())
    decay = {
        id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]
    }
    for name, parameter in model.named_parameters():
        plain = name.endswith("bias") or "norm" in name
        assert decay[id(parameter)] == (0.0 if plain else 0.05), name


def test_decay_is_in_torchs_terms():
    """p <- p (1 - lr wd): at the recipe's peak, Composer's 1e-5 a step."""
    weight = nn.Linear(2, 2, bias=False)
    before = weight.weight.detach().clone()
    optimizer = build_optimizer(weight, OptimizerConfig())
    optimizer.param_groups[0]["lr"] = 2e-4
    weight.weight.grad = torch.zeros_like(weight.weight)
    optimizer.step()
    assert torch.allclose(weight.weight, before * (1 - 1e-5), atol=0, rtol=1e-7)


def test_a_state_read_and_written_goes_on_to_the_same_bits():
    model, other = make_model(), make_model()
    optimizer = build_optimizer(model, OptimizerConfig())
    step(model, optimizer)
    other.load_state_dict(model.state_dict())
    moved = build_optimizer(other, OptimizerConfig())
    write_moments(
        moved, other.named_parameters(), read_moments(optimizer, model.named_parameters())
    )
    step(model, optimizer)
    step(other, moved)
    for (name, mine), theirs in zip(model.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs), name


def test_a_parameter_that_was_frozen_begins_without_a_state_and_one_that_is_needs_none():
    model = make_model()
    model.encoder.layers[0].requires_grad_(False)
    optimizer = build_optimizer(model, OptimizerConfig())
    step(model, optimizer)
    moments = read_moments(optimizer, model.named_parameters())
    assert not any(".layers.0." in name for name in moments)
    model.encoder.layers[0].requires_grad_(True)
    model.encoder.layers[1].requires_grad_(False)
    moved = build_optimizer(model, OptimizerConfig())
    write_moments(moved, model.named_parameters(), moments)
    assert model.encoder.layers[0].attn.Wo.weight not in moved.state
    assert model.encoder.layers[1].attn.Wo.weight not in moved.state
    assert model.encoder.layers[2].attn.Wo.weight in moved.state


@pytest.mark.parametrize("damage", ["shape", "part"])
def test_a_state_of_another_model_is_refused(damage):
    model = make_model()
    optimizer = build_optimizer(model, OptimizerConfig())
    step(model, optimizer)
    moments = read_moments(optimizer, model.named_parameters())
    name = "encoder.layers.0.attn.Wo.weight"
    if damage == "shape":
        moments[f"exp_avg.{name}"] = torch.zeros(3)
    else:
        del moments[f"exp_avg_sq.{name}"]
    with pytest.raises(ResumeError, match=rf"optimizer state of {name}: found .*\[32, 32\]"):
        write_moments(optimizer, model.named_parameters(), moments)
