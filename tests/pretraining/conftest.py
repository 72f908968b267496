"""Runs small enough to train in a second; see `runs.py`."""

from pathlib import Path

import pytest

from spacy_modernbert_bio.pretraining.phases import Outcome, run_phases
from tests.pretraining.runs import make_run


@pytest.fixture
def config(tmp_path, tiny_checkpoint):
    return make_run(tmp_path, tiny_checkpoint)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tiny_checkpoint) -> Path:
    """The output of an uninterrupted run."""
    config = make_run(tmp_path_factory.mktemp("whole"), tiny_checkpoint)
    assert run_phases(config) == Outcome(("clm", "mlm"), 10, stopped=False)
    return Path(config.run.output)
