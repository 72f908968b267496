"""Encoder.v1 in spaCy pipelines: every token is read, in any company, or the settings refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.encoder.layout import SequenceLayout
from spacy_modernbert_bio.encoder.pieces import Pieces
from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.encoder_layer import build_encoder
from tests.models.pipelines import NOTE, make_pipeline, states


@pytest.fixture
def nlp(tiny_checkpoint):
    pipeline = make_pipeline(tiny_checkpoint, window=64, overlap=16, max_pieces=128)
    pipeline.initialize()
    return pipeline


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
    assert doc._.trf_data.wordpieces.strings == [["[CLS]", *names]]


@pytest.mark.slow
def test_a_document_of_30000_tokens_loses_no_token(nlp):
    lines = [f"line {number} : no pain , x{number}" for number in range(4000)]
    doc = nlp("\n".join([*lines, "Signed Dr. Smith"]))
    assert len(doc) > 30_000
    data = doc._.trf_data
    assert len(states(doc)) == data.pieces
    assert data.borrowed == ()
    assert (data.align.lengths >= 1).all()
    # No row is left at zero, and the last line's vectors are its own.
    assert (np.abs(states(doc)).sum(1) > 0).all()
    ends = data.align.lengths.cumsum()
    last = data.align.dataXd[ends[-2] : ends[-1]].ravel()
    assert last.max() == len(data.wordpieces.input_ids[0]) - 1


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
    rows = sum(data.pieces + len(data.cls_rows) for data in batch.doc_data)
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
