"""The chunked loss is torch's plain one in value and gradient, and never holds all logits."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from spacy_modernbert_bio.encoder.checkpoint import initialise
from spacy_modernbert_bio.encoder.chunked_loss import chunked_cross_entropy
from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from tests.conftest import make_config


def make_head(seed: int = 0, **changes: object) -> tuple[ModernBertEncoder, PredictionHead]:
    config = make_config(**changes)
    encoder = ModernBertEncoder(config)
    head = PredictionHead(config, encoder)
    for module in (encoder, head):
        initialise(module, config, seed=seed)
    with torch.no_grad():
        # Small initial weights would make every loss log(vocabulary).
        head.decoder.weight.mul_(20.0)
        if head.decoder.bias is not None:
            head.decoder.bias.normal_(0, 1.0)
    return encoder, head


def inputs(rows: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(rows, 32, generator=generator)
    return hidden, torch.randint(0, 400, (rows,), generator=generator)


def gradients(head: PredictionHead, hidden: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"hidden": hidden.grad, **{name: p.grad for name, p in head.named_parameters()}}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("tied", [True, False])
@given(
    rows=st.integers(1, 40),
    chunk=st.one_of(st.none(), st.integers(1, 45)),
    scale=st.floats(-3, 3),
    seed=st.integers(0, 99),
)
def test_values_and_gradients_are_the_plain_ones(bias, tied, rows, chunk, scale, seed):
    _, head = make_head(decoder_bias=bias, tie_word_embeddings=tied)
    head = head.double()
    other = copy.deepcopy(head)
    hidden, labels = inputs(rows, seed)
    hidden = hidden.double()
    one, two = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    loss = chunked_cross_entropy(head, one, labels, chunk_rows=chunk)
    plain = cross_entropy(other(two), labels, reduction="none")
    torch.testing.assert_close(loss.rows, plain.detach(), atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(loss.total, plain.sum(), atol=1e-10, rtol=1e-10)
    (loss.total * scale).backward()
    (plain.sum() * scale).backward()
    wanted = gradients(other, two)
    for name, found in gradients(head, one).items():
        torch.testing.assert_close(found, wanted[name], atol=1e-10, rtol=1e-10)


def test_in_float32_they_differ_by_rounding_only():
    _, head = make_head()
    other = copy.deepcopy(head)
    hidden, labels = inputs(200)
    one, two = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    loss = chunked_cross_entropy(head, one, labels, chunk_rows=30)
    plain = cross_entropy(other(two), labels, reduction="none")
    torch.testing.assert_close(loss.rows, plain.detach(), atol=1e-5, rtol=1e-5)
    loss.total.backward()
    plain.sum().backward()
    wanted = gradients(other, two)
    for name, found in gradients(head, one).items():
        assert torch.linalg.norm(found - wanted[name]) <= 1e-5 * torch.linalg.norm(wanted[name])


def test_frozen_parts_get_no_gradient_and_change_none():
    _, head = make_head(tie_word_embeddings=False)
    hidden, labels = inputs(9)
    free = hidden.clone().requires_grad_()
    chunked_cross_entropy(head, free, labels).total.backward()
    wanted = gradients(head, free)
    for name in ("hidden", "decoder.weight", "decoder.bias"):
        for parameter in head.parameters():
            parameter.grad = None
            parameter.requires_grad_(True)
        again = hidden.clone().requires_grad_(name != "hidden")
        if name != "hidden":
            head.get_parameter(name).requires_grad_(False)
        chunked_cross_entropy(head, again, labels, chunk_rows=4).total.backward()
        found = gradients(head, again)
        assert found.pop(name) is None
        for other, value in found.items():
            torch.testing.assert_close(value, wanted[other])


def test_nothing_needs_a_gradient_in_validation():
    _, head = make_head()
    hidden, labels = inputs(9)
    with torch.no_grad():
        loss = chunked_cross_entropy(head, hidden, labels, chunk_rows=2)
    assert not loss.total.requires_grad
    plain = cross_entropy(head(hidden), labels, reduction="sum")
    torch.testing.assert_close(loss.total, plain)


def test_without_rows_the_loss_is_zero_and_parameters_get_zeros():
    _, head = make_head()
    hidden, labels = inputs(0)
    hidden.requires_grad_()
    loss = chunked_cross_entropy(head, hidden, labels)
    assert loss.total == 0.0
    assert len(loss.rows) == 0
    loss.total.backward()
    assert all(not p.grad.any() for p in head.parameters())


def test_under_autocast_products_are_bfloat16_and_the_loss_is_float32():
    _, head = make_head()
    hidden, labels = inputs(30)
    hidden.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = chunked_cross_entropy(head, hidden, labels, chunk_rows=8)
        plain = cross_entropy(head(hidden).float(), labels, reduction="none")
    assert loss.rows.dtype == torch.float32
    torch.testing.assert_close(loss.rows, plain, atol=2e-2, rtol=2e-2)
    loss.total.backward()
    assert head.decoder.weight.grad.dtype == torch.float32
    exact = hidden.detach().clone().requires_grad_()
    cross_entropy(head(exact), labels, reduction="sum").backward()
    cosine = torch.cosine_similarity(hidden.grad.flatten(), exact.grad.flatten(), dim=0)
    assert cosine > 0.999


class Largest(TorchDispatchMode):
    """Remembers how many values the largest tensor has that any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for each in result if isinstance(result, tuple | list) else [result]:
            if isinstance(each, torch.Tensor):
                self.values = max(self.values, each.numel())
        return result


def test_no_tensor_of_rows_by_vocabulary_exists():
    _, head = make_head(vocab_size=2000)
    hidden, labels = inputs(500)
    hidden.requires_grad_()
    with Largest() as ours:
        chunked_cross_entropy(head, hidden, labels, chunk_rows=20).total.backward()
    with Largest() as plain:
        cross_entropy(head(hidden), labels).backward()
    assert ours.values == 2000 * 32  # the decoder's gradient
    assert plain.values == 500 * 2000


def test_a_second_backward_pass_is_refused_and_not_wrong():
    _, head = make_head()
    hidden, labels = inputs(5)
    loss = chunked_cross_entropy(head, hidden.requires_grad_(), labels)
    loss.total.backward(retain_graph=True)
    with pytest.raises(AttributeError):
        loss.total.backward()
