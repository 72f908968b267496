"""A run's record, its page and its card: the run's own figures, and nothing of its texts."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.model_card import write_model_card
from spacy_modernbert_bio.pretraining.phases import run_phases
from spacy_modernbert_bio.pretraining.run_page import write_report
from spacy_modernbert_bio.pretraining.run_record import RECORD, RunRecord
from spacy_modernbert_bio.pretraining.summary import losses_table
from tests.pretraining.runs import TEXT, make_run


@pytest.fixture
def record(finished: Path) -> RunRecord:
    return RunRecord.read(finished)


def test_the_record_is_what_was_run(finished, record):
    assert [(p.name, p.objective, p.steps, p.step, p.finished) for p in record.phases] == [
        ("clm", "clm", 6, 6, True),
        ("mlm", "mlm", 4, 10, True),
    ]
    assert record.phases[1].pieces == 4 * 4 * 48
    assert record.config["batch"]["row_tokens"] == 48
    assert record.architecture["num_hidden_layers"] == 4
    shares = {name: of["share"] for name, of in record.sources.items()}
    assert shares == {"papers": 0.75, "notes": 0.25}
    assert all(of["heldout_documents"] > 0 for of in record.sources.values())
    assert (record.processes, record.precision) == (1, "float32")


def test_a_phase_that_is_not_complete_is_said_to_be(tmp_path, tiny_checkpoint):
    config = make_run(tmp_path, tiny_checkpoint)
    run_phases(config, until="clm")
    output = Path(config.run.output)
    assert [phase.finished for phase in RunRecord.read(output).phases] == [True, False]
    write_report(output, tmp_path / "page.html")
    assert "Complete: clm." in (tmp_path / "page.html").read_text()


def test_no_record_or_a_damaged_one_is_named(tmp_path, finished):
    with pytest.raises(CorpusError, match=r"run.json: found no readable record of a run"):
        RunRecord.read(tmp_path)
    content = json.loads((finished / RECORD).read_text())
    del content["phases"]
    for text in ("{", "[]", json.dumps(content)):
        (tmp_path / RECORD).write_text(text)
        with pytest.raises(CorpusError, match=r"run.json: found no readable record of a run"):
            RunRecord.read(tmp_path)


def test_losses_stand_where_phases_began_and_ended(finished, record):
    _, validations = read_metrics(finished / METRICS)
    at = {(v.step, v.objective): v for v in validations}
    entropy = validations[0].unigram_entropy
    assert [tuple(row) for row in losses_table(validations, record).rows] == [
        (place, step, at[step, "clm"].loss, at[step, "mlm"].loss, entropy)
        for step, place in ((0, "start"), (6, "end of clm"), (10, "end of mlm"))
    ]


def test_the_page_shows_figures_curves_and_settings_and_no_text(finished, tmp_path):
    write_report(finished, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    steps, validations = read_metrics(finished / METRICS)
    assert "Complete: clm, mlm." in page
    assert f"<td>{validations[-1].loss:.4f}</td>" in page
    assert page.count("<figure") == 6
    assert "<td>phases.mlm.masked</td><td>0.3</td>" in page
    speed = steps[-1].pieces / sum(step.seconds for step in steps)
    assert f"{speed:.2f}" in page
    assert not any(f"{one} {two}" in page for one, two in re.findall(r"(\w+) (\w+)", TEXT))
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_card_tells_data_recipe_losses_and_how_to_load(finished, record):
    for phase, words in (("clm", "causal"), ("mlm", "fill-mask")):
        card = (finished / phase / "README.md").read_text()
        assert card.startswith("---\nlibrary_name: transformers\n")
        assert f"end of {phase}" in card
        assert words in card
        assert ("6 steps of CLM (clm), then 4 steps of MLM (mlm)." in card) == (phase == "mlm")
        for name, counts in record.sources.items():
            assert re.search(rf"{name} +\| +0\.\d+ +\| +{counts['documents']} ", card), card
        assert str(finished) not in card
        assert "AutoModelForMaskedLM" in card
        assert (finished / phase / "curves.html").read_text().count("<figure") == 2
    _, validations = read_metrics(finished / METRICS)
    ends = {v.step: v for v in validations if v.objective == "mlm"}
    first, last = ((finished / phase / "README.md").read_text() for phase in ("clm", "mlm"))
    assert f"{ends[10].loss:.4f}" in last
    assert f"{ends[10].loss:.4f}" not in first
    assert f"{ends[6].loss:.4f}" in first


@pytest.mark.parametrize(
    ("start", "base"),
    [
        ("answerdotai/ModernBERT-base", "base_model: answerdotai/ModernBERT-base"),
        ("pretraining/mini/start", None),
        ("/models/modernbert", None),
        ("start", None),
    ],
)
def test_a_base_model_is_named_where_the_start_is_of_the_hub(
    finished, record, tmp_path, start, base
):
    write_model_card(tmp_path, replace(record, start=start), "clm", [], [])
    front = (tmp_path / "README.md").read_text().split("---")[1]
    assert re.findall(r"^base_model.*", front, flags=re.MULTILINE) == ([base] if base else [])
