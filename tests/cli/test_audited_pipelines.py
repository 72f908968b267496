"""Commands with a pipeline that ends in phi_audit: what is audited is what is given out."""

import json

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app
from tests.components.phi import trained_deid

NOTE = "Mr. Zorblatt seen 3/14/2019, MRN: 0485921."
KEY = "a secret of more than sixteen bytes"


@Language.component("test_forgets_the_last_span")
def forget_the_last(doc: Doc) -> Doc:
    """As a finder that reads all and misses what stands last."""
    record = doc.user_data["modernbert_phi"]
    doc.user_data["modernbert_phi"] = record | {
        name: record[name][:1] for name in ("spans", "found")
    }
    return doc


def run(*arguments: object, key: str | None = None):
    return CliRunner().invoke(app, [*map(str, arguments)], env={"MODERNBERT_BIO_KEY": key})


@pytest.fixture
def make(tmp_path):
    """Notes, and a pipeline of rules with an audit; `finder` comes between."""

    def make(*texts: str, finder: str = "", **audit):
        nlp = spacy.blank("en")
        nlp.add_pipe("phi_rules")
        if finder:
            nlp.add_pipe(finder)
        nlp.add_pipe("phi_audit", config=audit)
        nlp.to_disk(tmp_path / "model")
        records = ({"id": number, "text": text} for number, text in enumerate(texts))
        (tmp_path / "notes.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
        arguments = (tmp_path / "model", tmp_path / "notes.jsonl")
        return ("deidentify", *arguments, "--output", tmp_path / "out.jsonl")

    return make


def records(tmp_path) -> list[dict]:
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def test_the_audits_policy_is_the_pipelines(make, tmp_path):
    result = run(*make(NOTE, policy="safe_harbor", on_leak="withhold"))
    assert result.exit_code == 0, result.output
    (record,) = records(tmp_path)
    assert record["text"] == "Mr. [PATIENT] seen 2019, MRN: [MEDICALRECORD]."


def test_a_note_with_leaks_is_withheld_where_the_pipeline_says_so(make, tmp_path):
    finder = "test_forgets_the_last_span"
    command = make(NOTE, "No PHI.", finder=finder, policy="safe_harbor", on_leak="withhold")
    assert run(*command).exit_code == 1
    held, clean = records(tmp_path)
    assert "found 2 leaks in the new text (2 rules)" in held["error"]
    assert clean["text"] == "No PHI."
    (tmp_path / "out.jsonl").unlink()
    assert run(*make(NOTE, finder=finder, policy="safe_harbor")).exit_code == 0


def test_another_policy_and_the_callers_key_are_audited(make, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    command = make(NOTE, policy="safe_harbor", on_leak="withhold")
    given = ("--policy", "surrogate", "--key-file", key_file, "--note-is-patient")
    result = run(*command, *given)
    assert result.exit_code == 0, result.output
    assert "Zorblatt" not in records(tmp_path)[0]["text"]
    command = make(NOTE, finder="test_forgets_the_last_span", policy="safe_harbor")
    result = run(*command, "--policy", "limited_data_set")
    assert result.exit_code == 0, result.output
    assert "3/14/2019" in records(tmp_path)[0]["text"]


def test_who_gives_no_text_out_audits_none(tmp_path):
    """A policy that needs a key would fail, since there is none."""
    nlp = trained_deid()
    nlp.add_pipe("phi_audit", config={"policy": "surrogate"})
    nlp.to_disk(tmp_path / "model")
    doc = nlp.make_doc("Seen by Smith in Boston today .")
    doc.spans["phi"] = [doc.char_span(8, 13, "DOCTOR")]
    DocBin(docs=[doc]).to_disk(tmp_path / "gold.spacy")
    result = run("evaluate-phi", tmp_path / "model", tmp_path / "gold.spacy", "--json")
    assert result.exit_code == 0, result.output
    source, output = tmp_path / "notes.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": 1, "text": "No complaints"}) + "\n")
    run("deidentify", "rules", source, "--output", output, "--policy", "safe_harbor")
    result = run("audit", output, "--originals", source, "--model", tmp_path / "model")
    assert "0 not audited" in result.output, result.output
