"""Encoder.v1 learns through stock components' listeners: all of it, or the layers that may."""

import copy

import numpy as np
import pytest
import torch

from tests.models.pipelines import NOTE, encoder_in, make_examples, make_pipeline


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
