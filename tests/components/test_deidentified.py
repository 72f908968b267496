"""`doc._.deidentified`: a note that may hold PHI still is never passed on."""

import pytest
import spacy
from spacy_transformers.layers.transformer_model import TransformerModel
from spacy_transformers.span_getters import get_doc_spans

from spacy_modernbert_bio.components.coverage import Coverage
from spacy_modernbert_bio.components.deidentified import deidentify_doc
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.phi_record import add_phi
from spacy_modernbert_bio.deid.gazetteer import Patient
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.policy import load_policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import CoverageError, PolicyError
from tests.models.pipelines import LISTENER

NOTE = "Mr. Zorblatt seen 3/14/2019."
KEY = Key(b"a secret of more than sixteen bytes")


def rules(**config):
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules", config=config)
    return nlp


@pytest.fixture
def patient():
    return Patient(id="7", names=("Zorblatt",))


def test_the_components_policy_is_applied():
    doc = rules(policy="safe_harbor")(NOTE)
    result = doc._.deidentified
    assert result.text == "Mr. [PATIENT] seen 2019."
    assert "Safe Harbor" in result.notice
    assert result.audit.replacements == 2


def test_a_name_that_a_longer_span_took_in_is_hidden_elsewhere_too():
    doc = spacy.blank("en")("Seen at Zorblatt Clinic; zorblatt is better.")
    install_extensions()
    add_phi(doc, [PhiSpan(8, 16, "PATIENT", ("model",), 0.9)], by="model")
    add_phi(doc, [PhiSpan(8, 23, "HOSPITAL", ("rules:hospital",))], by="rules")
    assert [(span.start, span.stop, span.label) for span in doc._.phi] == [(8, 23, "HOSPITAL")]
    assert deidentify_doc(doc, "safe_harbor").text == "Seen at [HOSPITAL]; [PATIENT] is better."


def test_the_last_policy_named_counts_and_another_can_be_given():
    nlp = rules(policy="safe_harbor")
    nlp.add_pipe("phi_rules", name="again", config={"policy": "limited_data_set"})
    doc = nlp(NOTE)
    assert doc._.deidentified.text == "Mr. [PATIENT] seen 3/14/2019."
    assert deidentify_doc(doc, "safe_harbor").text == "Mr. [PATIENT] seen 2019."
    assert deidentify_doc(doc, load_policy("safe_harbor")).text == "Mr. [PATIENT] seen 2019."


def test_a_keyed_policy_takes_the_key_given_or_from_the_environment(monkeypatch, patient):
    monkeypatch.delenv("MODERNBERT_BIO_KEY", raising=False)
    nlp = rules(policy="surrogate")
    ((doc, _),) = nlp.pipe([(NOTE, patient)], as_tuples=True)
    given = deidentify_doc(doc, key=KEY).text
    assert "Zorblatt" not in given
    assert "3/14/2019" not in given
    with pytest.raises(PolicyError, match="environment variable MODERNBERT_BIO_KEY: found no key"):
        _ = doc._.deidentified
    monkeypatch.setenv("MODERNBERT_BIO_KEY", "a secret of more than sixteen bytes")
    assert doc._.deidentified.text == given


def test_a_keyed_policy_needs_a_patient():
    doc = rules(policy="surrogate")(NOTE)
    with pytest.raises(PolicyError, match="found an empty id"):
        deidentify_doc(doc, key=KEY)


def test_without_a_policy_or_a_search_there_is_no_output():
    with pytest.raises(PolicyError, match=r"found no policy; wanted one, as"):
        _ = rules()(NOTE)._.deidentified
    install_extensions()
    with pytest.raises(PolicyError, match="found a note that no component searched for PHI"):
        deidentify_doc(spacy.blank("en")(NOTE), "safe_harbor")


@pytest.fixture
def listening(tiny_checkpoint):
    """An encoder that tells what it read, and a component that relies on it."""

    def make(*, tells: bool, **config):
        nlp = spacy.blank("en")
        model = {
            "@architectures": "spacy_modernbert_bio.Encoder.v1",
            "name": str(tiny_checkpoint),
            "window": 512,
            "overlap": 64,
        }
        setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
        settings = {"model": model} | ({"set_extra_annotations": setter} if tells else {})
        nlp.add_pipe("transformer", config=settings)
        head = {"@architectures": "spacy_modernbert_bio.TokenClassifier.v1", "tok2vec": LISTENER}
        nlp.add_pipe("modernbert_deid", config={"model": head, "policy": "safe_harbor"} | config)
        reference = nlp.make_doc(NOTE)
        reference.spans["phi"] = [reference.char_span(4, 12, "PATIENT")]
        example = spacy.training.Example(nlp.make_doc(NOTE), reference)
        nlp.initialize(lambda: [example])
        return nlp

    return make


def test_a_note_that_was_read_whole_passes(listening):
    nlp = listening(tells=True)
    doc = nlp(NOTE)
    assert doc._.modernbert_coverage.whole
    assert not doc._.deidentified.withheld


def test_a_note_of_which_a_part_was_not_read_is_refused(listening):
    doc = listening(tells=True)(NOTE)
    doc._.modernbert_coverage = Coverage(10, 9, 1, ())
    with pytest.raises(CoverageError, match="found 9 of 10 pieces read; wanted all of them"):
        _ = doc._.deidentified


def test_an_encoder_that_does_not_tell_what_it_read_is_refused_or_withheld(listening):
    with pytest.raises(CoverageError, match="found an encoder that does not tell what it read"):
        _ = listening(tells=False)(NOTE)._.deidentified
    doc = listening(tells=False, on_error="withhold")(NOTE)
    assert doc._.deidentified.withheld
    assert "Zorblatt" not in doc._.deidentified.text


def test_an_encoder_inside_of_the_component_needs_to_tell_nothing(listening):
    nlp = listening(tells=True)
    nlp.replace_listeners("transformer", "modernbert_deid", ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    assert not nlp(NOTE)._.deidentified.withheld
    # Another library's, which leaves out what is too long for it and does not tell.
    foreign = TransformerModel("foreign", get_doc_spans)
    nlp.get_pipe("modernbert_deid").model.get_ref("output_layer").layers.append(foreign)
    with pytest.raises(CoverageError, match="found an encoder that does not tell what it read"):
        _ = nlp(NOTE)._.deidentified
