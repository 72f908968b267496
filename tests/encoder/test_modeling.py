"""What the network must not do, and the ways to run it that Hugging Face has no twin for."""

import pytest
import torch

from spacy_modernbert_bio.encoder import precision
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.precision import choose_dtype
from spacy_modernbert_bio.errors import ConfigError
from tests.conftest import make_checkpoint, make_config
from tests.oracles import masked_attention


@pytest.fixture
def encoder(tiny_checkpoint) -> ModernBertEncoder:
    return load_checkpoint(tiny_checkpoint).encoder


def pieces(length: int) -> torch.Tensor:
    return torch.randint(5, 400, (length,))


@pytest.mark.parametrize("causal", [False, True])
def test_a_document_never_sees_its_neighbour(encoder, causal):
    left, right, other = pieces(70), pieces(50), pieces(50)
    layout = SequenceLayout.of([70, 50])
    with torch.no_grad():
        beside_right = encoder(torch.cat([left, right]), layout, causal=causal)[:70]
        beside_other = encoder(torch.cat([left, other]), layout, causal=causal)[:70]
    assert torch.equal(beside_right, beside_other)


@pytest.mark.parametrize("changed", [1, 8, 9, 63, 64, 65, 99])
def test_a_causal_pass_never_sees_a_later_piece(encoder, changed):
    row = pieces(100)
    edited = row.clone()
    edited[changed] = (row[changed] - 4) % 395 + 5
    layout = SequenceLayout.of([100])
    with torch.no_grad():
        before, after = encoder(row, layout, causal=True), encoder(edited, layout, causal=True)
    assert torch.equal(before[:changed], after[:changed])
    assert not torch.equal(before[changed:], after[changed:])


@pytest.mark.parametrize("causal", [True, False])
def test_a_pass_equals_one_with_explicit_masks(encoder, causal, monkeypatch):
    """Both kinds of layers, in one pack, with attention replaced by its definition."""
    lengths = [33, 1, 80]
    row, layout = pieces(sum(lengths)), SequenceLayout.of(lengths)
    with torch.no_grad():
        ours = encoder(row, layout, causal=causal)

    def by_definition(q, k, v, plan, *, local, dropout=0.0):
        reach = plan.reach if local else None
        return masked_attention(q, k, v, lengths, reach=reach, causal=plan.causal).float()

    monkeypatch.setattr("spacy_modernbert_bio.encoder.modeling.attend", by_definition)
    with torch.no_grad():
        wanted = encoder(row, layout, causal=causal)
    torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=0)


def test_gradient_checkpointing_changes_no_gradient(encoder):
    row, layout = pieces(90), SequenceLayout.of([60, 30])
    gradients = []
    for switch in (False, True):
        encoder.gradient_checkpointing = switch
        encoder.train().zero_grad()
        encoder(row, layout).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in encoder.parameters()])
    for plain, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, recomputed)


def test_dropout_works_in_training_and_only_there(tiny_tokenizer):
    config = make_config(attention_dropout=0.2, mlp_dropout=0.2, embedding_dropout=0.2)
    encoder = make_checkpoint(config, tiny_tokenizer).encoder
    row, layout = pieces(40), SequenceLayout.of([40])
    with torch.no_grad():
        assert not torch.equal(encoder.train()(row, layout), encoder(row, layout))
        assert torch.equal(encoder.eval()(row, layout), encoder(row, layout))


def test_bf16_stays_near_fp32(encoder, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    row, layout = pieces(200), SequenceLayout.of([150, 50])
    with torch.no_grad():
        encoder.precision = "fp32"
        full = encoder(row, layout)
        encoder.precision = "bf16"
        half = encoder(row, layout)
    assert half.dtype == torch.float32
    assert not torch.equal(full, half)
    # bfloat16 keeps 8 bits; four layers add up to a few hundredths of a unit-variance state.
    assert (full - half).abs().mean() < 0.02
    cosine = torch.nn.functional.cosine_similarity(full, half)
    assert cosine.min() > 0.995


def test_bf16_trains(encoder, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    encoder.precision = "bf16"
    encoder.train()(pieces(40), SequenceLayout.of([40])).sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.dtype == torch.float32, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(
    ("wanted", "supported", "dtype"),
    [
        ("auto", True, torch.float32),
        ("fp32", True, torch.float32),
        ("bf16", True, torch.bfloat16),
        ("bf16", False, torch.float32),
    ],
)
def test_precision_on_a_cpu(wanted, supported, dtype, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: supported)
    assert choose_dtype(wanted, torch.device("cpu")) == dtype


def test_bf16_without_hardware_says_that_it_runs_in_fp32(monkeypatch, caplog):
    monkeypatch.setattr(precision, "has_bf16", lambda device: False)
    choose_dtype("bf16", torch.device("cpu"))
    assert "no bf16 arithmetic; running in fp32" in caplog.text


def test_an_unknown_precision_is_refused():
    with pytest.raises(ConfigError, match=r"precision: found 'fp16'; wanted one of"):
        choose_dtype("fp16", torch.device("cpu"))
