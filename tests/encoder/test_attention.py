"""Every backend and layer kind against attention by its definition."""

import logging

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from spacy_modernbert_bio.encoder import attention, attention_blocked
from spacy_modernbert_bio.encoder.attention import AttentionPlan, attend, choose_backend
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.errors import ConfigError
from tests.oracles import masked_attention

packs = st.lists(st.integers(1, 200), min_size=1, max_size=6)


def random_qkv(total: int, heads: int = 2, width: int = 8, dtype: torch.dtype = torch.float32):
    return torch.randn(3, total, heads, width).to(dtype).unbind(0)


def run(q, k, v, lengths, *, reach, causal, local, **options):
    layout = SequenceLayout.of(lengths, q.device)
    plan = AttentionPlan.of(layout, backend="sdpa", reach=reach, causal=causal, dtype=q.dtype)
    return attend(q, k, v, plan, local=local, **options)


@settings(max_examples=60)
@given(packs, st.integers(1, 70), st.booleans(), st.booleans())
def test_blocked_attention_equals_an_explicit_mask(lengths, reach, causal, local):
    q, k, v = random_qkv(sum(lengths))
    wanted = masked_attention(q, k, v, lengths, reach=reach if local else None, causal=causal)
    found = run(q, k, v, lengths, reach=reach, causal=causal, local=local)
    torch.testing.assert_close(found.double(), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_explicit_products_equal_an_explicit_mask(local, causal, monkeypatch):
    """bfloat16 on a CPU takes its own way; it runs here in several chunks, in both precisions."""
    monkeypatch.setattr(attention_blocked, "_SCORES_AT_ONCE", 1000)
    monkeypatch.setattr(attention_blocked, "_wants_explicit_products", lambda q: True)
    lengths = [65, 1, 130]
    q, k, v = random_qkv(sum(lengths))
    wanted = masked_attention(q, k, v, lengths, reach=16 if local else None, causal=causal)
    found = run(q, k, v, lengths, reach=16, causal=causal, local=local)
    torch.testing.assert_close(found.double(), wanted, atol=1e-5, rtol=0)
    half = [x.bfloat16() for x in (q, k, v)]
    found = run(*half, lengths, reach=16, causal=causal, local=local)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), wanted, atol=3e-2, rtol=0)


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("explicit", [True, False])
def test_gradients_equal_an_explicit_mask(local, causal, explicit, monkeypatch):
    monkeypatch.setattr(attention_blocked, "_wants_explicit_products", lambda q: explicit)
    lengths = [40, 3, 70]
    inputs = [x.requires_grad_() for x in random_qkv(sum(lengths))]
    weight = torch.randn(sum(lengths), 2, 8)
    reach = 9 if local else None
    found = run(*inputs, lengths, reach=9, causal=causal, local=local)
    mine = torch.autograd.grad((found * weight).sum(), inputs)
    wanted = masked_attention(*inputs, lengths, reach=reach, causal=causal)
    theirs = torch.autograd.grad((wanted * weight).sum(), inputs)
    for ours, definition in zip(mine, theirs, strict=True):
        torch.testing.assert_close(ours, definition, atol=1e-5, rtol=0)


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("local", [True, False])
def test_dropout_thins_the_weights_and_keeps_their_mean(local, explicit, monkeypatch):
    monkeypatch.setattr(attention_blocked, "_wants_explicit_products", lambda q: explicit)
    q, k, _ = random_qkv(64)
    ones = torch.ones_like(q)
    found = torch.stack(
        [run(q, k, ones, [64], reach=20, causal=False, local=local, dropout=0.5) for _ in range(60)]
    )
    assert found.std(0).min() > 0.05
    assert found.mean().item() == pytest.approx(1.0, abs=0.02)


def test_auto_takes_what_runs_on_a_cpu_and_says_so_once(caplog):
    attention._said.clear()
    with caplog.at_level(logging.INFO, "spacy_modernbert_bio"):
        for _ in range(2):
            chosen = choose_backend("auto", device=torch.device("cpu"), dtype=torch.float32)
    assert chosen == "sdpa"
    assert [record.getMessage() for record in caplog.records] == [
        "attention: sdpa on cpu in torch.float32"
    ]


@pytest.mark.parametrize(
    ("backend", "device", "dtype", "dropout", "reason"),
    [
        ("varlen", "cpu", torch.bfloat16, 0.0, "a cpu device"),
        ("flash", "cpu", torch.bfloat16, 0.0, "a cpu device"),
        ("flash", "cuda", torch.float32, 0.0, "float32"),
        ("flash", "cuda", torch.bfloat16, 0.0, "no package flash_attn"),
        ("varlen", "cuda", torch.bfloat16, 0.1, "attention dropout"),
    ],
)
def test_a_backend_that_cannot_run_is_refused_with_the_reason(
    backend, device, dtype, dropout, reason
):
    with pytest.raises(ConfigError, match=reason):
        choose_backend(backend, device=torch.device(device), dtype=dtype, dropout=dropout)


def test_an_old_torch_is_named_as_the_reason(monkeypatch):
    monkeypatch.setattr("spacy_modernbert_bio.encoder.attention_varlen._torch_has_windows", bool)
    with pytest.raises(ConfigError, match=r"windowed varlen attention came with 2\.11"):
        choose_backend("varlen", device=torch.device("cuda"), dtype=torch.bfloat16)


def test_an_unknown_backend_is_refused():
    with pytest.raises(ConfigError, match=r"found 'eager'; wanted one of"):
        choose_backend("eager", device=torch.device("cpu"), dtype=torch.float32)


def test_auto_on_a_gpu_prefers_kernels_that_can_run():
    device, half = torch.device("cuda"), torch.bfloat16
    assert choose_backend("auto", device=device, dtype=half) == "varlen"
    assert choose_backend("auto", device=device, dtype=half, dropout=0.1) == "sdpa"
    assert choose_backend("auto", device=device, dtype=torch.float32) == "sdpa"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("backend", ["varlen", "flash"])
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_cuda_kernels_equal_an_explicit_mask(backend, local, causal):
    from spacy_modernbert_bio.encoder.attention_varlen import why_not

    device = torch.device("cuda")
    if why_not(backend, device, torch.bfloat16, 0.0):
        pytest.skip(f"{backend} is not installed")
    lengths = [65, 1, 130, 64]
    q, k, v = random_qkv(sum(lengths), width=64, dtype=torch.bfloat16)
    wanted = masked_attention(q, k, v, lengths, reach=64 if local else None, causal=causal)
    layout = SequenceLayout.of(lengths, device)
    plan = AttentionPlan.of(layout, backend=backend, reach=64, causal=causal, dtype=q.dtype)
    found = attend(q.to(device), k.to(device), v.to(device), plan, local=local)
    torch.testing.assert_close(found.double().cpu(), wanted, atol=3e-2, rtol=0)
