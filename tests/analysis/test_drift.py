"""Drift against independent oracles: Gram matrices, one pass a text, weights changed by hand."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer

from spacy_modernbert_bio.analysis.drift import compare_checkpoints
from spacy_modernbert_bio.analysis.representations import linear_cka, pooled_states
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.packing import place_windows
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from tests.conftest import TEXT, make_checkpoint, make_config

TEXTS = [*TEXT, "No acute distress.", "Asthma since 2012; on antibiotics, glucose 110.", "Fever."]


@pytest.fixture(scope="module")
def checkpoints(tiny_tokenizer):
    return [make_checkpoint(make_config(), tiny_tokenizer, seed=seed) for seed in range(3)]


def features(texts: int = 40, width: int = 6, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(texts, width, generator=generator, dtype=torch.float64)


def gram_cka(x: torch.Tensor, y: torch.Tensor) -> float:
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K = XX' and L = YY' (Gretton et al. 2005)."""
    n = len(x)
    centring = torch.eye(n, dtype=torch.float64) - torch.ones(n, n, dtype=torch.float64) / n

    def hsic(k, m):
        return torch.trace(k @ centring @ m @ centring) / (n - 1) ** 2

    k, m = x @ x.T, y @ y.T
    return float(hsic(k, m) / torch.sqrt(hsic(k, k) * hsic(m, m)))


@pytest.mark.parametrize("texts", [3, 40])
def test_cka_is_that_of_gram_matrices(texts) -> None:
    x, y = features(texts, 6) + 5, features(texts, 9, seed=1)
    mixed = x @ features(6, 9, seed=2) + y
    for other in (y, mixed):
        assert linear_cka(x, other) == pytest.approx(gram_cka(x, other), abs=1e-12)
        assert linear_cka(other, x) == pytest.approx(linear_cka(x, other), abs=1e-12)


def test_cka_of_hand_made_matrices() -> None:
    along = torch.tensor([[1.0, 0], [-1, 0], [0, 0], [0, 0]])
    across = torch.tensor([[0.0], [0], [1], [-1]])
    both = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    assert linear_cka(along, across) == pytest.approx(0)
    # X'X = diag(2, 0), Y'Y = diag(2, 2), Y'X = diag(2, 0): 4 / (2 * sqrt(8)).
    assert linear_cka(along, both) == pytest.approx(1 / math.sqrt(2))


def test_cka_does_not_see_rotation_scale_or_shift_but_sees_stretching() -> None:
    x = features()
    rotation = torch.linalg.qr(features(6, 6, seed=1))[0]
    assert linear_cka(x, 1e-3 * x @ rotation + 7) == pytest.approx(1, abs=1e-12)
    assert linear_cka(x, x * torch.tensor([20.0, 1, 1, 1, 1, 1])) < 0.9


@pytest.mark.parametrize("size", [1e-13, 1e12])
def test_single_precision_features_neither_underflow_nor_overflow(size) -> None:
    """Their fourth powers do: in float32 these would be 0 / 0 and inf / inf."""
    x, y = features(), features(seed=1)
    small = (size * x).float()
    assert not torch.isfinite((small.T @ small).square().sum().log())
    assert linear_cka(small, (size * y).float()) == pytest.approx(linear_cka(x, y), abs=1e-6)


@pytest.mark.parametrize("constant", [0.0, 3.3])
def test_cka_of_a_representation_that_does_not_vary_is_not_a_number(constant) -> None:
    assert math.isnan(linear_cka(torch.full((5, 3), constant), features(5)))


def test_states_are_means_over_a_texts_own_pieces(checkpoints) -> None:
    checkpoint = checkpoints[0]
    encoder = checkpoint.encoder
    documents = checkpoint.tokenizer.encode(TEXTS)
    windows = place_windows([len(each) for each in documents], context=512, overlap=0)
    found = pooled_states(checkpoint, documents, windows, max_pieces=60)
    assert found.shape == (5, len(TEXTS), 32)
    assert found.dtype == torch.float64
    for number, pieces in enumerate(documents):
        ids = torch.tensor([1, *pieces.piece_ids.tolist(), 2])
        layout = SequenceLayout.of([len(ids)])
        with torch.no_grad():
            embedded = encoder.embeddings(ids)
            output = encoder(ids, layout)
            # The last layer's own output is what the final norm was given.
            normed = encoder.final_norm(hidden_before_norm(encoder, ids, layout))
        torch.testing.assert_close(found[0, number], embedded[1:-1].double().mean(0))
        torch.testing.assert_close(normed, output)
        last = hidden_before_norm(encoder, ids, layout)[1:-1].double().mean(0)
        torch.testing.assert_close(found[-1, number], last, rtol=1e-4, atol=1e-5)


def hidden_before_norm(encoder, ids, layout) -> torch.Tensor:
    bare = copy.deepcopy(encoder)
    bare.final_norm = torch.nn.Identity()
    bare.final_norm.weight = encoder.final_norm.weight  # the encoder asks it for its device
    with torch.no_grad():
        return bare(ids, layout)


def test_long_text_is_read_in_windows_and_each_piece_counted_once(tiny_tokenizer) -> None:
    """Embeddings know no context: there, windows must change nothing."""
    short = make_checkpoint(make_config(max_position_embeddings=24), tiny_tokenizer)
    documents = short.tokenizer.encode([" ".join(TEXT), TEXT[0]])
    assert len(documents[0]) > 50
    windows = place_windows([len(each) for each in documents], context=24, overlap=4)
    found = pooled_states(short, documents, windows, max_pieces=50)
    for number, pieces in enumerate(documents):
        embedded = short.encoder.embeddings(torch.from_numpy(pieces.piece_ids))
        torch.testing.assert_close(found[0, number], embedded.detach().double().mean(0))


def test_checkpoint_does_not_differ_from_itself(checkpoints) -> None:
    drift = compare_checkpoints(checkpoints[0], checkpoints[0], TEXTS)
    assert [layer.weight_change for layer in drift.layers] == [0.0] * 5
    assert [layer.divergence for layer in drift.layers] == pytest.approx([0.0] * 5, abs=1e-12)
    assert {layer.control for layer in drift.layers} == {None}
    assert {layer.ratio for layer in drift.layers} == {None}
    assert (drift.texts, drift.width) == (len(TEXTS), 32)


def test_layers_are_named_in_order_with_their_attention(checkpoints) -> None:
    drift = compare_checkpoints(checkpoints[0], checkpoints[1], TEXTS)
    assert [(layer.name, layer.kind) for layer in drift.layers] == [
        ("embeddings", "embeddings"),
        ("0", "global"),
        ("1", "local"),
        ("2", "local"),
        ("3", "global"),
    ]


def test_change_of_one_layer_shows_there_and_after_it(checkpoints) -> None:
    a = checkpoints[0]
    b = replace(a, encoder=copy.deepcopy(a.encoder))
    with torch.no_grad():
        for parameter in b.encoder.layers[2].parameters():
            parameter.mul_(-0.5)
    layers = compare_checkpoints(a, b, TEXTS).layers
    assert [layer.weight_change for layer in layers] == pytest.approx([0, 0, 0, 1.5, 0], rel=1e-6)
    assert [layer.divergence for layer in layers[:3]] == pytest.approx([0, 0, 0], abs=1e-12)
    assert all(layer.divergence > 1e-5 for layer in layers[3:])


def test_control_is_what_another_seed_does_to_b(checkpoints) -> None:
    a, b, c = checkpoints
    layers = compare_checkpoints(a, b, TEXTS, control=c).layers
    plain = compare_checkpoints(a, b, TEXTS).layers
    seeds = compare_checkpoints(b, c, TEXTS).layers
    for found, of_ab, of_bc in zip(layers, plain, seeds, strict=True):
        assert found.divergence == pytest.approx(of_ab.divergence)
        assert found.control == pytest.approx(of_bc.divergence)
        assert found.ratio == pytest.approx(of_ab.divergence / of_bc.divergence)


def test_ratio_to_a_layer_that_the_seed_left_alone_is_not_a_number(checkpoints) -> None:
    a, b, _ = checkpoints
    c = replace(b, encoder=copy.deepcopy(b.encoder))
    with torch.no_grad():
        c.encoder.layers[3].mlp.Wi.weight.neg_()
    ratios = [layer.ratio for layer in compare_checkpoints(a, b, TEXTS, control=c).layers]
    assert [math.isnan(ratio) for ratio in ratios] == [True, True, True, True, False]


def test_batches_and_texts_without_pieces_change_nothing(checkpoints) -> None:
    a, b, _ = checkpoints
    whole = compare_checkpoints(a, b, TEXTS)
    parts = compare_checkpoints(a, b, ["", *TEXTS, ""], max_pieces=1)
    assert parts.texts == whole.texts
    for x, y in zip(whole.layers, parts.layers, strict=True):
        assert x.divergence == pytest.approx(y.divergence, rel=1e-5)


def test_network_runs_in_single_precision_and_gets_its_own_back(checkpoints) -> None:
    a, b, _ = checkpoints
    wanted = compare_checkpoints(a, b, TEXTS)
    rough = replace(a, encoder=copy.deepcopy(a.encoder))
    rough.encoder.precision = "bf16"
    assert compare_checkpoints(rough, b, TEXTS) == wanted
    assert rough.encoder.precision == "bf16"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"num_hidden_layers": 3}, "num_hidden_layers: found 3; wanted 4, as A"),
        ({"hidden_size": 64}, "hidden_size: found 64; wanted 32, as A"),
        ({"global_attn_every_n_layers": 2}, "global_attn_every_n_layers: found 2; wanted 3"),
    ],
)
@pytest.mark.parametrize("role", ["B", "the control"])
def test_other_architecture_is_refused(checkpoints, tiny_tokenizer, role, change, found) -> None:
    a, b, _ = checkpoints
    other = make_checkpoint(make_config(**change), tiny_tokenizer)
    roles = {"b": other} if role == "B" else {"b": b, "control": other}
    with pytest.raises(CheckpointError, match=f"^{role}: config.json: {found}"):
        compare_checkpoints(a, texts=TEXTS, **roles)


def test_other_tokenizer_is_refused(checkpoints) -> None:
    a, b, _ = checkpoints
    lowered = Tokenizer.from_str(a.tokenizer.to_bytes().decode().replace('"NFC"', '"Lowercase"'))
    other = replace(b, tokenizer=PieceTokenizer(lowered))
    with pytest.raises(
        CheckpointError, match=r"B: tokenizer.json: found other pieces than A's in "
    ):
        compare_checkpoints(a, other, TEXTS)


@pytest.mark.parametrize("texts", [[], [""], ["Asthma.", "Asthma.", ""]])
def test_fewer_than_two_different_texts_are_refused(checkpoints, texts) -> None:
    with pytest.raises(ConfigError, match=r"texts: found [01] different texts .* at least 2"):
        compare_checkpoints(*checkpoints[:2], texts)


def test_control_that_is_b_itself_is_refused(checkpoints) -> None:
    a, b, _ = checkpoints
    with pytest.raises(ConfigError, match="control: found the very weights of B; wanted"):
        compare_checkpoints(a, b, TEXTS, control=b)
