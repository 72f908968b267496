"""modernbert_deid: what it finds, where it writes it, its dial, and how it fails."""

import numpy as np
import pytest
import spacy
from confection import ConfigValidationError
from spacy.tokens import DocBin

from spacy_modernbert_bio.components.deid import DeidPipe
from spacy_modernbert_bio.components.phi_record import add_phi
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.errors import ConfigError, PolicyError
from tests.components.phi import NOTES, blank_deid, found, phi_examples, trained_deid

SECRET = "Rumpelstiltskin"
FACTORY = "modernbert_deid"


@pytest.fixture(scope="module")
def nlp():
    return trained_deid()


def test_what_was_learnt_is_found_by_characters_and_on_tokens(nlp):
    for text, spans in NOTES.items():
        doc = nlp(text)
        assert found(doc) == spans
        group = doc.spans["phi"]
        assert [(s.start_char, s.end_char, s.label_) for s in group] == spans
        assert group.attrs["scores"].dtype == np.float32
        assert list(group.attrs["sources"]) == ["model"] * len(spans)


def test_scores_are_of_spans_and_of_what_is_hidden(nlp):
    scores = nlp.evaluate(phi_examples(nlp))
    assert scores["spans_phi_f"] == 1.0
    assert (scores["phi_recall"], scores["phi_clean_notes"]) == (1.0, 1.0)
    assert scores["phi_over_redaction"] == 0.0


def test_notes_without_annotation_are_not_scored(nlp):
    examples = phi_examples(nlp)
    del examples[0].reference.spans["phi"]
    assert nlp.evaluate(examples)["spans_phi_f"] == 1.0


def test_thresholds_are_saved_with_the_model_and_change_at_run_time(nlp, tmp_path):
    pipe = nlp.get_pipe(FACTORY)
    text = "Nothing here at all"
    pipe.set_thresholds({"NAME": 1e-9, "LOCATION": 1e-9})
    try:
        covered = {c for s in nlp(text)._.phi for c in range(s.start, s.stop)}
        assert covered >= {place for place, letter in enumerate(text) if letter != " "}
        nlp.to_disk(tmp_path / "dialled")
        loaded = spacy.load(tmp_path / "dialled")
        saved = loaded.get_pipe(FACTORY).cfg["thresholds"]
        assert saved == pytest.approx({"NAME": 1e-9, "LOCATION": 1e-9})
        assert found(loaded(text)) == found(nlp(text))
        loaded.get_pipe(FACTORY).set_thresholds({})
        assert found(loaded(text)) == []
    finally:
        pipe.set_thresholds({})


def test_thresholds_are_fitted_to_a_target_recall(nlp):
    pipe = nlp.get_pipe(FACTORY)
    examples = phi_examples(nlp)
    # A name that the model does not know: the dial has to go down for it.
    text = "Unknown Zorblatt came"
    stranger = phi_examples(nlp)[0]
    stranger.predicted = nlp.make_doc(text)
    stranger.reference = nlp.make_doc(text)
    stranger.reference.spans["phi"] = [stranger.reference.char_span(8, 16, "PATIENT")]
    try:
        report = pipe.fit_thresholds(
            [*examples, stranger], target_recall=0.9, confidence=0.6, batch_size=2
        )
        names = next(row for row in report.rows if row.group == "NAME")
        assert names.recall_before < 1.0 == names.fitted.recall
        assert not names.fitted.reached  # three spans can't show 0.9
        assert pipe.cfg["thresholds"]["NAME"] == names.fitted.threshold
        covered = {c for s in nlp(text)._.phi for c in range(s.start, s.stop)}
        assert covered >= set(range(8, 16))
    finally:
        pipe.set_thresholds({})


def test_labels_that_are_none_of_ours_are_refused():
    nlp = blank_deid()
    with pytest.raises(PolicyError, match=r"found 'PERSON'; wanted one of NAME"):
        nlp.get_pipe(FACTORY).add_label("PERSON")


@pytest.mark.parametrize(
    ("option", "value"),
    [("no_such_option", 1), ("decoder", "beam"), ("on_error", "skip"), ("spans_key", 3)],
)
def test_unknown_and_wrong_options_are_refused(option, value):
    with pytest.raises(ConfigValidationError, match=option):
        spacy.blank("en").add_pipe(FACTORY, config={option: value})


def test_a_policy_that_is_none_is_refused_when_the_pipeline_is_built():
    with pytest.raises(PolicyError, match=r"no such file, and no policy of this name"):
        blank_deid(policy="unsafe_harbor")


def test_spans_unite_with_those_of_rules_whatever_the_order(nlp):
    for position in ("first", "last"):
        both = trained_deid()
        both.add_pipe("phi_rules", **{position: True})
        doc = both("Seen by Smith in Boston on 3/14/2019 .")
        assert (27, 36, "DATE") in found(doc)
        assert (8, 13, "DOCTOR") in found(doc)
        assert len(doc.spans["phi"]) == len(doc._.phi)


def test_spans_go_along_in_bytes_and_to_workers(nlp):
    text = "Seen by Smith in Boston today ."
    saved = DocBin(store_user_data=True, docs=[nlp(text)]).to_bytes()
    (doc,) = DocBin().from_bytes(saved).get_docs(nlp.vocab)
    assert found(doc) == NOTES[text]
    for doc in nlp.pipe([text] * 3, n_process=2, batch_size=1):
        assert found(doc) == NOTES[text]


def fail_on_the_secret(monkeypatch):
    predict = DeidPipe.predict

    def broken(self, docs):
        docs = list(docs)
        if any(SECRET in doc.text for doc in docs):
            raise RuntimeError(f"cannot read {SECRET}")
        return predict(self, docs)

    monkeypatch.setattr(DeidPipe, "predict", broken)


def test_a_note_at_which_the_model_fails_raises_by_default(nlp, monkeypatch):
    fail_on_the_secret(monkeypatch)
    with pytest.raises(RuntimeError):
        list(nlp.pipe(["fine", SECRET]))


def test_a_note_at_which_the_model_fails_is_marked_and_alone(monkeypatch):
    nlp = trained_deid(on_error="withhold", policy="safe_harbor")
    fail_on_the_secret(monkeypatch)
    fine, broken = nlp.pipe(["Seen by Smith in Boston today .", f"Hello {SECRET}"])
    assert fine._.deidentified.text == "Seen by [DOCTOR] in [CITY] today ."
    held = broken._.deidentified
    assert held.withheld
    assert SECRET not in held.text + held.withheld + held.notice
    assert "modernbert_deid: RuntimeError" in held.withheld


def test_calibration_and_training_know_the_group(nlp):
    report = nlp.get_pipe(FACTORY).calibrate(phi_examples(nlp))
    assert report.spans == sum(map(len, NOTES.values()))


def test_development_data_without_phi_is_refused(nlp):
    with pytest.raises(ConfigError, match="found no gold span of PHI"):
        nlp.get_pipe(FACTORY).fit_thresholds(phi_examples(nlp)[3:4], target_recall=0.9)


def test_what_rules_before_it_have_found_asks_nothing_of_the_dial(nlp):
    pipe = nlp.get_pipe(FACTORY)
    examples = phi_examples(nlp)
    text = "Unknown Zorblatt came"
    example = phi_examples(nlp)[0]
    example.predicted, example.reference = nlp.make_doc(text), nlp.make_doc(text)
    example.reference.spans["phi"] = [example.reference.char_span(8, 16, "PATIENT")]
    add_phi(example.predicted, [PhiSpan(8, 16, "NAME", ("known",))], by="phi_rules")
    try:
        report = pipe.fit_thresholds([*examples, example], target_recall=0.9, confidence=0.6)
        names = next(row for row in report.rows if row.group == "NAME")
        assert names.recall_before == 1.0
        assert pipe.cfg["thresholds"]["NAME"] == 1.0
    finally:
        pipe.set_thresholds({})
