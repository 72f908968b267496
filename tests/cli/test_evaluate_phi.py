"""modernbert-bio evaluate-phi: figures of what is found, also on damaged notes."""

import json

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.app import app

SECRET = "Zorblatt"
NOTES = {
    f"Mr. {SECRET} was seen on 3/14/2019.": [(4, 12, "PATIENT"), (25, 34, "DATE")],
    "Nothing to hide here.": [],
    f"Then {SECRET} left.": [(5, 13, "PATIENT")],
}


@pytest.fixture
def data(tmp_path):
    nlp = spacy.blank("en")
    docs = []
    for text, spans in NOTES.items():
        doc = nlp.make_doc(text)
        doc.spans["phi"] = [doc.char_span(*span) for span in spans]
        docs.append(doc)
    DocBin(docs=docs).to_disk(tmp_path / "gold.spacy")
    return tmp_path / "gold.spacy"


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate-phi", *map(str, arguments)])


def test_figures_are_those_of_the_notes(data, tmp_path):
    result = run("rules", data, "--perturbed", "--output", tmp_path / "phi.json")
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "phi.json").read_text())
    overall = figures["overall"]
    # Rules find the name after its title and the date, and not the name without a title.
    assert (overall["strict"]["counts"]["tp"], overall["strict"]["counts"]["fn"]) == (2, 1)
    assert overall["redacted_characters"]["part"] == 8 + 9
    assert overall["redacted_characters"]["whole"] == 8 + 9 + 8
    assert (overall["clean_notes"]["part"], overall["clean_notes"]["whole"]) == (1, 2)
    assert overall["over_characters"]["part"] == 0
    assert set(figures["perturbed"]) >= {"line breaks", "lower case"}
    assert figures["per_label"]["DATE"]["strict"]["tp"] == 1
    # A script need not know how rates follow from counts.
    assert overall["strict"]["counts"]["recall"] == pytest.approx(2 / 3)
    assert overall["redacted_characters"]["share"] == pytest.approx(17 / 25)
    assert figures["tokens"]["f1"] > 0
    assert "i2b2 strict" in result.stdout
    assert "line breaks" in result.stdout
    assert SECRET not in result.output + (tmp_path / "phi.json").read_text()


def test_the_notes_are_not_written_over(data):
    before = data.read_bytes()
    result = run("rules", data, "--output", data)
    assert result.exit_code == 1
    assert "--output: found an input; wanted another path" in result.output
    assert data.read_bytes() == before


def test_json_is_for_scripts(data):
    result = run("rules", data, "--json", "--quiet")
    assert json.loads(result.stdout)["overall"]["notes"] == 3


def test_notes_without_annotation_are_refused(tmp_path):
    DocBin(docs=[spacy.blank("en")("Nothing.")]).to_disk(tmp_path / "none.spacy")
    result = run("rules", tmp_path / "none.spacy")
    assert result.exit_code == 1
    assert "found no note with spans of the group phi; wanted annotated notes" in result.output
