import json
from dataclasses import replace

import pytest
import spacy
import typer
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.calibrate import calibrate, calibrate_pipeline
from spacy_modernbert_bio.components.recall_fit import DialReport, DialRow
from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.evaluation.recall_threshold import RecallThreshold
from tests.components.phi import phi_examples, trained_deid
from tests.components.tagging import MODEL, TEXTS, blank, corpus, spans_of, train


@pytest.fixture(scope="module")
def trained_twice(tmp_path_factory):
    """A pipeline whose two heads listen to one network, and clean nothing up."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": MODEL["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
    for name, key in (("flat", None), ("sites", "sites")):
        config = {"model": MODEL | {"tok2vec": listener}, "spans_key": key}
        nlp.add_pipe("modernbert_ner", name=name, config=config)
    examples = corpus(nlp)
    for example in examples:
        example.reference.spans["sites"] = list(example.reference.ents)
    train(nlp, examples)
    path = tmp_path_factory.mktemp("calibrate") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture
def model(trained_twice, tmp_path):
    nlp = spacy.load(trained_twice)
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def data(tmp_path):
    """Gold that has only the first span of each text: the model is wrong about the others."""
    docs = []
    nlp = blank()
    for text, spans in TEXTS.items():
        doc = nlp.make_doc(text)
        doc.set_ents([doc.char_span(*span) for span in spans[:1]], default="outside")
        doc.spans["sites"] = list(doc.ents)
        docs.append(doc)
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    return tmp_path / "dev.spacy"


def command(*arguments):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(calibrate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def temperatures(path):
    nlp = spacy.load(path)
    return {name: nlp.get_pipe(name).cfg["temperature"] for name in ("flat", "sites")}


def test_every_head_gets_a_temperature_that_is_saved(model, data, tmp_path):
    fitted = calibrate_pipeline(model, data, tmp_path / "calibrated")
    assert not fitted.dials
    reports = fitted.temperatures
    saved = temperatures(tmp_path / "calibrated")
    # spaCy's JSON may change a float's last bit.
    assert saved == pytest.approx({name: each.temperature for name, each in reports.items()})
    assert all(report.temperature > 1.0 for report in reports.values())
    assert temperatures(model) == {"flat": 1.0, "sites": 1.0}


def test_predictions_stay_as_they_were(model, data, tmp_path):
    calibrate_pipeline(model, data, tmp_path / "calibrated")
    before, after = spacy.load(model), spacy.load(tmp_path / "calibrated")
    for text in TEXTS:
        assert spans_of(before(text)) == spans_of(after(text))


def test_command_writes_back_and_prints_the_error_before_and_after(model, data):
    result = command(model, data, "--quiet")
    assert result.exit_code == 0, result.output
    assert "error before  error after" in result.stdout
    assert temperatures(model)["flat"] > 1.0


def test_one_head_alone_can_be_calibrated(model, data):
    result = command(model, data, "--pipe", "sites", "--json")
    assert list(json.loads(result.stdout)) == ["sites"]
    assert temperatures(model)["flat"] == 1.0 != temperatures(model)["sites"]


def test_a_component_with_nothing_to_fit_is_refused_in_one_line(model, data):
    result = command(model, data, "--pipe", "tok2vec")
    assert result.exit_code == 1
    assert "found tok2vec, which has nothing to fit; wanted one of flat, sites" in result.stderr


def test_a_pipeline_without_a_head_is_refused(tmp_path, data):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ConfigError, match="found no component to fit; wanted a pipeline with"):
        calibrate_pipeline(tmp_path / "blank", data, tmp_path / "out")


def test_a_failure_leaves_the_pipeline_as_it_was(model, tmp_path):
    before = temperatures(model)
    (tmp_path / "bad.spacy").write_bytes(b"no DocBin")
    with pytest.raises(CorpusError):
        calibrate_pipeline(model, tmp_path / "bad.spacy", model)
    assert temperatures(model) == before


def test_an_output_that_is_no_pipeline_is_not_written_over(model, data, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("years of work")
    before = data.read_bytes()
    for output, told in (
        (tmp_path / "papers", "found a file, or a folder without a pipeline; wanted a new folder"),
        (tmp_path / "papers" / "thesis.txt", "found a file, or a folder without a pipeline"),
        (data, "--output: found an input; wanted another path"),
        (data.parent, "--output: found a folder that holds an input"),
    ):
        result = command(model, data, "--output", output)
        assert result.exit_code == 1
        assert told in result.output
    assert (tmp_path / "papers" / "thesis.txt").read_text() == "years of work"
    assert data.read_bytes() == before


def test_a_target_recall_is_for_phi_and_labels_of_documents(model, data):
    result = command(model, data, "--target-recall", "0.9")
    assert result.exit_code == 1
    assert "--target-recall: found only flat, sites; wanted a modernbert_deid or" in result.stderr


def test_thresholds_of_a_target_recall_are_saved_and_shown(tmp_path):
    nlp = trained_deid()
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[each.reference for each in phi_examples(nlp)]).to_disk(tmp_path / "dev.spacy")
    target = ("--target-recall", "0.5", "--confidence", "0.6")
    result = command(tmp_path / "model", tmp_path / "dev.spacy", *target)
    assert result.exit_code == 0, result.output
    assert "recall before" in result.stdout
    thresholds = spacy.load(tmp_path / "model").get_pipe("modernbert_deid").cfg["thresholds"]
    assert set(thresholds) == {"LOCATION", "NAME"}
    result = command(tmp_path / "model", tmp_path / "dev.spacy", *target, "--json")
    dial = json.loads(result.stdout)["modernbert_deid"]["dial"]
    assert dial["thresholds"] == pytest.approx(thresholds)
    assert {row["group"] for row in dial["rows"]} == {"LOCATION", "NAME"}


def test_a_target_that_was_not_reached_says_why(tmp_path, monkeypatch):
    nlp = trained_deid()
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[each.reference for each in phi_examples(nlp)]).to_disk(tmp_path / "dev.spacy")

    def fit(*_, **__):
        few = RecallThreshold(0.5, 1.0, 0.9, spans=9, documents=3, reached=False)
        rows = (DialRow("DATE", few, 1.0), DialRow("NAME", replace(few, recall=0.8), 0.5))
        return DialReport(rows, {"AGE": 0.2, "DATE": 0.5, "NAME": 0.4}, 0.0, 0.1)

    monkeypatch.setattr("spacy_modernbert_bio.components.deid.fit_dial", fit)
    target = ("--target-recall", "0.95", "--output", tmp_path / "out")
    result = command(tmp_path / "model", tmp_path / "dev.spacy", *target)
    assert result.exit_code == 0, result.output
    told = {line.split("  ")[0]: line for line in result.stdout.splitlines()}
    assert "no: too few spans" in told["DATE"]
    assert "no: some have no chance" in told["NAME"]
    # Nothing of it is gold, and words of others that seem to be of it need it.
    assert "0.2000" in told["AGE"]
    kept = spacy.load(tmp_path / "out").get_pipe("modernbert_deid").cfg["thresholds"]
    assert kept == {"AGE": 0.2, "DATE": 0.5, "NAME": 0.4}
