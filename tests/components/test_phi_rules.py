"""phi_rules: rules and what is known of the patient, on Docs."""

import pytest
import spacy
from confection import ConfigValidationError

from spacy_modernbert_bio.components import phi_rules
from spacy_modernbert_bio.deid.gazetteer import Patient
from spacy_modernbert_bio.errors import ConfigError, PolicyError
from tests.components.phi import found

NOTE = "Zorblatt seen 3/14/2019, chartMRN0485921, call 617-555-0198."
SECRET = "Rumpelstiltskin"


def rules(**config):
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules", config=config)
    return nlp


def labels(doc):
    return [label for _, _, label in found(doc)]


def test_rules_find_identifiers_to_the_character_also_inside_of_a_token():
    doc = rules()(NOTE)
    assert (14, 23, "DATE") in found(doc)
    start = NOTE.index("0485921")
    assert (start, start + 7, "MEDICALRECORD") in found(doc)
    tokens = [span.text for span in doc.spans["phi"]]
    assert any("0485921" in token and token != "0485921" for token in tokens)


def test_sets_of_rules_can_be_chosen():
    assert labels(rules(rules=["dates"])(NOTE)) == ["DATE"]
    with pytest.raises(ConfigValidationError, match="rules"):
        rules(rules=["horoscopes"])


@pytest.mark.parametrize(
    "context", [Patient(names=("Zorblatt",)), {"patient": {"names": "Zorblatt"}, "row": 3}]
)
def test_what_is_known_comes_as_the_context_and_stays_on_the_doc(context):
    ((doc, given),) = rules().pipe([(NOTE, context)], as_tuples=True)
    assert given == context
    assert found(doc)[0][:2] == (0, 8)
    assert doc._.phi[0].sources == ("known",)
    assert doc._.patient == Patient(names=("Zorblatt",))


def test_contexts_of_somebody_else_are_left_alone():
    ((doc, given),) = rules().pipe([(NOTE, 7)], as_tuples=True)
    assert given == 7
    assert doc._.patient is None
    assert found(doc)[0][:2] != (0, 8)


def test_what_is_known_can_be_set_on_the_doc_and_goes_along():
    nlp = rules()
    doc = nlp.make_doc(NOTE)
    doc._.patient = {"id": "7", "names": ["Zorblatt"]}
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert found(nlp(again))[0][:2] == (0, 8)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("Zorblatt", ConfigError, r"doc._.patient: found str; wanted a Patient"),
        ({"shoe_size": "44"}, PolicyError, r"found 1 fields of other names"),
    ],
)
def test_what_is_no_patient_is_refused(value, error, message):
    doc = rules().make_doc(NOTE)
    with pytest.raises(error, match=message):
        doc._.patient = value


def test_a_pipeline_of_rules_is_saved_and_loaded(tmp_path):
    nlp = rules(rules=["dates", "contacts"], policy="safe_harbor")
    nlp.to_disk(tmp_path / "rules")
    loaded = spacy.load(tmp_path / "rules")
    assert found(loaded(NOTE)) == found(nlp(NOTE))
    assert spacy.blank("en").from_bytes(rules().to_bytes()).pipe_names == []
    again = rules().from_bytes(rules().to_bytes())
    assert found(again(NOTE)) == found(rules()(NOTE))


def test_odd_notes_pass():
    for text in ("", "   ", "\n\n", "x"):
        assert found(rules()(text)) == []


def test_a_note_at_which_rules_fail_raises_or_is_marked(monkeypatch):
    def broken(*_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(phi_rules, "match_rules", broken)
    with pytest.raises(RuntimeError):
        rules()(NOTE)
    doc = rules(on_error="withhold", policy="safe_harbor")(NOTE)
    held = doc._.deidentified
    assert "phi_rules: RuntimeError" in held.withheld
    assert SECRET not in held.text + held.withheld


def test_rules_are_scored_as_the_model_is():
    nlp = rules()
    doc = nlp.make_doc("Seen 3/14/2019 again")
    doc.spans["phi"] = [doc.char_span(5, 14, "DATE")]
    example = spacy.training.Example(nlp.make_doc(doc.text), doc)
    assert nlp.evaluate([example])["phi_recall"] == 1.0
    assert rules(scorer=None).get_pipe("phi_rules").score([example]) == {}
