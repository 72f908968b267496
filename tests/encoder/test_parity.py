"""The network against Hugging Face's own ModernBERT, on the same weights."""

import pytest
import torch

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, save_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from tests.conftest import make_checkpoint, make_config
from tests.oracles import hf_masked_lm

TOLERANCE = 1e-4
LENGTHS = [1, 2, 63, 64, 65, 127, 128, 129, 130, 1000]
SHAPES = {
    "tiny": {"max_position_embeddings": 1024},
    "biases": {
        "max_position_embeddings": 1024,
        "norm_bias": True,
        "attention_bias": True,
        "mlp_bias": True,
        "classifier_bias": True,
        "num_attention_heads": 2,
    },
    "every second layer global, silu": {
        "max_position_embeddings": 1024,
        "global_attn_every_n_layers": 2,
        "num_hidden_layers": 5,
        "hidden_activation": "silu",
        "local_attention": 128,
        "global_rope_theta": 10_000.0,
        "local_rope_theta": None,
    },
}


def save(tmp_path, tokenizer, **changes):
    folder = tmp_path / "checkpoint"
    save_checkpoint(make_checkpoint(make_config(**changes), tokenizer), folder)
    return folder


def pieces(length: int, vocabulary: int = 400) -> torch.Tensor:
    return torch.randint(5, vocabulary, (length,))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("shape", SHAPES)
def test_hidden_states_equal_hugging_face_alone_and_packed(
    shape, attention, tmp_path, tiny_tokenizer
):
    folder = save(tmp_path, tiny_tokenizer, **SHAPES[shape])
    theirs = hf_masked_lm(folder, attention).model
    ours = load_checkpoint(folder).encoder
    rows = [pieces(length) for length in LENGTHS]
    with torch.no_grad():
        packed = ours(torch.cat(rows), SequenceLayout.of(LENGTHS)).split(LENGTHS)
        for row, in_company in zip(rows, packed, strict=True):
            wanted = theirs(row[None]).last_hidden_state[0]
            alone = ours(row, SequenceLayout.of([len(row)]))
            torch.testing.assert_close(alone, wanted, atol=TOLERANCE, rtol=0)
            torch.testing.assert_close(in_company, wanted, atol=TOLERANCE, rtol=0)


def test_gradients_equal_hugging_face(tmp_path, tiny_tokenizer):
    folder = save(tmp_path, tiny_tokenizer, **SHAPES["biases"])
    theirs, ours = hf_masked_lm(folder).model, load_checkpoint(folder).encoder
    lengths = [65, 3, 130]
    rows = [pieces(length) for length in lengths]
    target = torch.randn(sum(lengths), 32)
    ours.train()(torch.cat(rows), SequenceLayout.of(lengths)).mul(target).sum().backward()
    wanted = torch.cat([theirs(row[None]).last_hidden_state[0] for row in rows])
    wanted.mul(target).sum().backward()
    gradients = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        scale = gradients[name].grad.abs().max().item()
        difference = (parameter.grad - gradients[name].grad).abs().max().item()
        assert difference <= TOLERANCE * max(1.0, scale), name


@pytest.mark.parametrize("tied", [True, False])
def test_masked_lm_logits_equal_hugging_face(tied, tmp_path, tiny_tokenizer):
    folder = save(tmp_path, tiny_tokenizer, tie_word_embeddings=tied, classifier_bias=True)
    row = pieces(70)
    checkpoint = load_checkpoint(folder)
    with torch.no_grad():
        ours = checkpoint.head(checkpoint.encoder(row, SequenceLayout.of([70])))
        theirs = hf_masked_lm(folder)(row[None]).logits[0]
    torch.testing.assert_close(ours, theirs, atol=TOLERANCE, rtol=0)


BASE = {
    "vocab_size": 50368,
    "hidden_size": 768,
    "intermediate_size": 1152,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "local_attention": 128,
    "max_position_embeddings": 8192,
    "cls_token_id": 50281,
    "sep_token_id": 50282,
    "pad_token_id": 50283,
}
NOTE = "Pt c/o chest pain x3 days, SOB; MI ruled out. BP 120/80 mmHg, glucose 110 mg/dL. "


@pytest.mark.slow
def test_base_size_with_the_real_tokenizer_equals_hugging_face(tmp_path, real_tokenizer):
    folder = save(tmp_path, real_tokenizer, **BASE)
    checkpoint = load_checkpoint(folder)
    texts = [NOTE[:40], NOTE, NOTE * 6, NOTE * 40]
    rows = [torch.from_numpy(row.piece_ids) for row in checkpoint.tokenizer.encode(texts)]
    lengths = [len(row) for row in rows]
    theirs = hf_masked_lm(folder).model
    with torch.no_grad():
        ours = checkpoint.encoder(torch.cat(rows), SequenceLayout.of(lengths)).split(lengths)
        for row, hidden in zip(rows, ours, strict=True):
            wanted = theirs(row[None]).last_hidden_state[0]
            torch.testing.assert_close(hidden, wanted, atol=TOLERANCE, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_the_full_context_equals_hugging_face(attention, tmp_path, tiny_tokenizer):
    """8,192 pieces through one global and one local layer; eager makes S x S scores."""
    folder = save(
        tmp_path,
        tiny_tokenizer,
        num_hidden_layers=2,
        num_attention_heads=1,
        local_attention=128,
        max_position_embeddings=8192,
    )
    row = pieces(8192)
    with torch.no_grad():
        wanted = hf_masked_lm(folder, attention).model(row[None]).last_hidden_state[0]
        ours = load_checkpoint(folder).encoder(row, SequenceLayout.of([8192]))
    torch.testing.assert_close(ours, wanted, atol=TOLERANCE, rtol=0)
