"""A copy of the shipped project, and its workflows run with a few steps."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from weasel.util import load_project_config

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


def copy_project(parent: Path) -> Path:
    """What ships, in a folder of its own."""
    folder = parent / "modernbert_bio"
    folder.mkdir()
    for name in SHIPPED:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def commands_of(folder: Path, workflow: str) -> list[dict]:
    """Those that declare outputs, in their order."""
    project = load_project_config(folder)
    by_name = {command["name"]: command for command in project["commands"]}
    chosen = [by_name[name] for name in project["workflows"][workflow]]
    return [command for command in chosen if command.get("outputs")]


def check_outputs(folder: Path, workflow: str, changes: dict[str, object], run_name: str) -> str:
    """Run a workflow twice: all that is declared is made, and nothing is made again."""
    said = run(folder, workflow, **changes)
    assert "Traceback" not in said
    for command in commands_of(folder, workflow):
        for path in command["outputs"]:
            made = path.replace("pretraining/mini", f"pretraining/{run_name}")
            made = made.replace("pretrain_mini", f"pretrain_{run_name}")
            assert (folder / made).exists(), f"{command['name']}: {made}"
    again = run(folder, workflow, **changes)
    for command in commands_of(folder, workflow):
        assert f"Skipping '{command['name']}': nothing changed" in again
    return said
