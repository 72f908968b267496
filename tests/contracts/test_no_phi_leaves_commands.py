"""Planted PHI is in nothing that the commands show or leave behind, whichever stage fails."""

import json
import logging
import re
import tempfile
import warnings

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Example
from spacy.util import raise_error
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from spacy_modernbert_bio.deid import operators
from tests.contracts.planted import KEY, NOTE, chain, crash, planted_in
from tests.models.pipelines import LISTENER

CLI = "spacy_modernbert_bio.cli"
FINDERS = "spacy_modernbert_bio.components"
RECORD = {"id": 1, "text": NOTE, "who": "Zebrowski", "mrn": "0485921"}


@pytest.fixture(scope="module")
def nlp(tiny_checkpoint):
    """An encoder, a model, the rules and an audit. The model has learnt nothing."""
    nlp = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(tiny_checkpoint),
        "window": 512,
        "overlap": 64,
    }
    setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
    nlp.add_pipe("transformer", config={"model": model, "set_extra_annotations": setter})
    nlp.add_pipe("modernbert_deid", config={"model": {"tok2vec": LISTENER}})
    nlp.add_pipe("phi_rules", config={"policy": "safe_harbor"})
    nlp.add_pipe("phi_audit")
    reference = nlp.make_doc(NOTE)
    reference.spans["phi"] = [reference.char_span(4, 13, "PATIENT")]
    nlp.initialize(lambda: [Example(nlp.make_doc(NOTE), reference)])
    return nlp


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """What goes in, where all that comes out has to be, and everybody's temporary folder."""
    for name in ("in", "out", "temporary"):
        (tmp_path / name).mkdir()
    # A second note, so that one may fail alone.
    records = (RECORD, {"id": 2, "text": "No PHI."})
    (tmp_path / "in" / "notes.jsonl").write_text("\n".join(map(json.dumps, records)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


class Run:
    """A command with a bar of progress, as in front of somebody."""

    def __init__(self, monkeypatch, nlp, caplog, folders) -> None:
        self.caplog, self.folders = caplog, folders

        def load(_: str):
            """The pipeline as a command finds it; others may have turned something off."""
            for name in nlp.disabled:
                nlp.enable_pipe(name)
            nlp.get_pipe("modernbert_deid").set_thresholds({})
            nlp.set_error_handler(raise_error)
            return nlp

        for module in ("deidentify", "deidentification"):
            monkeypatch.setattr(f"{CLI}.{module}.load_phi_pipeline", load)

    def __call__(self, *arguments: object):
        """What `CliRunner` gives; nothing planted was shown or is left."""
        environment = {"MODERNBERT_BIO_KEY": KEY, "FORCE_COLOR": "1", "TERM": "xterm"}
        with (
            self.caplog.at_level(logging.DEBUG),
            warnings.catch_warnings(record=True) as told,
        ):
            warnings.simplefilter("always")
            result = CliRunner().invoke(app, [*map(str, arguments)], env=environment)
        messages = [warning.message for warning in told]
        assert result.exception is None or isinstance(result.exception, SystemExit)
        shown = [result.output, chain(result.exception), self.caplog.text, *messages]
        left = [path for path in (self.folders / "out").rglob("*") if path.is_file()]
        contents = [path.read_bytes().decode("utf8", "replace") for path in left]
        assert not planted_in(*shown, *left, *contents)
        assert not [path.name for path in left if path.name.startswith(".")]
        assert not [*(self.folders / "temporary").iterdir()]
        return result

    def deidentify(self, *more: object):
        """With all that it can be given."""
        return self(
            *("deidentify", "model", self.folders / "in" / "notes.jsonl", "--note-is-patient"),
            *("--output", self.folders / "out" / "notes.jsonl", "--known", "names=who"),
            *("--known", "identifiers=mrn", "--vault", self.folders / "out" / "way.vault", *more),
        )

    def audit(self, *more: object):
        """Of what `deidentify` wrote, with a report and a page."""
        return self(
            *("audit", self.folders / "out" / "notes.jsonl"),
            *("--originals", self.folders / "in" / "notes.jsonl", "--model", "model"),
            *("--output", self.folders / "out" / "leaks.json"),
            *("--html", self.folders / "out" / "leaks.html", *more),
        )


@pytest.fixture
def run(monkeypatch, nlp, caplog, folders):
    return Run(monkeypatch, nlp, caplog, folders)


def records(folders) -> list[dict]:
    lines = (folders / "out" / "notes.jsonl").read_text(encoding="utf8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("policy", ["safe_harbor", "surrogate"])
def test_notes_that_are_read_well_show_nothing(run, folders, policy):
    result = run.deidentify("--policy", policy)
    assert result.exit_code == 0, result.output
    assert all("text" in record for record in records(folders))
    assert run.audit("--threshold", 1).exit_code in (0, 3)
    assert (folders / "out" / "leaks.html").is_file()


def test_leaks_are_told_without_their_text(run, folders, nlp, monkeypatch):
    """Every name and number is left in the output: the output itself is not looked at."""
    monkeypatch.setattr(f"{FINDERS}.phi_rules.PhiRulesPipe.find", lambda *_: [])
    monkeypatch.setattr(f"{FINDERS}.deid.DeidPipe.predict", lambda _, docs: [])
    monkeypatch.setattr(f"{FINDERS}.deid.DeidPipe.set_annotations", lambda *_: None)
    run.folders = folders / "in"
    (folders / "in" / "out").mkdir()
    (folders / "in" / "temporary").mkdir()
    source = folders / "in" / "notes.jsonl"
    arguments = ("deidentify", "model", source, "--output", folders / "out" / "notes.jsonl")
    assert run(*arguments).exit_code == 0
    report, page = folders / "in" / "out" / "leaks.json", folders / "in" / "out" / "leaks.html"
    written = ("--output", report, "--html", page)
    result = run("audit", folders / "out" / "notes.jsonl", "--originals", source, *written)
    assert result.exit_code == 3
    assert json.loads(report.read_text())["by_kind"]["rules"] >= 4


# A note's own failure: the other one goes out.
OF_A_NOTE = {
    "tokenizer": "spacy.language.Language.make_doc",
    "encoder": "spacy_transformers.pipeline_component.Transformer.predict",
    "coverage": "spacy_transformers.pipeline_component.Transformer.set_annotations",
    "prediction": f"{FINDERS}.deid.DeidPipe.predict",
    "annotation": f"{FINDERS}.deid.DeidPipe.set_annotations",
    "rules": f"{FINDERS}.phi_rules.match_rules",
    "what is known": f"{FINDERS}.phi_rules.find_known",
    "merge": f"{FINDERS}.phi_record.merge_spans",
    "audit of the Doc": f"{FINDERS}.phi_audit.find_note_leaks",
    "de-identification": f"{CLI}.deidentification.deidentify_doc",
    "repeats": "spacy_modernbert_bio.deid.deidentify.find_repeats",
}
# The run's: nothing goes out.
OF_THE_RUN = {
    "reading": f"{CLI}.deidentified_output.read_notes",
    "key": f"{CLI}.deidentify.Key.from_environment",
    "journal": f"{CLI}.journal.as_line",
    "journal, read": f"{CLI}.journal.Journal.records",
    "vault": f"{CLI}.deidentify.write_vault",
    "encryption": "spacy_modernbert_bio.deid.vault.AESGCM",
    "output": f"{CLI}.deidentified_output._write_lines",
    "output, last step": "pathlib.Path.replace",
}


@pytest.mark.parametrize("stage", OF_A_NOTE)
def test_a_stage_that_fails_at_a_note_withholds_it_and_shows_nothing(
    run, folders, monkeypatch, stage
):
    monkeypatch.setattr(OF_A_NOTE[stage], crash)
    result = run.deidentify()
    assert result.exit_code == 1
    assert "2 notes withheld" in re.sub(r"\x1b\[[0-9;]*m", "", result.output)
    assert [*map(sorted, records(folders))] == [["error", "id", "source"]] * 2


@pytest.mark.parametrize("action", ["redact", "generalise"])
def test_an_operator_that_fails_withholds_its_note_alone(run, folders, monkeypatch, action):
    monkeypatch.setitem(operators.OPERATORS, action, crash)
    monkeypatch.setattr(f"{FINDERS}.deid.DeidPipe.set_annotations", lambda *_: None)
    monkeypatch.setattr(f"{FINDERS}.deidentified.check_read", lambda _: None)
    assert run.deidentify().exit_code == 1
    first, second = records(folders)
    assert f"action {action}: found RuntimeError" in first["error"]
    assert second["text"] == "No PHI."


@pytest.mark.parametrize("stage", OF_THE_RUN)
def test_a_stage_that_fails_at_all_notes_ends_the_run_and_shows_nothing(
    run, folders, monkeypatch, stage
):
    monkeypatch.setattr(OF_THE_RUN[stage], crash)
    result = run.deidentify()
    assert result.exit_code == 1
    assert "error: RuntimeError in " in re.sub(r"\x1b\[[0-9;]*m", "", result.output)
    assert not (folders / "out" / "notes.jsonl").exists()


@pytest.mark.parametrize(
    "stage",
    [
        f"{CLI}.deidentified_output.read_notes",
        f"{CLI}.leak_audit.find_note_leaks",
        f"{CLI}.released_notes.apply",
        f"{CLI}.audit.leak_page",
        f"{CLI}.audit.atomic_file",
    ],
)
def test_an_audit_that_fails_shows_nothing(run, folders, monkeypatch, stage):
    assert run.deidentify().exit_code == 0
    monkeypatch.setattr(stage, crash)
    result = run.audit("--threshold", 1)
    assert result.exit_code == 1
    assert "RuntimeError" in result.output


def test_an_evaluation_that_fails_shows_nothing(run, nlp, folders, monkeypatch):
    doc = nlp.make_doc(NOTE)
    doc.spans["phi"] = [doc.char_span(4, 13, "PATIENT")]
    DocBin(store_user_data=True, docs=[doc]).to_disk(folders / "in" / "notes.spacy")
    monkeypatch.setattr(f"{FINDERS}.phi_rules.match_rules", crash)
    result = run("evaluate-phi", "model", folders / "in" / "notes.spacy")
    assert result.exit_code == 1
    assert "RuntimeError in components/phi_rules.py:" in result.stderr
