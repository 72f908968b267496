"""phi_audit: what is left of PHI in the new text is told, or holds the note back."""

import pytest
import spacy
from confection import ConfigValidationError
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_modernbert_bio.components import phi_audit
from spacy_modernbert_bio.components.deidentified import deidentify_doc
from spacy_modernbert_bio.components.phi_record import add_failure, add_phi
from spacy_modernbert_bio.deid.gazetteer import Patient
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.leaks import Leak
from spacy_modernbert_bio.deid.policy import load_policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import CoverageError, PolicyError
from tests.components.phi import trained_deid

NOTE = "Mr. Zorblatt seen 3/14/2019, MRN: 0485921. He is 45 years old."
KEY = Key(b"a secret of more than sixteen bytes")


@Language.component("test_finds_the_first_name")
def find_the_first_name(doc: Doc) -> Doc:
    """Finds one name, all the rest not; and leaves what it finds hyphenated."""
    add_phi(doc, [PhiSpan(4, 12, "PATIENT", ("model",), 1.0)], by="test")
    return doc


@Language.component("test_does_not_read")
def not_read(doc: Doc) -> Doc:
    add_failure(doc, RuntimeError(doc.text), by="test", on_error=doc.text[:8].strip())
    return doc


def audited(finder: str = "phi_rules", *, finder_config=None, **config):
    nlp = spacy.blank("en")
    nlp.add_pipe(finder, config=finder_config or {})
    nlp.add_pipe("phi_audit", config={"policy": "safe_harbor"} | config)
    return nlp


def kinds(doc, text: str) -> list[tuple[str, str, str]]:
    return [(leak.kind, leak.label, text[leak.start : leak.stop]) for leak in doc._.phi_leaks]


@pytest.mark.parametrize("policy", ["safe_harbor", "limited_data_set", "surrogate"])
def test_a_note_that_was_read_well_has_no_leak(policy, monkeypatch):
    monkeypatch.setenv("MODERNBERT_BIO_KEY", "a secret of more than sixteen bytes")
    nlp = audited(policy=policy, on_leak="withhold")
    ((doc, _),) = nlp.pipe([(NOTE, Patient(id="7"))], as_tuples=True)
    assert doc._.phi_leaks == ()
    assert not doc._.deidentified.withheld
    assert "Zorblatt" not in doc._.deidentified.text


def test_what_rules_find_in_the_new_text_is_a_leak():
    doc = audited("test_finds_the_first_name")(NOTE)
    text = doc._.deidentified.text
    assert text.startswith("Mr. [PATIENT] seen 3/14/2019")
    assert ("rules", "DATE", "3/14/2019") in kinds(doc, text)
    assert ("rules", "MEDICALRECORD", "0485921") in kinds(doc, text)
    assert {leak.identifier for leak in doc._.phi_leaks} == {3, 8}


def test_an_original_that_stands_elsewhere_is_a_leak():
    doc = audited("test_finds_the_first_name")("Pt. Zorblatt came. Zor-\nblatt left.")
    text = doc._.deidentified.text
    assert kinds(doc, text) == [("split", "PATIENT", "Zor-\nblatt")]
    start = text.index("Zor-")
    assert doc._.phi_leaks == (Leak("split", "PATIENT", 1, start, start + 10),)


def test_what_the_policy_keeps_is_no_leak():
    doc = audited("test_finds_the_first_name", policy="limited_data_set")(
        "Mr. Zorblatt seen 3/14/2019, 45 years old."
    )
    assert doc._.phi_leaks == ()


def test_a_note_with_leaks_is_marked_and_goes_out_unless_it_is_withheld():
    marked = audited("test_finds_the_first_name")(NOTE)
    assert marked._.phi_leaks
    assert not marked._.deidentified.withheld
    held = audited("test_finds_the_first_name", on_leak="withhold")(NOTE)
    assert held._.phi_leaks == marked._.phi_leaks
    result = held._.deidentified
    assert result.text == "[NOTE WITHHELD]"
    assert "phi_audit: doc._.phi_leaks: found 2 leaks in the new text (2 rules); wanted none." in (
        result.withheld
    )
    assert not any(value in result.withheld for value in ("Zorblatt", "3/14", "0485921"))


def test_one_leak_is_one():
    held = audited("test_finds_the_first_name", on_leak="withhold")("Mr. Zorblatt, zorb-\nlatt")
    assert "found 1 leak in the new text (1 split)" in held._.deidentified.withheld


def test_the_audits_policy_is_the_notes_and_else_that_of_the_components():
    doc = audited(finder_config={"policy": "limited_data_set"})(NOTE)
    assert doc._.deidentified.text.startswith("Mr. [PATIENT] seen 2019")
    doc = audited(finder_config={"policy": "limited_data_set"}, policy=None)(NOTE)
    assert doc._.deidentified.text.startswith("Mr. [PATIENT] seen 3/14/2019")
    assert doc._.phi_leaks == ()
    with pytest.raises(PolicyError, match=r"found no policy; wanted one, as"):
        audited(policy=None)(NOTE)


def test_the_callers_own_policy_and_key_are_audited_where_they_are_told(monkeypatch):
    monkeypatch.delenv("MODERNBERT_BIO_KEY", raising=False)
    nlp = audited("test_finds_the_first_name")
    nlp.get_pipe("phi_audit").use(load_policy("surrogate"), KEY)
    doc = nlp.make_doc(NOTE)
    doc._.patient = Patient(id="7")
    text = deidentify_doc(nlp(doc), "surrogate", key=KEY).text
    assert ("rules", "MEDICALRECORD", "0485921") in kinds(doc, text)


def test_leaks_go_along_in_bytes_and_to_workers():
    nlp = audited("test_finds_the_first_name")
    doc = nlp(NOTE)
    saved = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (loaded,) = DocBin().from_bytes(saved).get_docs(nlp.vocab)
    assert loaded._.phi_leaks == doc._.phi_leaks
    for other in nlp.pipe([NOTE] * 2, n_process=2, batch_size=1):
        assert other._.phi_leaks == doc._.phi_leaks


def test_a_pipeline_with_an_audit_is_saved_and_loaded(tmp_path):
    audited(on_leak="withhold").to_disk(tmp_path / "audited")
    loaded = spacy.load(tmp_path / "audited")
    assert loaded.get_pipe("phi_audit").cfg == {"policy": "safe_harbor", "on_leak": "withhold"}
    assert loaded(NOTE)._.phi_leaks == ()
    again = audited().from_bytes(loaded.to_bytes())
    assert again(NOTE)._.phi_leaks == ()


def test_where_nobody_audited_there_is_no_verdict():
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    assert nlp(NOTE)._.phi_leaks is None


def test_a_note_that_is_withheld_already_has_no_verdict_and_stays_withheld():
    doc = audited("test_does_not_read")("withhold this")
    assert doc._.phi_leaks is None
    assert "test: RuntimeError" in doc._.deidentified.withheld


def test_a_note_that_was_not_read_is_refused():
    with pytest.raises(CoverageError, match=r"may hold PHI still \(test: RuntimeError\)"):
        audited("test_does_not_read")("raise    this")


def test_an_audit_that_fails_raises_or_holds_the_note_back(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("Zorblatt")

    monkeypatch.setattr(phi_audit, "find_note_leaks", broken)
    with pytest.raises(RuntimeError):
        audited()(NOTE)
    held = audited(finder_config={"on_error": "withhold"})(NOTE)._.deidentified
    assert "phi_audit: RuntimeError" in held.withheld
    assert "Zorblatt" not in held.text + held.withheld


def test_what_a_model_found_is_audited_too():
    nlp = trained_deid()
    nlp.add_pipe("phi_audit", config={"policy": "safe_harbor"})
    doc = nlp("Seen by Smith in Boston today .")
    assert doc._.deidentified.text == "Seen by [DOCTOR] in [CITY] today ."
    assert doc._.phi_leaks == ()


@pytest.mark.parametrize(("option", "value"), [("on_leak", "ignore"), ("policy", ["a", "b"])])
def test_unknown_values_are_refused(option, value):
    with pytest.raises(ConfigValidationError, match=option):
        audited(**{option: value})


def test_a_policy_that_is_none_is_refused_when_the_pipeline_is_built():
    with pytest.raises(PolicyError, match=r"no such file, and no policy of this name"):
        audited(policy="unsafe_harbor")


def test_two_components_may_audit_under_two_policies():
    nlp = audited("test_finds_the_first_name", policy="limited_data_set")
    nlp.add_pipe("phi_audit", name="strict", config={"policy": "safe_harbor"})
    doc = nlp("Mr. Zorblatt seen 3/14/2019.")
    assert [leak.label for leak in doc._.phi_leaks] == ["DATE"]
    assert doc._.deidentified.notice == load_policy("safe_harbor").notice
