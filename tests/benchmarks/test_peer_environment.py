"""The peers' environment is made once, whole or not at all."""

import os
import subprocess
import sys

import pytest

from spacy_modernbert_bio.benchmarks.peer_process import ensure_environment
from spacy_modernbert_bio.errors import ConfigError


def make_folder(folder):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(os.path.realpath(sys.executable))


def test_an_environment_that_is_there_is_used_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    make_folder(tmp_path / "peers")
    assert ensure_environment(tmp_path / "peers", ["none"]) == tmp_path / "peers/bin/python"


def test_an_environment_is_made_with_what_is_required(tmp_path, monkeypatch):
    commands = []

    def run(command, **options):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    python = str(ensure_environment(tmp_path / "peers", ["a==1", "b==2"]))
    venv, pip = commands
    assert venv == [sys.executable, "-m", "venv", str(tmp_path / "peers")]
    assert (pip[:3], pip[-2:]) == ([python, "-m", "pip"], ["a==1", "b==2"])


def test_an_environment_that_cannot_be_made_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "peers"

    def run(command, **options):
        folder.mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 7 if "pip" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ConfigError, match=r"found pip that ended with status 7; wanted an envir"):
        ensure_environment(folder, ["a==1"])
    assert not folder.exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(ConfigError, match="found no virtual environment; wanted one, or a place"):
        ensure_environment(tmp_path, [])
    assert (tmp_path / "notes.txt").exists()
