"""Documents say how much of them was read, and what stands in their last line is found."""

import tracemalloc

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_modernbert_bio.components.coverage import Coverage, set_coverage
from spacy_modernbert_bio.errors import CoverageError

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}


def make_pipeline(checkpoint, **settings):
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(checkpoint),
        "window": 64,
        "overlap": 16,
        "max_pieces": 1024,
    }
    setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
    nlp.add_pipe("transformer", config={"model": model | settings, "set_extra_annotations": setter})
    return nlp


@pytest.fixture
def nlp(tiny_checkpoint):
    pipeline = make_pipeline(tiny_checkpoint)
    pipeline.initialize()
    return pipeline


def test_coverage_counts_pieces_windows_and_tokens_without_a_piece(nlp):
    coverage = nlp("Café e\u0301 " + "no pain . " * 60)._.modernbert_coverage
    assert coverage.whole
    assert coverage.pieces == coverage.pieces_read > 180
    assert coverage.windows > 3
    assert coverage.tokens_without_piece == ()


def test_a_token_that_normalisation_ate_is_named(nlp):
    doc = Doc(nlp.vocab, words=["cafe", "\u0301", "au"], spaces=[False, True, False])
    nlp.get_pipe("transformer")(doc)
    assert doc._.modernbert_coverage.tokens_without_piece == (1,)


def test_an_empty_document_is_covered(nlp):
    assert nlp("")._.modernbert_coverage == Coverage(0, 0, 0, ())
    assert nlp("")._.modernbert_coverage.whole


def test_a_document_that_was_not_read_whole_says_so(nlp):
    doc = nlp.make_doc("no pain " * 20)
    batch = nlp.get_pipe("transformer").predict([doc])
    (data,) = batch.doc_data
    data.model_output["last_hidden_state"] = data.model_output.last_hidden_state[:, :-3]
    set_coverage([doc], batch)
    assert not doc._.modernbert_coverage.whole


def test_coverage_survives_bytes_workers_and_the_cleaner(nlp):
    nlp.add_pipe("doc_cleaner", config={"attrs": {"_.trf_data": None}})
    doc = nlp("no pain " * 20)
    assert doc._.trf_data is None
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert again._.modernbert_coverage == doc._.modernbert_coverage
    (from_worker, _) = nlp.pipe([doc.text, doc.text], n_process=2, batch_size=1)
    assert from_worker._.modernbert_coverage == doc._.modernbert_coverage


def test_an_encoder_that_does_not_tell_is_refused(tiny_checkpoint):
    nlp = spacy.blank("en")
    setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
    model = {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(tiny_checkpoint),
        "get_spans": {"@span_getters": "spacy-transformers.doc_spans.v1"},
    }
    nlp.add_pipe("transformer", config={"model": model, "set_extra_annotations": setter})
    nlp.initialize()
    with pytest.raises(CoverageError, match="found an encoder that does not tell what it read"):
        nlp("no pain")


def train_to_find_names(checkpoint):
    nlp = make_pipeline(checkpoint)
    nlp.add_pipe("modernbert_ner", config={"model": {"tok2vec": LISTENER, "dropout": 0.0}})
    names, fillers = ["Smith", "Jones"], ["no pain", "BP 120", "x 3 days", "denies cough"]
    examples = []
    for number in range(8):
        filler = (fillers[number % 4] + " . ") * (1 + number)
        text = f"{filler}Signed {names[number % 2]}"
        doc = nlp.make_doc(text)
        examples.append(Example.from_dict(doc, {"entities": [(len(text) - 5, len(text), "NAME")]}))
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.003
    for _ in range(25):
        nlp.update(examples, sgd=optimizer)
    return nlp


@pytest.mark.slow
def test_a_name_in_the_last_line_of_30000_tokens_is_found(tiny_checkpoint):
    nlp = train_to_find_names(tiny_checkpoint)
    nlp.max_length = 10**7
    doc = nlp("no pain . BP 120 . " * 5000 + "Signed Smith")
    assert len(doc) > 30_000
    assert doc._.modernbert_coverage.whole
    assert "Smith" in [entity.text for entity in doc.ents if entity.end == len(doc)]


@pytest.mark.slow
def test_a_stream_of_notes_passes_in_constant_memory(tiny_checkpoint):
    """The peak of a stream of notes does not grow with its length."""
    nlp = make_pipeline(tiny_checkpoint)
    nlp.add_pipe("doc_cleaner", config={"attrs": {"_.trf_data": None}})
    nlp.initialize()

    def peak(count: int) -> int:
        tracemalloc.start()
        for doc in nlp.pipe(("no pain . BP 120 ." for _ in range(count)), batch_size=64):
            assert doc._.modernbert_coverage.whole
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(100)  # what is loaded once
    assert peak(1_500) < 1.2 * peak(300)


def test_who_listens_to_a_transformer_that_did_not_run_predicts_nothing(tiny_checkpoint):
    """The stock listener would hand out zeros, and entities would be read from nothing."""
    nlp = make_pipeline(tiny_checkpoint)
    nlp.add_pipe("modernbert_ner").add_label("X")
    nlp.initialize()
    message = r"modernbert_ner: found a document that no transformer has read; wanted the transf"
    with nlp.select_pipes(disable="transformer"), pytest.raises(CoverageError, match=message):
        nlp("no pain")
