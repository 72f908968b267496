"""Planted PHI is in no log, warning, message or repr, whichever stage of de-identification fails.

With `on_error = "withhold"` here; the commands are in `test_no_phi_leaves_commands.py`.
"""

import dataclasses
import importlib
import logging
import pkgutil
import warnings

import pytest

import spacy_modernbert_bio.deid
from spacy_modernbert_bio.cli.deidentification import Request
from spacy_modernbert_bio.cli.leak_audit import AuditedNote
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.cli.released_notes import ReleasedNote
from spacy_modernbert_bio.components.deidentified import deidentify_doc
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats.physionet_tags import read_gaps
from spacy_modernbert_bio.deid import operators
from spacy_modernbert_bio.deid.deidentify import deidentify
from spacy_modernbert_bio.deid.drawing import Avoid, Draw
from spacy_modernbert_bio.deid.gazetteer import Patient
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.known_text import KnownText
from spacy_modernbert_bio.deid.labels import CATEGORIES
from spacy_modernbert_bio.deid.leak_report import LeakReport
from spacy_modernbert_bio.deid.leak_search import search_originals
from spacy_modernbert_bio.deid.leaks import find_leaks
from spacy_modernbert_bio.deid.names import read_name
from spacy_modernbert_bio.deid.operators import Context
from spacy_modernbert_bio.deid.originals import read_originals
from spacy_modernbert_bio.deid.policy import ACTIONS, Policy, load_policy
from spacy_modernbert_bio.deid.readings import read_plain
from spacy_modernbert_bio.deid.rules.shadow import make_shadow
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.deid.vault import VaultEntry
from spacy_modernbert_bio.deid.written_dates import read_dates
from spacy_modernbert_bio.errors import ModernBertBioError
from spacy_modernbert_bio.evaluation.phi_scores import ScoredNote
from tests.components.phi import trained_deid
from tests.contracts.planted import KEY, KNOWN, NOTE, chain, crash, planted_in

PACKAGE = "spacy_modernbert_bio"
SPANS = [PhiSpan(4, 13, "PATIENT", ("model",)), PhiSpan(19, 28, "DATE", ("rules",))]


@pytest.fixture(scope="module")
def nlp():
    """A model, the rules, what is known, and an audit of what comes out."""
    nlp = trained_deid(on_error="withhold", policy="surrogate")
    nlp.add_pipe("phi_rules", config={"on_error": "withhold"})
    nlp.add_pipe("phi_audit", config={"on_leak": "withhold"})
    return nlp


def run(nlp, caplog, capfd):
    """The de-identified note, and all that was shown meanwhile."""
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ((doc, _),) = nlp.pipe([(NOTE, {"patient": KNOWN})], as_tuples=True)
        result = deidentify_doc(doc, key=Key(KEY.encode()))
    output = capfd.readouterr()
    shown = [caplog.text, output.out, output.err, *(warning.message for warning in told)]
    return result, [*shown, result, result.withheld, result.notice, doc._.phi, doc._.phi_leaks]


def test_a_note_that_is_read_well_shows_nothing(nlp, monkeypatch, caplog, capfd):
    monkeypatch.setenv("MODERNBERT_BIO_KEY", KEY)
    result, shown = run(nlp, caplog, capfd)
    assert not result.withheld
    assert len(result.replacements) >= 5
    assert not planted_in(result.text, *shown, *map(repr, result.replacements))


STAGES = (
    "components.deid.DeidPipe.predict",
    "components.deid.DeidPipe.set_annotations",
    "components.deid.add_phi",
    "components.deid.take_context",
    "components.phi_rules.take_context",
    "components.phi_rules.match_rules",
    "components.phi_rules.find_known",
    "components.phi_rules.add_phi",
    "components.phi_record.merge_spans",
    "components.phi_audit.find_note_leaks",
    "components.deidentified.check_read",
    "components.deidentified.find_patient",
    "components.deidentified.find_all_phi",
    "components.deidentified.deidentify",
    "deid.keys.Key.patient",
    "deid.keys.PatientKey.digest",
    "deid.deidentify.merge_spans",
    "deid.deidentify.find_repeats",
    "deid.deidentify.apply",
    "deid.deidentify.count_replacements",
)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_fails_withholds_the_note_and_shows_nothing(
    stage, nlp, monkeypatch, caplog, capfd
):
    monkeypatch.setenv("MODERNBERT_BIO_KEY", KEY)
    monkeypatch.setattr(f"{PACKAGE}.{stage}", crash)
    result, shown = run(nlp, caplog, capfd)
    assert result.withheld
    assert result.text == "[NOTE WITHHELD]"
    assert not planted_in(*shown)


def test_a_network_that_fails_shows_nothing(nlp, monkeypatch, caplog, capfd):
    monkeypatch.setenv("MODERNBERT_BIO_KEY", KEY)
    network = nlp.get_pipe("modernbert_deid").model.layers[0]
    monkeypatch.setattr(network, "_func", crash)
    result, shown = run(nlp, caplog, capfd)
    assert "RuntimeError" in result.withheld
    assert not planted_in(*shown)


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "keep"])
def test_an_operator_that_fails_raises_an_error_without_text(action, monkeypatch):
    monkeypatch.setitem(operators.OPERATORS, action, crash)
    label = "DATE" if action in ("shift", "generalise") else "NAME"
    policy = Policy("own", dict.fromkeys(CATEGORIES, "redact") | {label: action}, "a test")
    with pytest.raises(ModernBertBioError, match="found RuntimeError while it ran") as caught:
        deidentify(NOTE, SPANS, policy, key=Key(KEY.encode()).patient("7"))
    assert not planted_in(chain(caught.value))


def test_an_operator_that_fails_withholds_the_note(nlp, monkeypatch, caplog, capfd):
    monkeypatch.setenv("MODERNBERT_BIO_KEY", KEY)
    monkeypatch.setitem(operators.OPERATORS, "surrogate", crash)
    result, shown = run(nlp, caplog, capfd)
    assert "action surrogate: found RuntimeError" in result.withheld
    assert not planted_in(*shown)


def test_refusals_of_our_own_hold_no_text(monkeypatch):
    """What a caller may do wrong with a note in hand."""
    monkeypatch.delenv("MODERNBERT_BIO_KEY", raising=False)
    redact = load_policy("safe_harbor")
    wrong = (
        lambda: deidentify(NOTE, SPANS, load_policy("surrogate")),
        lambda: deidentify(NOTE, SPANS, redact, whole=False),
        lambda: deidentify(NOTE, [PhiSpan(0, 10**6, "PATIENT")], redact),
        lambda: Patient.from_mapping({NOTE: NOTE}),
        lambda: Patient.from_mapping({"names": [3, NOTE]}),
        lambda: Key(b"Zebrowski"),
        lambda: ScoredNote(NOTE, ((0, 10**6, "NAME"),), ()),
        lambda: find_leaks(NOTE, [("DATE", NOTE)], new=[(0, 10**6)]),
    )
    for call in wrong:
        with pytest.raises(ModernBertBioError) as caught:
            call()
        assert not planted_in(chain(caught.value))


def objects() -> list[object]:
    """One of each class that has to do with a note, with PHI in it."""
    key = Key(KEY.encode())
    patient = Patient.from_mapping(KNOWN)
    policy = load_policy("safe_harbor")
    done = deidentify(NOTE, SPANS, policy)
    (date,) = read_dates("3/14/2019")
    name = read_name("Mr. Zebrowski")
    original = read_originals([("PATIENT", "Zebrowski")])[0]
    leaks = find_leaks(NOTE, [("PATIENT", "Zebrowski")])
    report = LeakReport()
    report.add("notes.jsonl:1", leaks)
    gaps = read_gaps("Mr. [**Zebrowski**] left", "Mr. Zebrowski left")
    assert gaps is not None
    shadow = make_shadow(NOTE)
    return [
        *(key, key.patient("0485921"), patient, policy, done, *done.replacements, done.offsets),
        *(done.audit, date, *date.pieces, name, *name.parts, original, *leaks, report),
        *(*report.rows(), *search_originals(NOTE, [original]), *gaps.gaps, gaps),
        *(shadow, KnownText(shadow, read_plain(NOTE)), read_plain(NOTE), Avoid([NOTE])),
        Draw(key.patient("7"), Avoid([NOTE])),
        Context("PATIENT", policy, key.patient("7"), forbidden=Avoid({"zebrowski"})),
        VaultEntry("0485921", 4, 13, "Zebrowski", "[PATIENT]"),
        ScoredNote(NOTE, ((4, 13, "NAME"),), ()),
        Note("notes.jsonl:1", 1, NOTE, {"who": NOTE}),
        ReleasedNote("a:1", NOTE, done.text, done.replacements, done.offsets, policy.name),
        AuditedNote("a:1", tuple(leaks)),
        Request(policy, key, {"names": "who"}, (), note_is_patient=True),
        Document("1", NOTE, (TextSpan(4, 13, "NAME", "a:1"),), "a:1"),
        *SPANS,
    ]


def test_no_repr_holds_text():
    for each in objects():
        assert not planted_in(repr(each), str(each), f"{each}"), type(each).__name__


# Classes of `deid` that hold what the package knows, and nothing of a note; so do all of `rules`.
OF_THE_PACKAGE = {"Form", "Identifier", "ZipTable"}


def test_every_class_of_deid_was_shown():
    """A new one that holds text is not forgotten above."""
    folder = spacy_modernbert_bio.deid.__path__
    modules = [each.name for each in pkgutil.walk_packages(folder, f"{PACKAGE}.deid.")]
    public = {
        name
        for module in map(importlib.import_module, modules)
        for name, value in vars(module).items()
        if dataclasses.is_dataclass(value)
        and not name.startswith("_")
        and not value.__module__.startswith(f"{PACKAGE}.deid.rules.")
    }
    assert public - OF_THE_PACKAGE <= {type(each).__name__ for each in objects()}
    assert public > OF_THE_PACKAGE


def test_components_and_docs_show_nothing_of_a_note(nlp):
    for _ in nlp.pipe([(NOTE, {"patient": KNOWN})], as_tuples=True):
        pass
    assert not planted_in(*map(repr, dict(nlp.pipeline).values()))
