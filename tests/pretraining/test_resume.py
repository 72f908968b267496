"""A run that was ended, stopped or killed goes on as if it had not been."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from spacy_modernbert_bio.encoder.checkpoint import save_checkpoint
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.errors import ConfigError, ResumeError, TrainingError
from spacy_modernbert_bio.pretraining.checkpoints import CHECKPOINTS
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.phases import Outcome, run_phases
from spacy_modernbert_bio.pretraining.processes import Processes
from tests.conftest import make_checkpoint, make_config
from tests.pretraining.runs import make_run, same, weights


def test_a_run_ended_after_a_phase_goes_on_to_the_same_weights(config, finished):
    assert run_phases(config, until="clm") == Outcome(("clm",), 6, stopped=False)
    assert not (Path(config.run.output) / "mlm").exists()
    assert run_phases(config) == Outcome(("clm", "mlm"), 10, stopped=False)
    assert same(weights(Path(config.run.output) / "mlm"), weights(finished / "mlm"))


def test_a_finished_run_has_nothing_left_to_do(config, finished):
    run_phases(config)
    seen = []
    assert run_phases(config, observe=seen.append) == Outcome(("clm", "mlm"), 10, stopped=False)
    assert seen == []


def test_a_stop_signal_writes_a_checkpoint_first_and_the_run_goes_on(config, finished):
    def stop(record):
        if record.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    assert run_phases(config, observe=stop) == Outcome((), 4, stopped=True)
    assert (Path(config.run.output) / CHECKPOINTS / "step-00000004").is_dir()
    assert run_phases(config).finished == ("clm", "mlm")
    assert same(weights(Path(config.run.output) / "mlm"), weights(finished / "mlm"))


KILLED = """
import os, signal, sys, torch
from pathlib import Path
from tests.pretraining.runs import make_run
from spacy_modernbert_bio.pretraining.phases import run_phases
from spacy_modernbert_bio.pretraining.processes import Processes
torch.set_num_threads(1)
backward, calls = Processes.backward, []
def deadly(self, loss):
    backward(self, loss)
    calls.append(1)
    # Two passes a step: the first half of step 8.
    if len(calls) == 15:
        os.kill(os.getpid(), signal.SIGKILL)
Processes.backward = deadly
run_phases(make_run(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def test_a_run_killed_in_the_middle_of_a_step_ends_with_the_same_bits(
    tmp_path, tiny_checkpoint, finished
):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(tiny_checkpoint)],
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    config = make_run(tmp_path, tiny_checkpoint)
    output = Path(config.run.output)
    steps, _ = read_metrics(output / METRICS)
    assert steps[-1].step == 7
    run_phases(config)
    assert same(weights(output / "mlm"), weights(finished / "mlm"))
    again, _ = read_metrics(output / METRICS)
    whole, _ = read_metrics(finished / METRICS)
    assert [(r.step, r.loss) for r in again] == [(r.step, r.loss) for r in whole]


def test_gradient_checkpointing_and_compiling_may_change_when_a_run_goes_on(config, finished):
    run_phases(config, until="clm")
    run_phases(replace(config, run=replace(config.run, gradient_checkpointing=True)))
    there = weights(finished / "mlm")
    for key, value in weights(Path(config.run.output) / "mlm").items():
        assert torch.allclose(value, there[key], atol=1e-6), key


def test_a_phase_may_start_from_another_runs_optimizer_state(tmp_path, tiny_checkpoint, finished):
    changes = {
        "run.start": str(finished / "clm"),
        "run.phases": ["mlm"],
        "run.optimizer": str(finished / CHECKPOINTS / "clm-00000006"),
        "run.first_step": 6,
    }
    config = make_run(tmp_path, tiny_checkpoint, changes)
    run_phases(config)
    ended = weights(Path(config.run.output) / "mlm")
    # Dropout is off and masks go by rows: the phase alone is the phase in its run.
    assert same(ended, weights(finished / "mlm"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("phases.clm.learning_rate", 1e-3),
        ("batch.rows", 8),
        ("run.seed", 3),
        ("optimizer.weight_decay", 0.0),
        ("corpus.sources.notes.weight", 0.5),
    ],
)
def test_other_settings_than_those_of_the_checkpoint_are_named(
    tmp_path, tiny_checkpoint, key, value
):
    config = make_run(tmp_path, tiny_checkpoint)
    run_phases(config, until="clm")
    changed = make_run(tmp_path, tiny_checkpoint, {key: value})
    with pytest.raises(ResumeError) as raised:
        run_phases(changed)
    assert raised.value.where.endswith(f"clm-00000006: {key}")
    assert str(value) in raised.value.wanted


def test_a_phase_that_has_not_begun_may_still_change(tmp_path, tiny_checkpoint):
    run_phases(make_run(tmp_path, tiny_checkpoint), until="clm")
    longer = make_run(tmp_path, tiny_checkpoint, {"phases.mlm.length": "2 steps"})
    assert run_phases(longer).step == 8


def test_a_run_whose_phase_is_gone_from_the_config_is_refused(tmp_path, tiny_checkpoint):
    run_phases(make_run(tmp_path, tiny_checkpoint), until="clm")
    with pytest.raises(ConfigError, match=r"run.phases: found mlm; wanted 'clm' among them"):
        run_phases(make_run(tmp_path, tiny_checkpoint, {"run.phases": ["mlm"]}))


def test_gradients_that_are_no_numbers_end_the_run_and_spare_its_checkpoints(config, monkeypatch):
    take, steps = Processes.clip, []

    def broken(self, model, largest):
        steps.append(take(self, model, largest))
        return float("nan") if len(steps) == 4 else steps[-1]

    monkeypatch.setattr(Processes, "clip", broken)
    with pytest.raises(TrainingError, match=r"phase clm, step 4: found a gradient norm of nan"):
        run_phases(config)
    left = sorted(path.name for path in (Path(config.run.output) / CHECKPOINTS).iterdir())
    assert left == ["step-00000002"]


def test_dropout_is_a_function_of_the_step(tmp_path, tiny_tokenizer):
    dropped: EncoderConfig = make_config(mlp_dropout=0.2, attention_dropout=0.1)
    save_checkpoint(make_checkpoint(dropped, tiny_tokenizer), tmp_path / "start")
    ends = []
    for name, until in (("a", None), ("b", "clm")):
        (tmp_path / name).mkdir()
        config = make_run(tmp_path / name, tmp_path / "start")
        run_phases(config, until=until)
        run_phases(config)
        ends.append(weights(Path(config.run.output) / "mlm"))
    assert same(*ends)
