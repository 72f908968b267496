"""The small encoder: a real ModernBERT checkpoint but for what it has read."""

import pytest
import torch

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, save_checkpoint
from spacy_modernbert_bio.encoder.packing import pack, place_windows
from spacy_modernbert_bio.encoder.small import build_small_checkpoint
from spacy_modernbert_bio.errors import CheckpointError, ConfigError, CorpusError
from tests.conftest import TEXT
from tests.oracles import hf_masked_lm

SHAPE = {"vocab_size": 300, "width": 32, "layers": 4, "heads": 2, "local_attention": 8}


def logits_of(checkpoint, text):
    pieces = checkpoint.tokenizer.encode([text])
    batch = pack(
        pieces,
        place_windows([len(pieces[0])], context=8192, overlap=512),
        cls_id=checkpoint.config.cls_token_id,
        sep_id=checkpoint.config.sep_token_id,
    )
    with torch.no_grad():
        hidden = checkpoint.encoder(batch.piece_ids, batch.layout)
        return checkpoint.head(getattr(hidden, "last_hidden_state", hidden))


def test_transformers_loads_it_and_computes_the_same_logits(tmp_path):
    from transformers import AutoTokenizer

    save_checkpoint(build_small_checkpoint(TEXT, **SHAPE), tmp_path / "small")
    text = "Pt. denies [MASK] pain, cafe\u0301 au lait."
    inputs = AutoTokenizer.from_pretrained(tmp_path / "small")(text, return_tensors="pt")
    with torch.no_grad():
        theirs = hf_masked_lm(tmp_path / "small")(**inputs).logits[0]
    ours = logits_of(load_checkpoint(tmp_path / "small"), text)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_the_same_seed_gives_the_same_checkpoint_and_another_seed_other_weights():
    one, again, other = (build_small_checkpoint(TEXT, **SHAPE, seed=seed) for seed in (1, 1, 2))
    assert one.tokenizer.to_bytes() == again.tokenizer.to_bytes() == other.tokenizer.to_bytes()
    for name, tensor in one.encoder.state_dict().items():
        assert torch.equal(tensor, again.encoder.state_dict()[name]), name
    assert torch.equal(one.head.head.dense.weight, again.head.head.dense.weight)
    weight = "layers.0.attn.Wqkv.weight"
    assert not torch.equal(one.encoder.state_dict()[weight], other.encoder.state_dict()[weight])


def test_its_tokenizer_is_of_the_real_ones_kind(real_tokenizer):
    small = build_small_checkpoint(TEXT, **SHAPE).tokenizer
    # No text that it has not read is beyond it: every byte is a piece.
    for text in ("\u4f60 \U0001f9ec e\u0301\t\r\n", " a  b", "x [MASK] y"):
        ours, theirs = small.encode([text])[0], real_tokenizer.encode([text])[0]
        assert ours.starts[0] == theirs.starts[0]
        assert ours.stops[-1] == theirs.stops[-1]
    mask = small.encode(["x [MASK] y"])[0]
    assert small.mask_id in mask.piece_ids
    assert small.special_names() == ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]


def test_short_texts_make_a_smaller_vocabulary_that_the_weights_fit():
    checkpoint = build_small_checkpoint(["asthma"], vocab_size=4096, width=32, layers=1, heads=2)
    assert checkpoint.config.vocab_size == checkpoint.tokenizer.vocab_size < 300
    assert len(checkpoint.encoder.embeddings.tok_embeddings.weight) == checkpoint.config.vocab_size


@pytest.mark.parametrize(
    ("texts", "changes", "error", "message"),
    [
        (TEXT, {"vocab_size": 260}, ConfigError, "vocab_size: found 260; wanted 261 or more"),
        (["", " \n"], {}, CorpusError, "texts for the tokenizer: found no text; wanted"),
        (TEXT, {"heads": 3}, CheckpointError, "small encoder: hidden_size: found 32; wanted a"),
        (TEXT, {"layers": 0}, CheckpointError, "num_hidden_layers: found 0; wanted a positive"),
    ],
)
def test_what_cannot_be_built_is_refused(texts, changes, error, message):
    with pytest.raises(error) as caught:
        build_small_checkpoint(texts, **(SHAPE | changes))
    assert message in str(caught.value)
