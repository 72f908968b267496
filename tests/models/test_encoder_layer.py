"""Encoder.v1 in spaCy pipelines: every token read, trained by stock components, self-contained."""

import copy
import pickletools
import shutil
from dataclasses import replace

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.training import Example
from spacy_transformers.data_classes import TransformerData

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.pieces import Pieces
from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from spacy_modernbert_bio.models.encoder_layer import build_encoder
from spacy_modernbert_bio.models.row_layer import shim_of

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}
NOTE = "Patient has severe asthma and mild gout . "
HEADS = {
    "tagger": {"@architectures": "spacy.Tagger.v2", "tok2vec": LISTENER},
    "ner": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "hidden_width": 16,
        "maxout_pieces": 2,
        "use_upper": False,
        "tok2vec": LISTENER,
    },
    "spancat": {
        "@architectures": "spacy.SpanCategorizer.v1",
        "reducer": {"@layers": "spacy.mean_max_reducer.v1", "hidden_size": 16},
        "scorer": {"@layers": "spacy.LinearLogistic.v1"},
        "tok2vec": LISTENER,
    },
    "textcat": {
        "@architectures": "spacy.TextCatEnsemble.v2",
        "tok2vec": LISTENER,
        "linear_model": {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": True,
            "ngram_size": 1,
            "no_output_layer": False,
        },
    },
}


def make_pipeline(checkpoint, *heads, **settings):
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(checkpoint),
        "window": 512,
        "overlap": 64,
    }
    nlp.add_pipe("transformer", config={"model": model | settings})
    for head in heads:
        nlp.add_pipe(head, config={"model": HEADS[head]})
    return nlp


def make_examples(nlp, count: int = 6):
    """Notes of 1 to 9 sentences, and an empty one among them."""
    examples = []
    for number in range(count):
        doc = nlp.make_doc(NOTE * (1 + 4 * (number % 3)))
        gold = {
            "entities": [(12, 25, "DISEASE")],
            "tags": ["NN" if token.is_alpha else "PUNCT" for token in doc],
            "spans": {"sc": [(12, 25, "DISEASE")]},
            "cats": {"SICK": float(number % 2), "WELL": float(not number % 2)},
        }
        examples.append(Example.from_dict(doc, gold))
    empty = {"entities": [], "tags": [], "spans": {"sc": []}, "cats": {"SICK": 0.0, "WELL": 1.0}}
    examples.insert(1, Example.from_dict(nlp.make_doc(""), empty))
    return examples


@pytest.fixture
def nlp(tiny_checkpoint):
    pipeline = make_pipeline(tiny_checkpoint, window=64, overlap=16, max_pieces=128)
    pipeline.initialize()
    return pipeline


def states(doc: Doc) -> np.ndarray:
    return doc._.trf_data.model_output.last_hidden_state[0]


def encoder_in(nlp):
    return shim_of(nlp.get_pipe("transformer").model.layers[0]).encoder


def test_states_are_those_of_the_whole_text(tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint, window=512, overlap=64)
    nlp.initialize()
    doc = nlp(NOTE * 3)
    checkpoint = load_checkpoint(tiny_checkpoint)
    (pieces,) = checkpoint.tokenizer.encode([doc.text])
    row = torch.tensor([1, *pieces.piece_ids, 2])
    with torch.no_grad():
        wanted = checkpoint.encoder(row, SequenceLayout.of([len(row)]))[1:-1]
    np.testing.assert_allclose(states(doc), wanted.numpy(), atol=1e-5)
    names = [checkpoint.tokenizer.id_to_token(number) for number in pieces.piece_ids.tolist()]
    assert doc._.trf_data.wordpieces.strings == [names]


@pytest.mark.slow
def test_a_document_of_30000_tokens_loses_no_token(nlp):
    lines = [f"line {number} : no pain , x{number}" for number in range(4000)]
    doc = nlp("\n".join([*lines, "Signed Dr. Smith"]))
    assert len(doc) > 30_000
    data = doc._.trf_data
    assert len(states(doc)) == len(data.wordpieces.input_ids[0])
    assert data.borrowed == ()
    assert (data.align.lengths >= 1).all()
    # No row is left at zero, and the last line's vectors are its own.
    assert (np.abs(states(doc)).sum(1) > 0).all()
    ends = data.align.lengths.cumsum()
    last = data.align.dataXd[ends[-2] : ends[-1]].ravel()
    assert last.max() == len(states(doc)) - 1


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), (" ", 1), (" \n\t ", 1), ("x" * 50_000, 1), ("e\u0301", 1)]
)
def test_odd_documents_pass(nlp, text, tokens):
    beside, doc = nlp.pipe([NOTE, text])
    assert len(doc) == tokens
    assert len(states(beside)) > 8
    assert len(doc._.trf_data.align.lengths) == tokens


def test_a_document_of_which_the_tokenizer_drops_everything_still_has_a_row(nlp):
    reader = nlp.get_pipe("transformer").model.attrs["reader"]
    deaf = replace(reader, tokenizer=_Deaf())
    pieces, alignments = deaf.read([nlp.make_doc("abc")])
    assert (len(pieces[0]), alignments[0].borrowed.tolist()) == (1, [True])


class _Deaf:
    """A tokenizer that gives no pieces."""

    def encode(self, texts):
        nothing = np.zeros(0, dtype=np.int64)
        return [Pieces(nothing, nothing, nothing) for _ in texts]


def test_company_and_order_in_the_batch_change_nothing(nlp):
    texts = [NOTE * 20, "", "asthma", NOTE * 3]
    alone = [states(nlp(text)) if text else None for text in texts]
    for wanted, doc in zip(alone, nlp.pipe(texts, batch_size=4), strict=True):
        if wanted is not None:
            np.testing.assert_allclose(states(doc), wanted, atol=1e-5)


# spacy-transformers gives every listener but the last no input gradient, which TextCatEnsemble.v2
# cannot take: it has to be the last one, with the stock encoder as with ours.
@pytest.mark.parametrize("heads", [("tagger", "ner"), ("spancat",), ("tagger", "textcat")])
def test_stock_components_learn_through_the_listeners(heads, tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint, *heads, window=64, overlap=16, max_pieces=128)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.002
    before = encoder_in(nlp).layers[0].attn.Wo.weight.detach().clone()
    history = []
    for _ in range(20):
        losses: dict[str, float] = {}
        nlp.update(examples, sgd=optimizer, losses=losses)
        history.append(losses)
    for head in heads:
        last = min(losses[head] for losses in history[-5:])
        assert last < 0.9 * history[0][head], head
    assert not torch.equal(before, encoder_in(nlp).layers[0].attn.Wo.weight)


def test_gradients_reach_every_window_and_skip_empty_documents(tiny_checkpoint):
    """The gradient of a batch is the sum of its documents' own: nothing shifts beside ''."""
    nlp = make_pipeline(tiny_checkpoint, window=64, overlap=16, max_pieces=64)
    nlp.initialize()
    model, encoder = nlp.get_pipe("transformer").model, encoder_in(nlp)
    docs = [nlp.make_doc(text) for text in (NOTE * 10, "", NOTE)]

    def gradient(batch):
        encoder.zero_grad()
        output, backprop = model.begin_update(batch)
        full = [data for data in output.doc_data if "last_hidden_state" in data.model_output]
        weights = [np.cos(np.arange(d.tensors[0].size)).reshape(d.tensors[0].shape) for d in full]
        backprop(output.unsplit_by_doc([[w.astype("f")] for w in weights]))
        return {name: p.grad.clone() for name, p in encoder.named_parameters()}

    together = gradient(docs)
    first, last = gradient(docs[:1]), gradient(docs[2:])
    for name, found in together.items():
        torch.testing.assert_close(found, first[name] + last[name], atol=1e-4, rtol=1e-4)


def test_frozen_layers_stay_and_the_others_learn(tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint, "tagger", layers_frozen=2)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    before = copy.deepcopy(encoder_in(nlp).state_dict())
    for _ in range(2):  # a tagger starts at zero, and sends no gradient down in the first step
        nlp.update(examples, sgd=optimizer)
    changed = {
        name
        for name, tensor in encoder_in(nlp).state_dict().items()
        if not torch.equal(tensor, before[name])
    }
    assert changed
    assert all(name.startswith(("layers.2", "layers.3", "final_norm")) for name in changed)


def test_a_frozen_annotating_transformer_feeds_a_learning_head(tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint, "tagger")
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    before = copy.deepcopy(encoder_in(nlp).state_dict())
    losses: dict[str, float] = {}
    nlp.update(
        examples, sgd=optimizer, losses=losses, exclude=["transformer"], annotates=["transformer"]
    )
    assert losses["tagger"] > 0
    for name, tensor in encoder_in(nlp).state_dict().items():
        assert torch.equal(tensor, before[name]), name


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
    assert nlp(NOTE * 20)._.trf_data.windows > changed(NOTE * 20)._.trf_data.windows > 1


def test_bytes_and_copies_give_the_same_states(nlp, tiny_checkpoint):
    wanted = states(nlp(NOTE))
    twin = make_pipeline(tiny_checkpoint, window=64, overlap=16, max_pieces=128)
    twin.from_bytes(nlp.to_bytes())
    np.testing.assert_array_equal(states(twin(NOTE)), wanted)
    model = nlp.get_pipe("transformer").model
    output = model.copy().predict([nlp.make_doc(NOTE)])
    np.testing.assert_array_equal(output.doc_data[0].tensors[0][0], wanted)


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


def test_worker_processes_return_after_a_pass_with_two_threads(tiny_checkpoint, capfd):
    """With the stock transformer this never returns: OpenMP's threads are gone in the child."""
    torch.set_num_threads(2)
    nlp = make_pipeline(tiny_checkpoint)
    nlp.initialize()
    wanted = [len(states(doc)) for doc in nlp.pipe([NOTE * 20, NOTE] * 4)]
    docs = list(nlp.pipe([NOTE * 20, NOTE] * 4, n_process=2, batch_size=2))
    assert [int(doc._.trf_data is not None) for doc in docs] == [1] * len(wanted)
    assert "tokenizers" not in capfd.readouterr().err


def test_hidden_states_of_a_batch_can_be_read_as_one_row(nlp):
    docs = [nlp.make_doc(NOTE), nlp.make_doc(""), nlp.make_doc("asthma")]
    batch = nlp.get_pipe("transformer").predict(docs)
    rows = sum(data.pieces for data in batch.doc_data)
    assert batch.tensors[0].shape == (1, rows, 32)
    assert len(batch.align.lengths) == sum(map(len, docs))
    assert batch.wordpieces.input_ids.shape == (1, rows)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_pieces": 100}, r"max_pieces: found 100, with a window of 8192"),
        ({"window": 2}, r"a window of more than 2 pieces"),
        ({"overlap": 9000}, r"overlap: found 9000 with a window of 8192"),
        ({"overlap": -1}, r"overlap: found -1"),
    ],
)
def test_impossible_settings_are_refused_when_the_layer_is_built(settings, message):
    with pytest.raises(ConfigError, match=message):
        build_encoder("anywhere", **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 1024}, r"window: found 1024; wanted at most 512 pieces"),
        (
            {"window": 64, "overlap": 8, "layers_frozen": 5},
            r"layers_frozen: found 5; wanted 0 to 4",
        ),
    ],
)
def test_settings_that_the_checkpoint_cannot_meet_are_refused(settings, message, tiny_checkpoint):
    nlp = make_pipeline(tiny_checkpoint, **settings)
    with pytest.raises(ConfigError, match=message):
        nlp.initialize()
