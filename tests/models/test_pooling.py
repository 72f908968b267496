"""Label-wise pooling against a plain loop over documents and labels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.models.pooling import (
    LabelwisePooling,
    MeanPooling,
    RowOwners,
    evidence_shares,
    softmax_by_document,
    sum_by_document,
)

WIDTH, LABELS = 6, 3
LENGTHS = st.lists(st.integers(0, 7), min_size=1, max_size=5)


def packed(lengths, columns=WIDTH):
    rows = torch.randn(sum(lengths), columns, generator=torch.Generator().manual_seed(0))
    owners = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    return rows, RowOwners(owners, len(lengths))


@settings(deadline=None)
@given(LENGTHS)
def test_each_document_is_pooled_as_if_it_were_alone(lengths):
    torch.manual_seed(0)
    pooling = LabelwisePooling(WIDTH, LABELS, attention_width=4).double()
    with torch.no_grad():
        pooling.values.bias.normal_()
        pooling.queries.weight.normal_(std=3.0)
    rows, of = packed(lengths)
    rows = rows.double()
    logits, shares = pooling(rows, of)
    weights = pooling.attend(rows, of)
    start = 0
    for number, length in enumerate(lengths):
        own = rows[start : start + length]
        for label in range(LABELS):
            scores = torch.tanh(own @ pooling.projection.weight.T) @ pooling.queries.weight[label]
            attention = torch.softmax(scores, 0)
            mean = (attention[:, None] * own).sum(0)
            wanted = mean @ pooling.values.weight[label] + pooling.values.bias[label]
            torch.testing.assert_close(logits[number, label], wanted)
            torch.testing.assert_close(weights[start : start + length, label], attention)
            values = own @ pooling.values.weight[label]
            raised = (attention * (values - values.sum() / max(1, length))).clamp(min=0.0)
            share = raised / raised.sum() if raised.any() else raised
            torch.testing.assert_close(shares[start : start + length, label], share)
        start += length


def test_gradients_are_those_of_the_formula():
    torch.manual_seed(0)
    pooling = LabelwisePooling(WIDTH, LABELS, attention_width=4).double()
    rows, of = packed([3, 0, 2])
    assert torch.autograd.gradcheck(
        lambda each: pooling(each, of)[0], (rows.double().requires_grad_(),)
    )


def test_evidence_is_what_attention_and_score_say_together():
    """A row may decide by its score with as little attention as the others, or the other way."""
    weights = torch.tensor([[0.25, 0.97], [0.25, 0.01], [0.25, 0.01], [0.25, 0.01], [1.0, 1.0]])
    scores = torch.tensor([[9.0, 2.0], [1.0, 2.0], [1.0, -2.0], [1.0, -2.0], [5.0, 5.0]])
    shares = evidence_shares(weights, scores, RowOwners(torch.tensor([0, 0, 0, 0, 1]), 2))
    torch.testing.assert_close(shares[:4, 0], torch.tensor([1.0, 0.0, 0.0, 0.0]))
    torch.testing.assert_close(shares[:4, 1], torch.tensor([0.97, 0.01, 0.0, 0.0]) / 0.98)
    assert not shares[4].any()


def test_large_scores_do_not_overflow():
    scores = torch.tensor([[1e4], [1e4 - 1.0], [-1e4]])
    weights = softmax_by_document(scores, RowOwners(torch.tensor([0, 0, 1]), 2))
    torch.testing.assert_close(weights[:, 0], torch.tensor([0.7310586, 0.2689414, 1.0]))


@pytest.mark.parametrize("lengths", [[2, 3], [0, 4], [0]])
def test_the_mean_is_of_each_documents_rows(lengths):
    pooling = MeanPooling(WIDTH, LABELS)
    rows, of = packed(lengths)
    parts = torch.split(rows, lengths)
    means = [part.mean(0) if len(part) else torch.zeros(WIDTH) for part in parts]
    wanted = pooling.values(pooling.layer(torch.stack(means)))
    torch.testing.assert_close(pooling(rows, of), wanted)


def test_sums_are_by_document():
    rows, of = packed([1, 2, 0], columns=2)
    wanted = np.stack([rows[0], rows[1:].sum(0), np.zeros(2)])
    np.testing.assert_allclose(sum_by_document(rows, of), wanted, rtol=1e-6)
