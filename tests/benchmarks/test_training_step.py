"""Both learners take the same step; how fast they are is no test's business."""

import json

import pytest
import torch
from typer.testing import CliRunner

from spacy_modernbert_bio.benchmarks.training_step import (
    CHECKPOINTED,
    OURS,
    PLAIN,
    Learner,
    make_step_batch,
    prepare_step,
    training_workloads,
)
from spacy_modernbert_bio.cli.benchmark import app
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint


def test_workloads_are_mixed_notes_and_one_of_the_whole_context():
    made = training_workloads(8192)
    assert made["long"].lengths == (8192,)
    assert len(made["mixed"].lengths) == 8
    assert max(made["mixed"].lengths) == 1024
    assert min(made["mixed"].lengths) >= 64
    assert max(training_workloads(512)["mixed"].lengths) == 512


def test_a_batch_has_the_lengths_and_the_share_of_masks_that_were_asked_for(tiny_checkpoint):
    batch = make_step_batch(tiny_checkpoint, (300, 20, 511))
    assert tuple(batch.layout.lengths) == (300, 20, 511)
    assert 0.1 < batch.supervised / 831 < 0.2
    assert not batch.causal


@pytest.mark.parametrize("kind", [CHECKPOINTED, PLAIN])
def test_losses_agree_and_weights_stay(tiny_checkpoint, kind):
    batch = make_step_batch(tiny_checkpoint, (64, 9, 200))
    ours, other = (Learner(name, tiny_checkpoint).build() for name in (OURS, kind))
    losses = [ours(batch), ours(batch), other(batch), other(batch)]
    assert losses[0] == losses[1]
    assert losses == pytest.approx([losses[0]] * 4, abs=1e-4)


def test_the_warm_step_is_short_and_the_other_is_the_batch(tiny_checkpoint):
    batch = make_step_batch(tiny_checkpoint, (200, 100))
    warm, step = prepare_step(Learner(OURS, tiny_checkpoint), batch)
    assert warm() != step()
    assert step() == Learner(OURS, tiny_checkpoint).build()(batch)


@pytest.mark.slow
def test_the_command_prints_ratios_losses_and_peaks(tiny_checkpoint, tmp_path):
    output = tmp_path / "training.json"
    arguments = ["--workload", "mixed", "--rounds", "1", "--threads", "1", "--output", str(output)]
    result = CliRunner().invoke(app, ["training", str(tiny_checkpoint), *arguments])
    torch.set_num_threads(1)
    assert result.exit_code == 0, result.output
    for kind in (OURS, CHECKPOINTED, PLAIN):
        assert kind in result.stdout
    (race,) = json.loads(output.read_text())["races"]
    context = load_checkpoint(tiny_checkpoint).config.max_position_embeddings
    assert race["workload"] == f"8 notes of {context // 16}-{context} pieces"
    assert all(row["peak_megabytes"] >= 0 for row in race["contenders"].values())


def test_an_unknown_workload_of_training_is_refused(tiny_checkpoint):
    result = CliRunner().invoke(app, ["training", str(tiny_checkpoint), "--workload", "novels"])
    assert result.exit_code == 1
    assert "--workload: found novels; wanted one of mixed, long" in result.output
