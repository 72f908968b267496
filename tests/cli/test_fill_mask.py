"""Masks filled as Hugging Face's model fills them, and clear words where it cannot be done."""

import json
import re
from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer, models
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.cli.fill_mask import predict_masks
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, save_checkpoint
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import CheckpointError
from tests.oracles import hf_masked_lm

TEXT = "The patient was diagnosed with [MASK] and started on [MASK]."


def fill(*arguments: object):
    return CliRunner().invoke(app, ["fill-mask", *map(str, arguments)])


def test_predictions_are_those_of_transformers(tiny_checkpoint) -> None:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tiny_checkpoint / "tokenizer.json"))
    ids = tokenizer(TEXT, return_tensors="pt")["input_ids"]
    masked = (ids[0] == tokenizer.convert_tokens_to_ids("[MASK]")).nonzero()[:, 0]
    with torch.no_grad():
        logits = hf_masked_lm(tiny_checkpoint)(ids).logits[0, masked]
    best = logits.softmax(-1).topk(5)
    ours = predict_masks(load_checkpoint(tiny_checkpoint), TEXT, top=5, where="tiny")
    assert len(ours) == len(masked) == 2
    for found, wanted_ids, wanted in zip(ours, best.indices, best.values, strict=True):
        assert [each.piece_id for each in found] == wanted_ids.tolist()
        assert [each.probability for each in found] == pytest.approx(wanted.tolist(), abs=1e-5)
        assert [each.piece for each in found] == tokenizer.batch_decode(wanted_ids[:, None])


def test_each_mask_has_a_table_of_its_own(tiny_checkpoint) -> None:
    result = fill(tiny_checkpoint, TEXT, "--top", 3)
    assert result.exit_code == 0, result.output
    first, second = result.stdout.split("mask 2 of 2")
    assert first.startswith("mask 1 of 2\n")
    # A title, heads, a rule and the rows; a piece may itself be a line's end, and is stripped.
    assert len(first.splitlines()) == 3 + 3
    assert len(second.splitlines()) == 3 + 3


def test_json_holds_every_mask_and_the_whole_vocabulary_at_most(tiny_checkpoint) -> None:
    result = fill(tiny_checkpoint, TEXT, "--json", "--top", 100_000)
    masks = json.loads(result.stdout)["masks"]
    assert [len(found) for found in masks] == [400, 400]
    assert sum(each["probability"] for each in masks[0]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No mask in this Secretname.", r"found no mask; wanted at least one \[MASK\]"),
        (
            "Secretname " * 600 + "[MASK]",
            r"pieces, the two special ones included; wanted at most 512",
        ),
    ],
)
def test_text_that_cannot_be_filled_is_refused_without_being_told(
    tiny_checkpoint, text, found
) -> None:
    result = fill(tiny_checkpoint, text)
    assert result.exit_code == 1
    assert re.search(found, result.stderr)
    assert "Secretname" not in result.output


def test_checkpoint_without_prediction_head_is_refused(tiny_checkpoint, tmp_path) -> None:
    bare = replace(load_checkpoint(tiny_checkpoint), head=None)
    save_checkpoint(bare, tmp_path / "bare")
    result = fill(tmp_path / "bare", TEXT)
    assert result.exit_code == 1
    assert "bare: found no prediction head; wanted a checkpoint for masked" in result.stderr


def test_tokenizer_without_mask_piece_is_refused(tiny_checkpoint) -> None:
    unmasked = PieceTokenizer(Tokenizer(models.BPE()))
    checkpoint = replace(load_checkpoint(tiny_checkpoint), tokenizer=unmasked)
    with pytest.raises(CheckpointError, match="found no mask piece; wanted"):
        predict_masks(checkpoint, TEXT, top=1, where="here")
