import json

import pytest
import spacy
import typer
from spacy.cli.evaluate import evaluate
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.calibrate import calibrate, calibrate_pipeline
from spacy_modernbert_bio.errors import ConfigError
from tests.components.labelling import LABELS, make_labelled, make_labeller

PIPE = "modernbert_phenotype"


@pytest.fixture(scope="module")
def untrained(tiny_checkpoint, tmp_path_factory):
    """Knows the labels' shares alone: 0.5 is too high a threshold for it."""
    nlp = make_labeller(tiny_checkpoint)
    nlp.add_pipe("modernbert_ner")
    examples = make_labelled(nlp)
    for each in examples:
        found = each.reference.char_span(0, 2, "WORD")
        each.reference.set_ents([found] if found else [], default="outside")
    nlp.initialize(lambda: examples)
    folder = tmp_path_factory.mktemp("labels")
    nlp.to_disk(folder / "model")
    DocBin(docs=[each.reference for each in examples]).to_disk(folder / "dev.spacy")
    return folder


@pytest.fixture
def model(untrained, tmp_path):
    spacy.load(untrained / "model").to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def data(untrained):
    return untrained / "dev.spacy"


def command(*arguments):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(calibrate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_thresholds_of_labels_are_fitted_saved_and_used(model, data, tmp_path):
    fitted = calibrate_pipeline(model, data, tmp_path / "out", pipes=[PIPE])
    assert not fitted.temperatures
    pipe = spacy.load(tmp_path / "out").get_pipe(PIPE)
    assert pipe.thresholds == {fit.label: fit.threshold for fit in fitted.thresholds[PIPE]}
    before = evaluate(str(model), data)["cats_macro_f"]
    after = evaluate(str(tmp_path / "out"), data)["cats_macro_f"]
    assert after > before


def test_command_shows_each_label_before_and_after(model, data):
    result = command(model, data, "--pipe", PIPE, "--quiet")
    assert result.exit_code == 0, result.output
    for told in ("thresholds for the highest F1", "macro F1 0.000, now 0.", "F1 before", *LABELS):
        assert told in result.stdout
    assert "temperature" not in result.stdout


def test_a_target_recall_is_reached_for_each_label(model, data):
    result = command(model, data, "--pipe", PIPE, "--target-recall", "1", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)[PIPE]
    assert [row["label"] for row in figures["thresholds"]] == list(LABELS)
    assert all(row["recall"] == 1.0 for row in figures["thresholds"])
    f1s = [row["f1"] for row in figures["thresholds"]]
    assert figures["macro_f1"] == pytest.approx(sum(f1s) / 3)
    assert figures["macro_f1_before"] == 0.0
    result = command(model, data, "--pipe", PIPE, "--target-recall", "1")
    assert "thresholds for a recall of 1" in result.stdout


def test_a_target_recall_out_of_range_leaves_the_pipeline_as_it_was(model, data):
    result = command(model, data, "--pipe", PIPE, "--target-recall", "1.5")
    assert result.exit_code == 1
    assert "target_recall): found 1.5; wanted a number above 0, 1 at most" in result.stderr
    assert spacy.load(model).get_pipe(PIPE).cfg["thresholds"] == {}


def test_exclusive_labels_have_nothing_to_fit(tiny_checkpoint, data, tmp_path):
    nlp = make_labeller(tiny_checkpoint, exclusive=True)
    nlp.initialize(lambda: make_labelled(nlp, exclusive=True))
    nlp.to_disk(tmp_path / "model")
    with pytest.raises(ConfigError, match=r"found no component to fit; wanted .* not exclusive"):
        calibrate_pipeline(tmp_path / "model", data, tmp_path / "out")
    with pytest.raises(ConfigError, match="found modernbert_phenotype, which has nothing to fit"):
        calibrate_pipeline(tmp_path / "model", data, tmp_path / "out", pipes=[PIPE])


def test_spans_and_labels_are_fitted_in_one_run(model, data, tmp_path):
    nlp = spacy.load(model)
    gold = list(DocBin().from_disk(data).get_docs(nlp.vocab))
    for doc in gold:
        # Whatever the untrained tagger finds is right.
        doc.ents = [doc.char_span(e.start_char, e.end_char, e.label_) for e in nlp(doc.text).ents]
    DocBin(docs=gold).to_disk(tmp_path / "both.spacy")
    result = command(model, tmp_path / "both.spacy", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["modernbert_ner"]["error_after"] <= figures["modernbert_ner"]["error_before"]
    assert len(figures[PIPE]["thresholds"]) == 3
