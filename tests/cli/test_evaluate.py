import json
from pathlib import Path

import pytest
import spacy
import typer
from spacy.cli.evaluate import evaluate as spacy_evaluate
from spacy.tokens import Doc, DocBin, Span
from typer.testing import CliRunner

from spacy_modernbert_bio.cli.evaluate import evaluate, evaluate_pipeline, tables_of
from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.files import checksum

TEXTS = [
    "Aspirin eased the acute headache.",
    "No fever, no headache.",
    "Fever after aspirin and codeine",
    "  ",
]
# The rulers below find aspirin, headache and fever in any case.
GOLD = [
    [("Aspirin", "DRUG"), ("acute headache", "SIGN")],
    [("fever", "SIGN"), ("headache", "SIGN")],
    [("Fever", "SIGN"), ("aspirin", "DRUG"), ("codeine", "DRUG")],
    [],
]
PATTERNS = [
    {"label": "DRUG", "pattern": [{"LOWER": "aspirin"}]},
    {"label": "SIGN", "pattern": [{"LOWER": {"IN": ["headache", "fever"]}}]},
]


def confide(doc: Doc) -> Doc:
    for span in doc.ents:
        span._.confidence = 0.9 if span.label_ == "DRUG" else 0.6
    return doc


@pytest.fixture(autouse=True)
def confidences(monkeypatch):
    """A component that is sure of drugs and less of signs."""
    if not Span.has_extension("confidence"):
        Span.set_extension("confidence", default=None)
        yield
        Span.remove_extension("confidence")
    else:
        yield


spacy.Language.component("test_confidences", func=confide)


def gold_docs(nlp) -> list[Doc]:
    docs = []
    for text, spans in zip(TEXTS, GOLD, strict=True):
        doc = nlp.make_doc(text)
        found = [
            doc.char_span(text.index(words), text.index(words) + len(words), label=label)
            for words, label in spans
        ]
        doc.ents = found
        doc.spans["sc"] = found
        docs.append(doc)
    return docs


@pytest.fixture
def model(tmp_path) -> Path:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(PATTERNS)
    nlp.add_pipe("test_confidences")
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def data(tmp_path) -> Path:
    path = tmp_path / "dev.spacy"
    DocBin(docs=gold_docs(spacy.blank("en"))).to_disk(path)
    return path


def test_f1_is_that_of_spacy_evaluate(model, data) -> None:
    ours = evaluate_pipeline(str(model), data, pipe="entity_ruler")
    theirs = spacy_evaluate(str(model), data)
    assert ours["micro"]["f1"] == pytest.approx(theirs["ents_f"])
    assert 0 < ours["micro"]["f1"] < 1
    for label, scores in theirs["ents_per_type"].items():
        for ours_name, name in (("precision", "p"), ("recall", "r"), ("f1", "f")):
            assert ours["per_label"][label][ours_name] == pytest.approx(scores[name])


def test_span_groups_are_scored_when_the_component_writes_them(tmp_path, data) -> None:
    nlp = spacy.blank("en")
    scorer = {"@scorers": "spacy.overlapping_labeled_spans_scorer.v1", "spans_key": "sc"}
    ruler = nlp.add_pipe("span_ruler", config={"spans_key": "sc", "scorer": scorer})
    ruler.add_patterns(PATTERNS)
    nlp.to_disk(tmp_path / "groups")
    ours = evaluate_pipeline(str(tmp_path / "groups"), data, pipe="span_ruler")
    theirs = spacy_evaluate(str(tmp_path / "groups"), data, spans_key="sc")
    assert ours["micro"]["f1"] == pytest.approx(theirs["spans_sc_f"])
    assert ours["calibration"] == {"predictions": 0, "expected_error": None, "bins": []}


def test_prediction_over_missing_annotation_is_not_judged(model, tmp_path) -> None:
    nlp = spacy.blank("en")
    partly = nlp.make_doc("Aspirin eased the fever.")
    partly.set_ents([Span(partly, 0, 1, "DRUG")], missing=[partly[2:4]], default="outside")
    unknown = nlp.make_doc("Fever again.")
    path = tmp_path / "partly.spacy"
    DocBin(docs=[partly, unknown]).to_disk(path)
    metrics = evaluate_pipeline(str(model), path, pipe="entity_ruler")
    assert metrics["documents"] == 1
    assert (metrics["micro"]["tp"], metrics["micro"]["fp"], metrics["micro"]["fn"]) == (1, 0, 0)
    assert metrics["micro"]["f1"] == spacy_evaluate(str(model), path)["ents_f"]


def test_calibration_weighs_confidence_against_verdicts(model, data) -> None:
    calibration = evaluate_pipeline(str(model), data, pipe="entity_ruler")["calibration"]
    assert calibration["predictions"] == 6
    assert [row["accuracy"] for row in calibration["bins"]] == [0.75, 1.0]
    # Four signs at 0.6, three of them right; two drugs at 0.9, both right.
    assert calibration["expected_error"] == pytest.approx((4 * 0.15 + 2 * 0.1) / 6)


def command(*arguments: object):
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_command_prints_the_table_and_writes_every_figure(model, data, tmp_path) -> None:
    output = tmp_path / "scores" / "metrics.json"
    result = command(model, data, "--pipe", "entity_ruler", "--output", output, "--quiet")
    assert result.exit_code == 0, result.output
    assert "expected calibration error" in result.stdout
    metrics = json.loads(output.read_text())
    low, high = metrics["micro"]["f1_interval_95"]
    assert 0 <= low < metrics["micro"]["f1"] < high <= 1
    assert metrics["data"] == str(data)
    assert metrics["data_sha256"] == checksum(data)
    assert metrics["versions"]["spacy"] == spacy.__version__
    assert metrics["documents"] == 4
    assert metrics["words_per_second"] == pytest.approx(metrics["words"] / metrics["seconds"])
    told = (output.read_text() + result.output).lower()
    assert not any(words.lower() in told for spans in GOLD for words, _ in spans)


def test_command_gives_json_to_a_script(model, data) -> None:
    result = command(model, data, "--pipe", "entity_ruler", "--json", "--quiet")
    assert json.loads(result.stdout)["component"] == "entity_ruler"


def test_table_ends_with_all_labels_together(model, data) -> None:
    scores, calibration, speed = tables_of(evaluate_pipeline(str(model), data, pipe="entity_ruler"))
    assert [row[0] for row in scores.rows] == ["DRUG", "SIGN", "all"]
    assert scores.rows[-1][-2:] == (7, 6)
    assert [row[2] for row in calibration.rows] == [4, 2]
    assert speed.rows[0][0] == 4


def test_gpu_that_is_not_there_is_one_line_on_stderr(model, data, monkeypatch) -> None:
    monkeypatch.setattr("spacy_modernbert_bio.cli.pipelines.prefer_gpu", lambda gpu_id: False)
    result = command(model, data, "--pipe", "entity_ruler", "--gpu-id", 3)
    assert result.exit_code == 1
    assert "--gpu-id: found no GPU 3 here; wanted a CUDA device, or -1." in result.stderr
    assert result.stdout == ""


def test_missing_model_is_refused(data, tmp_path) -> None:
    with pytest.raises(ConfigError, match="nowhere: found no pipeline; wanted a pipeline's folder"):
        evaluate_pipeline(str(tmp_path / "nowhere"), data)
    with pytest.raises(ConfigError, match="found no pipeline"):
        evaluate_pipeline(str(tmp_path), data)


@pytest.mark.parametrize(
    ("pipe", "found"), [("ner", "ner"), (None, "0 components of the kind modernbert_ner")]
)
def test_component_that_is_not_there_is_refused(model, data, pipe, found) -> None:
    with pytest.raises(
        ConfigError, match=f"--pipe: found {found}; wanted one of entity_ruler, test_confidences"
    ):
        evaluate_pipeline(str(model), data, pipe=pipe)


def test_data_that_cannot_be_scored_is_refused(model, tmp_path) -> None:
    missing, garbage, bare = (tmp_path / name for name in ("a.spacy", "b.spacy", "c.spacy"))
    garbage.write_bytes(b"patient Jane Roe")
    DocBin(docs=[spacy.blank("en").make_doc("Jane Roe")]).to_disk(bare)
    for path, found in (
        (missing, "no such file"),
        (garbage, "bytes that are no DocBin"),
        (bare, "no document with entities"),
    ):
        with pytest.raises(CorpusError, match=found) as caught:
            evaluate_pipeline(str(model), path, pipe="entity_ruler")
        assert "Roe" not in str(caught.value)
