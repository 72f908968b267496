"""A copy of the shipped project, and its workflows run with a few steps."""

import contextlib
import io
import os
import runpy
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import weasel.cli.run
from weasel.util import load_project_config

PROJECT = Path(__file__).parents[2] / "projects" / "modernbert_bio"
SHIPPED = ("project.yml", "configs", "assets")
# Enough to learn that most words are no disease, and to find some that are.
FEW = {"steps": 60, "warmup_steps": 6, "eval_frequency": 60, "width": 32, "learn_rate": 0.005}
FEW |= {"layers": 2, "batch_pieces": 512}


def run_in_processes(folder: Path, name: str, **changes: object) -> str:
    """`spacy project run`, and each of its commands, in a process of its own."""
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


def run_here(folder: Path, name: str, **changes: object) -> str:
    """The same in this process: to import spaCy and torch takes longer than most commands do."""
    said = io.StringIO()
    variables = {f"vars.{key}": value for key, value in changes.items()}
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        patch.setattr(weasel.cli.run, "run_command", _run_command)
        weasel.cli.run.project_run(folder, name, overrides=variables)
    return said.getvalue()


def _run_command(command: list[str], *, capture: bool) -> None:
    """What `python -m MODULE ARGUMENTS` would do."""
    assert command[:2] == [sys.executable, "-m"]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # `spacy package` leaves files for the collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        patch.setattr(sys, "argv", command[2:])
        try:
            runpy.run_module(command[2], run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code:
                pytest.fail(f"{command}: {ended.code}\n{sys.stdout.getvalue()}")


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


def check_outputs(
    folder: Path,
    workflow: str,
    changes: dict[str, object],
    run_name: str,
    run: Callable[..., str] = run_here,
) -> str:
    """Run a workflow twice: all that is declared is made, and nothing is made again."""
    said = run(folder, workflow, **changes)
    assert "Traceback" not in said
    for command in commands_of(folder, workflow):
        for path in command["outputs"]:
            made = path.replace("pretraining/mini", f"pretraining/{run_name}")
            made = made.replace("pretrain_mini", f"pretrain_{run_name}")
            assert (folder / made).exists(), f"{command['name']}: {made}"
    again = run_here(folder, workflow, **changes)
    for command in commands_of(folder, workflow):
        assert f"Skipping '{command['name']}': nothing changed" in again
    return said
