"""A pipeline with Encoder.v1 is self-contained on disk, in bytes and in copies."""

import pickletools
import shutil

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData

from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from spacy_modernbert_bio.models.row_layer import shim_of
from tests.models.pipelines import NOTE, make_examples, make_pipeline, states


@pytest.fixture
def nlp(tiny_checkpoint):
    pipeline = make_pipeline(tiny_checkpoint, window=64, overlap=16, max_pieces=128)
    pipeline.initialize()
    return pipeline


def test_a_saved_pipeline_needs_no_checkpoint_and_holds_no_pickle(tmp_path, tiny_checkpoint):
    source = shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")
    nlp = make_pipeline(source, window=64, overlap=16)
    nlp.initialize()
    wanted = states(nlp(NOTE * 9))
    nlp.to_disk(tmp_path / "pipeline")
    shutil.rmtree(source)
    again = spacy.load(tmp_path / "pipeline")
    np.testing.assert_array_equal(states(again(NOTE * 9)), wanted)
    data = (tmp_path / "pipeline" / "transformer" / "model").read_bytes()
    assert b"data.pkl" not in data
    with pytest.raises(ValueError, match=r"."):
        list(pickletools.genops(data))


def test_the_config_of_a_loaded_pipeline_wins_over_what_was_saved(tmp_path, nlp):
    nlp.to_disk(tmp_path)
    changed = spacy.load(tmp_path, config={"components.transformer.model.window": 128})
    before, after = (len(each(NOTE * 20)._.trf_data.cls_rows) for each in (nlp, changed))
    assert before > after > 1


def test_bytes_and_copies_give_the_same_states(nlp, tiny_checkpoint):
    wanted = states(nlp(NOTE))
    twin = make_pipeline(tiny_checkpoint, window=64, overlap=16, max_pieces=128)
    twin.from_bytes(nlp.to_bytes())
    np.testing.assert_array_equal(states(twin(NOTE)), wanted)
    model = nlp.get_pipe("transformer").model
    output = model.copy().predict([nlp.make_doc(NOTE)])
    (data,) = output.doc_data
    np.testing.assert_array_equal(np.delete(data.tensors[0][0], data.cls_rows, 0), wanted)


def test_an_uninitialised_pipeline_can_be_saved_but_not_run(tmp_path, tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint)
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    with pytest.raises(ConfigError, match=r"an encoder without weights; .* Call nlp\.initialize"):
        again(NOTE)


def test_damaged_weights_are_refused(nlp):
    layer = nlp.get_pipe("transformer").model.layers[0]
    for data in (b"\x80\x04\x95junk", shim_of(layer).to_bytes()[:-50]):
        with pytest.raises(CheckpointError, match="bytes that are no config and safetensors"):
            shim_of(layer).from_bytes(data)


def test_replaced_listeners_predict_the_same_and_survive_the_disk(tmp_path, tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint, "tagger", "ner", window=64, overlap=16)
    nlp.initialize(lambda: make_examples(nlp))
    doc = nlp(NOTE * 5)
    nlp.replace_listeners("transformer", "tagger", ["model.tok2vec"])
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path, exclude=["transformer", "ner"])
    assert len(again("")) == 0
    assert [token.tag_ for token in again(NOTE * 5)] == [token.tag_ for token in doc]
    again.update(make_examples(again), sgd=again.create_optimizer())


def test_serialised_docs_hold_hidden_states_only_when_asked(nlp):
    doc = nlp(NOTE * 20)
    slim = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert slim._.trf_data.tensors == ()
    doc._.trf_data.keep_hidden_states = True
    full = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert isinstance(full._.trf_data, TransformerData)
    np.testing.assert_array_equal(full._.trf_data.tensors[0], doc._.trf_data.tensors[0])
    assert len(slim.to_bytes()) < len(full.to_bytes()) / 3
