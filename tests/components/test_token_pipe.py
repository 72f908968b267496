from types import SimpleNamespace

import numpy as np
import pytest
import spacy
import srsly
from spacy.training import Example

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.models.token_classifier import TagScores
from tests.components.tagging import (
    MODEL,
    TEXTS,
    blank,
    corpus,
    ready,
    spans_of,
    trained,
    unannotated,
)

DECODERS = ["viterbi", "crf"]


# Labels and widths


def test_labels_come_from_the_gold_spans_sorted():
    _, pipe, _ = ready()
    assert pipe.labels == ("DISEASE", "PLACE")
    assert pipe.model.get_dim("nO") == 5


def test_label_data_initialises_another_component_alike(tmp_path):
    _, pipe, _ = ready()
    srsly.write_json(tmp_path / "labels.json", pipe.label_data)
    nlp = blank()
    reader = {"@readers": "spacy.read_labels.v1", "path": str(tmp_path / "labels.json")}
    nlp.config["initialize"]["components"] = {"modernbert_ner": {"labels": reader}}
    nlp.initialize(lambda: [unannotated(nlp, "no gold here")])
    assert nlp.get_pipe("modernbert_ner").labels == pipe.labels


def test_labels_given_keep_their_order():
    nlp = blank()
    pipe = nlp.get_pipe("modernbert_ner")
    pipe.initialize(lambda: corpus(nlp), nlp=nlp, labels=["PLACE", "DISEASE"])
    assert pipe.labels == ("PLACE", "DISEASE")


def test_initialising_without_labels_is_refused():
    nlp = blank()
    with pytest.raises(ConfigError, match=r"initialize: found no labels; wanted gold .* doc\.ents"):
        nlp.initialize(lambda: [unannotated(nlp, "nothing")])
    nlp = blank(spans_key="sites")
    with pytest.raises(ConfigError, match=r"doc\.spans\['sites'\]"):
        nlp.initialize(lambda: corpus(nlp))


def test_a_label_is_new_once():
    pipe = blank().get_pipe("modernbert_ner")
    assert [pipe.add_label("A"), pipe.add_label("A")] == [1, 0]


def test_a_label_after_the_model_has_its_width_is_refused():
    _, pipe, _ = ready()
    assert pipe.add_label("PLACE") == 0
    with pytest.raises(ConfigError, match=r"new label DRUG for a model of 5 tags.*of DISEASE, P"):
        pipe.add_label("DRUG")


@pytest.mark.parametrize(("label", "found"), [("", "an empty name"), (3, "int")])
def test_what_is_no_name_is_no_label(label, found):
    with pytest.raises(ConfigError, match=f"add_label: found {found}; wanted the name of a label"):
        blank().get_pipe("modernbert_ner").add_label(label)


def test_a_model_of_another_width_is_refused():
    nlp = blank(model=MODEL | {"nO": 7})
    with pytest.raises(ConfigError, match=r"nO: found 7; wanted 5, .*2 labels.*Leave nO out"):
        nlp.initialize(lambda: corpus(nlp))


def test_widths_need_no_document_with_tokens():
    nlp = blank()
    pipe = nlp.get_pipe("modernbert_ner")
    pipe.initialize(lambda: [unannotated(nlp, "")], nlp=nlp, labels=["A"])
    assert len(pipe.predict([nlp.make_doc("some words")])) == 1


def test_initialising_anew_with_the_same_labels_is_no_error():
    nlp, pipe, examples = ready()
    nlp.initialize(lambda: examples)
    assert pipe.labels == ("DISEASE", "PLACE")


# Predictions


def test_documents_without_words_have_no_spans():
    _, pipe, _ = ready()
    nlp = spacy.blank("en")
    for texts in (["", "  "], ["", "Fever"]):
        found = pipe.predict([nlp.make_doc(text) for text in texts])
        assert len(found) == 2
        assert len(found[0].starts) == 0


def test_a_token_of_50000_characters_is_a_token():
    nlp = trained()
    text = "Fever in " + "x" * 50_000
    doc = nlp(text)
    assert len(doc) == 3
    assert spans_of(doc)[0] == (0, 5, "DISEASE")


def test_a_document_is_tagged_alike_alone_and_in_a_batch():
    nlp = trained(decoder="crf")
    docs = [nlp.make_doc(text) for text in TEXTS]
    pipe = nlp.get_pipe("modernbert_ner")
    for doc, in_batch in zip(docs, pipe.predict(docs), strict=True):
        [alone] = pipe.predict([doc])
        np.testing.assert_array_equal(alone.starts, in_batch.starts)
        np.testing.assert_allclose(alone.confidences, in_batch.confidences, rtol=1e-4)


def test_blanks_between_words_change_nothing():
    nlp = trained()
    pipe = nlp.get_pipe("modernbert_ner")
    doc = nlp.make_doc("Fever  and \n cough")
    rng = np.random.default_rng(0)
    scores = TagScores(
        [rng.standard_normal((len(doc), 5)).astype("float32")],
        *(np.zeros(shape, dtype="float32") for shape in [(5, 5), 5, 5]),
    )
    words = [token.i for token in doc if not token.is_space]
    plain = TagScores([scores.emissions[0][words]], scores.transitions, scores.start, scores.stop)
    ops, found = pipe.model.ops, {}
    for text, told in [("Fever  and \n cough", scores), ("Fever and cough", plain)]:
        pipe.model = SimpleNamespace(predict=lambda _, told=told: told, ops=ops, walk=list)
        [spans] = pipe.predict([nlp.make_doc(text)])
        found[text] = spans
    spaced, tight = found.values()
    np.testing.assert_array_equal(spaced.starts, np.array(words)[tight.starts])
    np.testing.assert_array_equal(spaced.stops, np.array(words)[tight.stops - 1] + 1)
    np.testing.assert_allclose(spaced.confidences, tight.confidences)


# Saving


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_saved_pipeline_predicts_the_same(decoder, tmp_path):
    nlp = trained(decoder=decoder)
    nlp.get_pipe("modernbert_ner").cfg["temperature"] = 1.7
    nlp.to_disk(tmp_path / "model")
    copies = [spacy.load(tmp_path / "model"), blank(decoder=decoder).from_bytes(nlp.to_bytes())]
    for text in TEXTS:
        for copy in copies:
            assert spans_of(copy(text)) == spans_of(nlp(text))
            for ours, theirs in zip(copy(text).ents, nlp(text).ents, strict=True):
                assert ours._.confidence == pytest.approx(theirs._.confidence)


def test_a_setting_changed_when_loading_is_obeyed(tmp_path):
    nlp = trained()
    nlp.to_disk(tmp_path / "model")
    changes = {"components": {"modernbert_ner": {"overwrite": True, "spans_key": "sites"}}}
    loaded = spacy.load(tmp_path / "model", config=changes)
    assert loaded.get_pipe("modernbert_ner").cfg["overwrite"] is True
    assert spans_of(loaded("Fever in Paris"), "sites") == spans_of(nlp("Fever in Paris"))
    assert (
        blank(overwrite=True).from_bytes(nlp.to_bytes()).get_pipe("modernbert_ner").cfg["overwrite"]
    )


# Calibration


def noisy_case():
    """A pipeline that is wrong about half of what it is sure of."""
    nlp = trained()
    wrong = []
    for text, spans in TEXTS.items():
        reference = nlp.make_doc(text)
        gold = [reference.char_span(start, stop, label) for start, stop, label in spans[:1]]
        reference.set_ents(gold, default="outside")
        wrong.append(Example(nlp.make_doc(text), reference))
    return nlp, wrong


def test_calibration_of_a_model_too_sure_of_itself_lowers_its_confidence():
    nlp, examples = noisy_case()
    before = {text: nlp(text) for text in TEXTS}
    report = nlp.get_pipe("modernbert_ner").calibrate(iter(examples))
    assert report.temperature > 1.0
    assert (report.spans, report.correct) == (5, 3)
    assert nlp.get_pipe("modernbert_ner").cfg["temperature"] == report.temperature
    for text, doc in before.items():
        assert spans_of(nlp(text)) == spans_of(doc)
        for now, then in zip(nlp(text).ents, doc.ents, strict=True):
            assert now._.confidence < then._.confidence


def test_calibrating_twice_is_the_same_as_once():
    nlp, examples = noisy_case()
    pipe = nlp.get_pipe("modernbert_ner")
    assert pipe.calibrate(examples) == pipe.calibrate(examples, batch_size=1)


def test_predictions_without_annotation_are_not_judged():
    nlp, examples = noisy_case()
    extra = [unannotated(nlp, "Fever in Paris")]
    assert nlp.get_pipe("modernbert_ner").calibrate(examples + extra).spans == 5
