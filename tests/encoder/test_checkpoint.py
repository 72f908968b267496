"""Checkpoints in and out: equal to what Hugging Face reads, and refused when anything is off."""

import json
import shutil

import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import load_file, save_file

from spacy_modernbert_bio.encoder.checkpoint import (
    Checkpoint,
    load_checkpoint,
    locate_checkpoint,
    save_checkpoint,
)
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.errors import CheckpointError
from tests.conftest import make_checkpoint, make_config
from tests.oracles import hf_masked_lm


@pytest.fixture
def folder(tiny_checkpoint, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "copy")


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_tensors(folder, edit):
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


def same_weights(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_what_hugging_face_saves_we_load(folder, tmp_path):
    theirs = hf_masked_lm(folder)
    theirs.save_pretrained(tmp_path / "theirs")
    shutil.copy(folder / "tokenizer.json", tmp_path / "theirs")
    ours, again = load_checkpoint(folder), load_checkpoint(tmp_path / "theirs")
    same_weights(ours.encoder, again.encoder)
    same_weights(ours.head, again.head)
    assert again.config == ours.config


def test_what_we_save_hugging_face_reads_with_its_tokenizer(folder):
    from transformers import AutoTokenizer

    text = "Pt c/o [MASK] pain."
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ours = load_checkpoint(folder).tokenizer
    encoded = tokenizer(text)
    assert encoded.keys() == {"input_ids", "attention_mask"}
    assert encoded["input_ids"] == [1, *ours.encode([text])[0].piece_ids, 2]
    assert tokenizer.mask_token_id == ours.mask_id
    assert tokenizer.model_max_length == 512


def test_a_round_trip_keeps_the_whole_config(folder, tmp_path):
    edit_config(folder, classifier_pooling="mean", reference_compile=False)
    checkpoint = load_checkpoint(folder)
    save_checkpoint(checkpoint, tmp_path / "again")
    before, after = (
        json.loads((place / "config.json").read_text()) for place in (folder, tmp_path / "again")
    )
    assert after == before


def test_a_bare_encoder_has_no_head(folder, tmp_path):
    hf_masked_lm(folder).model.save_pretrained(folder)
    checkpoint = load_checkpoint(folder)
    assert checkpoint.head is None
    save_checkpoint(checkpoint, tmp_path / "bare")
    assert load_checkpoint(tmp_path / "bare").head is None


def test_a_fine_tuned_model_gives_its_encoder_and_no_prediction_head(folder):
    from transformers import AutoModelForTokenClassification

    wanted = load_checkpoint(folder).encoder
    model = AutoModelForTokenClassification.from_pretrained(folder, num_labels=5)
    model.save_pretrained(folder)
    checkpoint = load_checkpoint(folder)
    assert checkpoint.head is None
    same_weights(checkpoint.encoder, wanted)


def test_shards_are_read_together(folder):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for part, keys in parts.items():
        save_file({key: tensors[key] for key in keys}, folder / part)
    index = {"weight_map": {key: part for part, keys in parts.items() for key in keys}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert load_checkpoint(folder).head is not None


def test_half_precision_checkpoints_become_float32(folder):
    edit_tensors(folder, lambda tensors: tensors.update({k: v.half() for k, v in tensors.items()}))
    assert {p.dtype for p in load_checkpoint(folder).encoder.parameters()} == {torch.float32}


def test_the_spelling_of_transformers_5_means_the_same(folder):
    raw = json.loads((folder / "config.json").read_text())
    old = EncoderConfig.from_dict(raw)
    new = {
        key: value
        for key, value in raw.items()
        if key not in ("global_rope_theta", "local_rope_theta", "global_attn_every_n_layers")
    } | {
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention"] * 1
        + ["full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 160_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000},
        },
    }
    read = EncoderConfig.from_dict(new)
    assert read == old
    assert "rope_parameters" not in read.to_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "bert"}, r"config\.json: model_type: found 'bert'; wanted 'modernbert'"),
        ({"vocab_size": 399}, r"weight: found shape \[400, 32\]; wanted shape \[399, 32\]"),
        ({"hidden_size": 30}, r"hidden_size: found 30; wanted a multiple of twice"),
        ({"num_hidden_layers": 0}, r"num_hidden_layers: found 0; wanted a positive number"),
        ({"num_hidden_layers": 5}, r"found no tensor layers\.4"),
        ({"num_hidden_layers": 3}, r"tensors of unknown name, first model\.layers\.3"),
        ({"hidden_size": "wide"}, r"hidden_size: found str; wanted int"),
        ({"mlp_dropout": 1.0}, r"mlp_dropout: found 1\.0; wanted a probability below 1"),
        ({"hidden_activation": "tanh"}, r"hidden_activation: found 'tanh'; wanted one of"),
        ({"cls_token_id": 500}, r"cls_token_id: found 500; wanted an id below vocab_size"),
        ({"cls_token_id": 77}, r"cls_token_id: found 77, which is no special piece"),
        ({"intermediate_size": 40}, r"mlp\.Wi\.weight: found shape \[96, 32\]"),
        ({"rope_scaling": {"rope_type": "yarn"}}, r"rope_scaling: found scaled rotary positions"),
        (
            {"layer_types": ["full_attention", "sliding_attention", "full_attention", "x"]},
            r"layer_types: found an irregular order",
        ),
        (
            {"layer_types": ["sliding_attention", "full_attention"] * 2},
            r"layer_types: found an irregular order",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder, change, message):
    edit_config(folder, **change)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(folder)


def test_a_config_that_is_no_json_object_is_refused(folder):
    (folder / "config.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"config\.json: found list; wanted a JSON object"):
        load_checkpoint(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json: found invalid JSON"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=rf"{name}: found no such file"):
        load_checkpoint(folder)


def test_missing_weights_are_named(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"found no model\.safetensors"):
        load_checkpoint(folder)


def test_a_pickle_is_never_read(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"only a pickle \(pytorch_model\.bin\)"):
        load_checkpoint(folder)


def test_a_truncated_file_is_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="found no readable safetensors data"):
        load_checkpoint(folder)


def test_a_pickle_under_another_name_is_refused(folder):
    torch.save({}, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match="found no readable safetensors data"):
        load_checkpoint(folder)


def test_a_missing_and_an_unknown_tensor_are_named(folder):
    edit_tensors(folder, lambda tensors: tensors.pop("model.final_norm.weight"))
    with pytest.raises(CheckpointError, match=r"found no tensor final_norm\.weight"):
        load_checkpoint(folder)
    edit_tensors(
        folder,
        lambda tensors: tensors.update(
            {"model.final_norm.weight": torch.ones(32), "lm_head.weight": torch.ones(1)}
        ),
    )
    with pytest.raises(CheckpointError, match=r"1 tensors of unknown name, first lm_head\.weight"):
        load_checkpoint(folder)


def test_a_tokenizer_of_another_checkpoint_is_refused(folder, real_tokenizer):
    (folder / "tokenizer.json").write_bytes(real_tokenizer.to_bytes())
    with pytest.raises(
        CheckpointError, match=r"found ids up to 50367; wanted ids below vocab_size"
    ):
        load_checkpoint(folder)


def test_a_name_that_is_neither_folder_nor_hub_id_is_refused():
    with pytest.raises(
        CheckpointError, match="no such folder, and no hub id that could be fetched"
    ):
        load_checkpoint("no/such/place/at-all")


def test_a_hub_id_is_fetched_with_its_files_only(monkeypatch, tiny_checkpoint):
    asked = {}

    def fetch(name, *, revision, allow_patterns):
        asked.update(name=name, revision=revision, patterns=allow_patterns)
        return str(tiny_checkpoint)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    assert locate_checkpoint("almanach/ModernBERT-bio-base", revision="v1") == tiny_checkpoint
    assert (asked["name"], asked["revision"]) == ("almanach/ModernBERT-bio-base", "v1")
    assert not any(".bin" in pattern or ".py" in pattern for pattern in asked["patterns"])


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch):
    def fail(*args, **kwargs):
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(CheckpointError, match=r"could be fetched \(LocalEntryNotFoundError\)"):
        locate_checkpoint("almanach/ModernBERT-bio-base")


def test_a_failed_save_leaves_the_old_checkpoint(folder, monkeypatch):
    checkpoint = load_checkpoint(folder)

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("spacy_modernbert_bio.encoder.checkpoint.save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(checkpoint, folder)
    assert load_checkpoint(folder).head is not None
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_random_weights_follow_the_seed(tiny_tokenizer):
    one, same, other = (
        make_checkpoint(make_config(), tiny_tokenizer, seed=seed) for seed in (1, 1, 2)
    )
    same_weights(one.encoder, same.encoder)
    with pytest.raises(AssertionError):
        same_weights(one.encoder, other.encoder)


def test_an_untied_decoder_is_saved(tmp_path, tiny_tokenizer):
    checkpoint = make_checkpoint(make_config(tie_word_embeddings=False), tiny_tokenizer)
    save_checkpoint(checkpoint, tmp_path / "untied")
    assert isinstance(checkpoint, Checkpoint)
    same_weights(load_checkpoint(tmp_path / "untied").head, checkpoint.head)
