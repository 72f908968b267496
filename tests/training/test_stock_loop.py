"""Our aids, and spaCy's own accumulate_gradient, in spaCy's loop over the real encoder."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import subdivide_batch, train
from thinc.api import Config

LENGTHS = (2, 7, 3, 12, 5, 30, 9, 4)
# One tagger, since its loss draws no random numbers; the encoder has four layers.
CONFIG = """
[paths]
encoder = null
train = null
dev = ${paths.train}

[nlp]
lang = "en"
pipeline = ["transformer", "tagger"]

[components]

[components.transformer]
factory = "transformer"

[components.transformer.model]
@architectures = "spacy_modernbert_bio.Encoder.v1"
name = ${paths.encoder}
window = 512
overlap = 64

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spacy.Tagger.v2"

[components.tagger.model.tok2vec]
@architectures = "spacy-transformers.TransformerListener.v1"
grad_factor = 1.0
pooling = {"@layers":"reduce_mean.v1"}

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.train}

[training]
train_corpus = "corpora.train"
dev_corpus = "corpora.dev"
dropout = 0.0
accumulate_gradient = 1
max_steps = 1
eval_frequency = 1000
logger = {"@loggers":"spacy.ConsoleLogger.v1"}

[training.batcher]
@batchers = "spacy_modernbert_bio.batch_by_pieces.v1"
size = 100000
tokenizer = ${paths.encoder}

[training.optimizer]
@optimizers = "SGD.v1"
learn_rate = 0.01
grad_clip = 0.0
use_averages = false
"""
AIDS = """
[training.optimizer]
@optimizers = "spacy_modernbert_bio.LayerwiseAdam.v1"
learn_rate = 0.001
layers = 4
layer_decay = 0.5
batches_per_step = 2
L2 = 0.0

[training.before_update]
@callbacks = "spacy_modernbert_bio.freeze_layers.v1"
layers = 2
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    vocab = spacy.blank("en").vocab
    random = np.random.default_rng(0)
    docs = []
    for length in LENGTHS:
        words = random.choice(["pt", "denies", "chest", "pain", "MI"], length).tolist()
        docs.append(Doc(vocab, words=words, tags=[word[0] for word in words]))
    path = tmp_path_factory.mktemp("corpus") / "train.spacy"
    DocBin(docs=docs).to_disk(path)
    return path


def complete(config: Config) -> Config:
    return spacy.util.load_model_from_config(config, auto_fill=True).config


def moves(checkpoint: Path, corpus: Path, config: str, **overrides) -> dict[str, np.ndarray]:
    """How far spaCy's own loop takes each of the encoder's parameters."""
    paths = {"paths.encoder": str(checkpoint), "paths.train": str(corpus)}
    nlp = init_nlp(complete(Config().from_str(config, overrides=paths | overrides)))
    models = nlp.get_pipe("transformer").model.walk()
    (encoder,) = (shim._model for model in models for shim in model.shims)
    before = {name: p.detach().numpy().copy() for name, p in encoder.named_parameters()}
    train(nlp)
    return {n: p.detach().numpy() - before[n] for n, p in encoder.named_parameters()}


def test_every_aid_works_in_one_config(tiny_checkpoint, corpus) -> None:
    head, _, _ = CONFIG.partition("[training.optimizer]")
    config = head.replace("size = 100000", "size = 60") + AIDS
    # Batches 0 to 3 are two steps of the optimizer: a tagger begins with weights of zero, so that
    # gradients reach the encoder from the second on.
    unmoved = moves(tiny_checkpoint, corpus, config, **{"training.max_steps": 2})
    assert not any(change.any() for change in unmoved.values())
    moved = moves(tiny_checkpoint, corpus, config, **{"training.max_steps": 3})
    farthest = {name: float(np.abs(change).max()) for name, change in moved.items()}
    full_rate = farthest["final_norm.weight"]
    assert full_rate > 1e-4
    shares = {"layers.2.": 0.25, "layers.3.": 0.5, "final_norm.": 1.0}
    for name, distance in farthest.items():
        share = next((share for start, share in shares.items() if name.startswith(start)), 0.0)
        assert distance == pytest.approx(full_rate * share, rel=0.01), name


@pytest.mark.parametrize("parts", [2, 3])
def test_accumulated_parts_take_the_step_of_the_whole_batch(
    tiny_checkpoint, corpus, parts: int
) -> None:
    whole = moves(tiny_checkpoint, corpus, CONFIG)
    divided = moves(tiny_checkpoint, corpus, CONFIG, **{"training.accumulate_gradient": parts})
    assert np.abs(whole["layers.0.mlp.Wi.weight"]).max() > 1e-4
    for name, change in whole.items():
        np.testing.assert_allclose(divided[name], change, atol=1e-6, err_msg=name)


def test_batch_with_fewer_documents_than_parts_is_not_divided() -> None:
    # Why accumulate_gradient bounds no memory, and LayerwiseAdam can wait for batches.
    docs = [spacy.blank("en").make_doc("pt " * length) for length in (4, 5, 6)]
    examples = [Example(doc, doc) for doc in docs]
    assert [len(part) for part in subdivide_batch(examples, 4)] == [3]
