"""spaCy's own `training.accumulate_gradient` does what we need: no code of ours stands behind it.

Its loop sums the gradients of the parts of a batch and steps once. Heads that sum their loss over
tokens, as spaCy's own do, therefore take the step of the whole batch; a head that took the mean of
each part would not.
"""

from itertools import islice

import numpy as np
import pytest
import spacy
import torch
from spacy.ml.models import MultiHashEmbed
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.loop import subdivide_batch, train_while_improving
from thinc.api import SGD, Model, PyTorchWrapper, chain, fix_random_seed, with_array
from thinc.types import Floats2d

LENGTHS = (2, 7, 3, 12, 5)


@spacy.registry.architectures("tests.TorchVectors.v1")
def torch_vectors() -> Model[list[Doc], list[Floats2d]]:
    width = 8
    dense = PyTorchWrapper(torch.nn.Linear(width, width))
    dense.set_dim("nO", width)
    embed = MultiHashEmbed(width, attrs=["NORM"], rows=[50], include_static_vectors=False)
    vectors = chain(embed, with_array(dense))
    vectors.set_dim("nO", width)
    return vectors


def tagger_over_torch() -> spacy.Language:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    vectors = {"@architectures": "tests.TorchVectors.v1"}
    model = {"@architectures": "spacy.Tagger.v2", "tok2vec": vectors}
    tagger = nlp.add_pipe("tagger", config={"model": model})
    for label in ("A", "B", "C"):
        tagger.add_label(label)
    nlp.initialize()
    return nlp


def batch_for(nlp: spacy.Language, lengths=LENGTHS) -> list[Example]:
    random = np.random.default_rng(0)
    examples = []
    for length in lengths:
        words = [f"w{number}" for number in random.integers(0, 40, length)]
        tags = random.choice(["A", "B", "C"], length).tolist()
        examples.append(
            Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=tags))
        )
    return examples


def weights_after_one_step(parts: int, lengths=LENGTHS) -> np.ndarray:
    nlp = tagger_over_torch()
    model = nlp.get_pipe("tagger").model
    steps = train_while_improving(
        nlp,
        SGD(0.1, L2=0.0, grad_clip=0.0, use_averages=False),
        [(0, batch_for(nlp, lengths))],
        lambda: (0.0, {}),
        dropout=0.0,
        eval_frequency=1,
        accumulate_gradient=parts,
        patience=0,
        max_steps=1,
        exclude=[],
        annotating_components=[],
        before_update=None,
    )
    list(islice(steps, 1))
    torch_weights = [
        p.detach().numpy().ravel()
        for node in model.walk()
        for shim in node.shims
        for p in shim._model.parameters()
    ]
    thinc_weights = [node.get_param(n).ravel() for node in model.walk() for n in node.param_names]
    assert torch_weights
    return np.concatenate([*torch_weights, *thinc_weights])


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_accumulated_parts_take_the_step_of_the_whole_batch(parts: int) -> None:
    whole = weights_after_one_step(1)
    np.testing.assert_allclose(weights_after_one_step(parts), whole, atol=1e-6)
    assert np.abs(weights_after_one_step(1, LENGTHS[:4]) - whole).max() > 1e-3


def test_batch_with_fewer_documents_than_parts_is_not_divided() -> None:
    # Why `size` of the batcher, and not accumulate_gradient, is what bounds memory.
    examples = batch_for(spacy.blank("en"), lengths=(4, 5, 6))
    assert [len(part) for part in subdivide_batch(examples, 4)] == [3]
