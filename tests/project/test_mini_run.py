"""The main job, end to end, with a few steps: all that is declared is made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from weasel.util import load_project_config

from spacy_modernbert_bio.components.coverage import Coverage

PROJECT = Path(__file__).parents[2] / "projects" / "modernbert_bio"
SHIPPED = ("project.yml", "configs", "assets")
# Enough to learn that most words are no disease, and to find some that are.
FEW = {"steps": 60, "warmup_steps": 6, "eval_frequency": 30, "width": 32, "learn_rate": 0.005}


def run(folder: Path, name: str, **changes: object) -> str:
    variables = [word for key, value in changes.items() for word in (f"--vars.{key}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "spacy", "project", "run", name, str(folder), *variables],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projects") / "modernbert_bio"
    folder.mkdir()
    for name in SHIPPED:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


@pytest.mark.slow
def test_every_declared_output_is_made_and_nothing_is_made_twice(folder: Path) -> None:
    said = run(folder, "ner", **FEW)
    assert "Traceback" not in said
    assert "invented" in said
    making = [c for c in load_project_config(folder)["commands"] if c.get("outputs")]
    for command in making:
        for path in command["outputs"]:
            assert (folder / path).exists(), f"{command['name']}: {path}"

    again = run(folder, "ner", **FEW)
    for command in making:
        assert f"Skipping '{command['name']}': nothing changed" in again

    doc = spacy.load(folder / "training" / "ner" / "calibrated")("No ataxia.")
    assert doc._.trf_data is None
    assert isinstance(doc._.modernbert_coverage, Coverage)
    assert doc._.modernbert_coverage.whole
