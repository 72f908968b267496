import json

import numpy as np
import pytest
import spacy
import typer
from sklearn.metrics import brier_score_loss, f1_score
from spacy.cli.evaluate import evaluate as spacy_evaluate
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.evaluate_phenotype import evaluate_labels, evaluate_phenotype
from spacy_modernbert_bio.cli.phenotype_figures import tables_of
from spacy_modernbert_bio.errors import ConfigError, CorpusError, ModernBertBioError
from spacy_modernbert_bio.files import checksum
from tests.components.labelling import LABELS, example, make_labelled, make_labeller, make_note

SETTER = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}


def save(nlp, folder):
    nlp.to_disk(folder / "model")
    return str(folder / "model")


@pytest.fixture(scope="module")
def nlp(tiny_checkpoint):
    """Has learnt nothing but the labels' shares: one label always holds, and one never does."""
    nlp = make_labeller(tiny_checkpoint)
    nlp.get_pipe("transformer").set_extra_annotations = spacy.registry.resolve({"s": SETTER})["s"]
    nlp.initialize(lambda: make_labelled(nlp))
    pipe = nlp.get_pipe("modernbert_phenotype")
    pipe.cfg["thresholds"] = {"ASTHMA": 0.0, "GOUT": 0.35, "MIGRAINE": 1.0}
    return nlp


@pytest.fixture(scope="module")
def model(nlp, tmp_path_factory):
    return save(nlp, tmp_path_factory.mktemp("labels"))


@pytest.fixture(scope="module")
def data(nlp, tmp_path_factory):
    """One note has more than 512 pieces, two do not tell of every label, and one of none."""
    docs = [each.reference for each in make_labelled(nlp) if each.text]
    docs.append(example(nlp, make_note(["GOUT"], before=130), {"GOUT": 1.0}).reference)
    docs.append(example(nlp, make_note([]), {"ASTHMA": 1.0, "MIGRAINE": 1.0}).reference)
    docs.append(nlp.make_doc(make_note(["ASTHMA"])))
    path = tmp_path_factory.mktemp("data") / "dev.spacy"
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


@pytest.fixture(scope="module")
def figures(model, data):
    return evaluate_labels(model, data)


def arrays(nlp, data, model):
    """Gold and probabilities of the notes that tell of a label."""
    loaded = spacy.load(model)
    docs = [doc for doc in DocBin().from_disk(data).get_docs(nlp.vocab) if doc.cats]
    gold = np.array([[doc.cats.get(label, np.nan) for label in LABELS] for doc in docs])
    found = [[loaded(doc.text).cats[label] for label in LABELS] for doc in docs]
    return gold, np.array(found)


def test_figures_are_those_of_spacy_evaluate_and_scikit_learn(nlp, model, data, figures):
    theirs = spacy_evaluate(model, data)
    assert figures["macro"]["f1"] == pytest.approx(theirs["cats_macro_f"])
    assert figures["micro"]["f1"] == pytest.approx(theirs["cats_micro_f"])
    assert 0 < figures["micro"]["f1"] < 1
    gold, found = arrays(nlp, data, model)
    known = ~np.isnan(gold)
    for column, label in enumerate(LABELS):
        score = figures["per_label"][label]
        rows = known[:, column]
        holds = found[rows, column] >= score["threshold"]
        assert score["f1"] == pytest.approx(f1_score(gold[rows, column], holds, zero_division=0))
        assert score["roc_auc"] == pytest.approx(theirs["cats_auc_per_type"][label])
        assert score["documents"] == rows.sum()
        assert sum(score["histogram"]["holds"]) == score["tp"] + score["fn"]
        assert sum(score["histogram"]["does_not"]) == rows.sum() - score["tp"] - score["fn"]
    assert figures["brier"] == pytest.approx(brier_score_loss(gold[known], found[known]))


def test_documents_are_counted_by_their_length_in_pieces(nlp, data, figures):
    docs = list(DocBin().from_disk(data).get_docs(nlp.vocab))
    assert figures["documents"] == len(docs) - 1
    assert {name: each["documents"] for name, each in figures["per_length"].items()} == {
        "to 512": len(docs) - 2,
        "to 2,048": 1,
    }


def test_calibration_is_over_all_that_is_known(nlp, data, figures):
    known = sum(len(doc.cats) for doc in DocBin().from_disk(data).get_docs(nlp.vocab))
    assert figures["calibration"]["predictions"] == known
    assert figures["calibration"]["expected_error"] == pytest.approx(
        sum(
            row["count"] * abs(row["confidence"] - row["accuracy"])
            for row in figures["calibration"]["bins"]
        )
        / known
    )


def test_a_label_can_be_left_out_of_averages(model, data, figures):
    fewer = evaluate_labels(model, data, excluded=["ASTHMA"])
    kept = [figures["per_label"][label]["f1"] for label in ("GOUT", "MIGRAINE")]
    assert fewer["macro"]["f1"] == pytest.approx(np.mean(kept))
    assert fewer["per_label"]["ASTHMA"] == figures["per_label"]["ASTHMA"] | {"counted": False}
    labels = next(iter(tables_of(fewer)))
    assert labels.rows[0][0] == "ASTHMA (left out)"


def test_exclusive_labels_are_judged_by_the_likeliest(tiny_checkpoint, tmp_path):
    nlp = make_labeller(tiny_checkpoint, exclusive=True)
    examples = make_labelled(nlp, exclusive=True)
    nlp.initialize(lambda: examples)
    DocBin(docs=[each.reference for each in examples]).to_disk(tmp_path / "dev.spacy")
    figures = evaluate_labels(save(nlp, tmp_path), tmp_path / "dev.spacy")
    right = [
        max(doc.cats, key=doc.cats.get) == label
        for doc, label in zip(nlp.pipe(each.text for each in examples), LABELS, strict=True)
    ]
    assert figures["accuracy"] == figures["micro"]["f1"] == pytest.approx(np.mean(right))
    assert figures["calibration"]["predictions"] == 3
    assert figures["brier"] > 0.5
    assert all(each["threshold"] is None for each in figures["per_label"].values())
    assert [row[1] for row in next(iter(tables_of(figures))).rows] == [None] * 3


def command(*arguments):
    app = typer.Typer()
    app.command()(evaluate_phenotype)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_command_prints_tables_and_writes_figures_and_a_page(model, data, tmp_path):
    output, html = tmp_path / "scores" / "metrics.json", tmp_path / "report.html"
    result = command(
        model, data, "--output", output, "--html", html, "--exclude-labels", "GOUT", "--quiet"
    )
    assert result.exit_code == 0, result.output
    for told in ("macro F1", "GOUT (left out)", "by document", "By length", "words/s"):
        assert told in result.stdout
    figures = json.loads(output.read_text())
    assert figures["data_sha256"] == checksum(data)
    assert figures["versions"]["spacy"] == spacy.__version__
    assert figures["seconds"] > 0
    low, high = figures["macro"]["f1_interval_95"]
    assert 0 <= low <= figures["macro"]["f1"] <= high <= 1
    page = html.read_text()
    assert page.startswith("<!doctype html>")
    assert figures["data_sha256"] in page
    assert "Reliability" in page
    for text in ("Severe", "No pain today"):
        assert text not in page + output.read_text() + result.output


def test_command_gives_json_to_a_script(model, data):
    result = command(model, data, "--json", "--quiet", "--seed", 3)
    figures = json.loads(result.stdout)
    assert (figures["component"], figures["seed"]) == ("modernbert_phenotype", 3)


def test_what_cannot_be_scored_is_refused(model, data, nlp, tmp_path):
    with pytest.raises(ConfigError, match="--exclude-labels: found FLU; wanted some of ASTHMA"):
        evaluate_labels(model, data, excluded=["FLU"])
    with pytest.raises(ConfigError, match="--exclude-labels: found all labels"):
        evaluate_labels(model, data, excluded=LABELS)
    with pytest.raises(ConfigError, match="--pipe: found transformer; wanted a component of the"):
        evaluate_labels(model, data, pipe="transformer")
    with pytest.raises(ConfigError, match="--pipe: found ner; wanted one of transformer"):
        evaluate_labels(model, data, pipe="ner")
    path = tmp_path / "other.spacy"
    DocBin(docs=[example(nlp, "Jane Roe", {"FLU": 1.0}).reference]).to_disk(path)
    with pytest.raises(CorpusError, match="found no document with a label of this component"):
        evaluate_labels(model, path)
    DocBin(docs=[example(nlp, "Jane Roe", {"GOUT": 0.5}).reference]).to_disk(path)
    with pytest.raises(ModernBertBioError, match=r"other.spacy: doc.cats\['GOUT'\]: found 0.5"):
        evaluate_labels(model, path)


@pytest.mark.parametrize("option", ["--output", "--html"])
def test_the_data_are_not_written_over(model, data, option):
    before = data.read_bytes()
    result = command(model, data, option, data)
    assert result.exit_code == 1
    assert f"{option}: found an input; wanted another path" in result.stderr
    assert data.read_bytes() == before
