"""The benchmark of labels compares like with like; how fast things are is no test's business."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from spacy_modernbert_bio.benchmarks.labelling import (
    PlainClassifier,
    head_share,
    labelling_pipeline,
    labelling_workloads,
    prepare_labelling,
)
from spacy_modernbert_bio.benchmarks.speed import Workload
from spacy_modernbert_bio.cli import benchmark_labelling
from spacy_modernbert_bio.cli.benchmark import app
from spacy_modernbert_bio.encoder.checkpoint import save_checkpoint
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from tests.conftest import make_checkpoint, make_config

TEXTS = ["The patient has asthma.", "Known gout, treated for years. No fever."]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: PieceTokenizer) -> Path:
    """As long a context as the workloads need."""
    folder = tmp_path_factory.mktemp("labelling") / "checkpoint"
    config = make_config(max_position_embeddings=8192)
    save_checkpoint(make_checkpoint(config, tiny_tokenizer), folder)
    return folder


def test_workloads_are_what_their_names_say() -> None:
    made = labelling_workloads()
    assert made["long"].lengths == (8192,)
    assert len(made["short"].lengths) == 64
    assert 20 <= min(made["short"].lengths) <= max(made["short"].lengths) <= 400


def test_ours_makes_every_label_and_its_evidence(checkpoint: Path) -> None:
    doc = labelling_pipeline(checkpoint, "fp32", labels=3)(TEXTS[1])
    assert list(doc.cats) == ["LABEL_0", "LABEL_1", "LABEL_2"]
    assert {span.label_ for span in doc.spans["evidence"]} == set(doc.cats)


def test_theirs_gives_every_text_its_logits(checkpoint: Path) -> None:
    plain = PlainClassifier(checkpoint, torch.float32, labels=3)
    assert plain.padded(TEXTS).shape == (2, 3)
    torch.testing.assert_close(plain.padded(TEXTS)[:1], plain.padded(TEXTS[:1]))


def test_the_classifiers_share_is_of_the_encoders_time(checkpoint: Path) -> None:
    assert head_share(labelling_pipeline(checkpoint, "fp32", labels=3), TEXTS) > 0.0


@pytest.mark.parametrize("contender", ["ours", "padded"])
def test_what_memory_is_measured_of_runs(contender: str, checkpoint: Path) -> None:
    warm, run = prepare_labelling(contender, checkpoint, TEXTS)
    warm()
    run()


def test_the_command_prints_ratios_and_the_classifiers_share(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"long": Workload("one note", (40,)), "short": Workload("three notes", (9, 20, 30))}
    monkeypatch.setattr(benchmark_labelling, "labelling_workloads", lambda: few)
    output = tmp_path / "labelling.json"
    options = ["--rounds", "1", "--threads", "1", "--workload", "short", "--no-memory"]
    options += ["--output", str(output)]
    result = CliRunner().invoke(app, ["labelling", str(checkpoint), *options])
    assert result.exit_code == 0, result.output
    assert "the classifier adds" in result.output
    (race,) = json.loads(output.read_text())["races"]
    assert list(race["times_ours"]) == [
        "modernbert_phenotype",
        "transformers, padded",
        "transformers, one by one",
    ]


def test_an_unknown_workload_is_refused(checkpoint: Path) -> None:
    result = CliRunner().invoke(app, ["labelling", str(checkpoint), "--workload", "novels"])
    assert result.exit_code == 1
    assert "--workload: found novels; wanted one of long, short" in result.output
