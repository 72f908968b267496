"""Two processes, each with the whole model or with half of it, take the steps of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spacy_modernbert_bio.pretraining.checkpoints import find_latest, read_optimizer
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from tests.pretraining.runs import make_run, weights

SCRIPT = Path(__file__).with_name("launched.py")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["plain", "sharded"])
def test_two_processes_take_the_steps_of_one_with_twice_the_accumulation(
    engine, finished, tmp_path, tiny_checkpoint
):
    output = Path(make_run(tmp_path, tiny_checkpoint).run.output)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    command += ["--rdzv_backend", "c10d", "--rdzv_endpoint", "localhost:0"]
    environment = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    subprocess.run(
        [*command, str(SCRIPT), str(tmp_path), str(tiny_checkpoint), engine],
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )
    start = weights(tiny_checkpoint)
    for phase in ("clm", "mlm"):
        alone, together = weights(finished / phase), weights(output / phase)
        for key, value in alone.items():
            assert not torch.equal(value, start[key]), key
            assert torch.allclose(value, together[key], atol=1e-6), key
    states = [read_optimizer(latest(folder)) for folder in (finished, output)]
    assert states[0].keys() == states[1].keys()
    for key, value in states[0].items():
        assert torch.allclose(value, states[1][key], atol=1e-6), key
    records = [read_metrics(folder / METRICS)[0] for folder in (finished, output)]
    for mine, theirs in zip(*records, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, rel=1e-5)
        assert mine.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-4)


def latest(folder: Path) -> Path:
    found = find_latest(folder)
    assert found is not None
    return found
