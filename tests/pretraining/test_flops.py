"""Counted operations against torch's own counter, and visible pairs against a written-out mask."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.pretraining.flops import (
    forward_flops,
    matrix_rate,
    training_flops,
    visible_pairs,
)
from tests.conftest import make_config


@given(st.integers(1, 40), st.integers(0, 50), st.booleans())
def test_visible_pairs_are_those_of_the_mask(length, reach, causal):
    mask = [
        abs(i - j) <= reach and (j <= i or not causal) for i in range(length) for j in range(length)
    ]
    assert visible_pairs(length, reach=reach, causal=causal) == sum(mask)


def test_matrix_products_are_those_that_torch_counts():
    config = make_config()
    encoder = ModernBertEncoder(config)
    products = [m for m in encoder.modules() if isinstance(m, torch.nn.Linear)]
    with FlopCounterMode(display=False) as counter:
        for module in products:
            module(torch.zeros(10, module.in_features))
    attention = (
        4.0
        * config.hidden_size
        * sum(
            visible_pairs(10, reach=10 if config.is_global(layer) else config.reach, causal=False)
            for layer in range(config.num_hidden_layers)
        )
    )
    found = forward_flops(config, [10], supervised=0, causal=False)
    assert found == counter.get_total_flops() + attention
    assert training_flops(config, [10], supervised=0, causal=False) == 3 * found


def test_the_head_counts_for_supervised_pieces_only():
    config = make_config()
    none, three = (training_flops(config, [10], supervised=count, causal=True) for count in (0, 3))
    assert three - none == 3 * 2 * 3 * (32 * 32 + 32 * 400)


def test_documents_that_do_not_see_each_other_cost_less():
    config = make_config()
    apart = training_flops(config, [50, 50], supervised=0, causal=False)
    together = training_flops(config, [100], supervised=0, causal=False)
    causal = training_flops(config, [100], supervised=0, causal=True)
    assert apart < together
    assert causal < together


def test_the_machines_rate_is_a_number_of_operations():
    assert matrix_rate(torch.device("cpu"), torch.float32) == pytest.approx(1e11, rel=0.999)
