"""The workflows, end to end, with a few steps: all that is declared is made."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from weasel.util import load_project_config

from spacy_modernbert_bio.cli.settings import check_settings
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


@pytest.mark.slow
def test_entities_are_learnt_from_end_to_end(folder: Path) -> None:
    assert "invented" in check_outputs(folder, "ner", FEW, "mini")
    doc = spacy.load(folder / "training" / "ner" / "calibrated")("No ataxia.")
    assert doc._.trf_data is None
    assert isinstance(doc._.modernbert_coverage, Coverage)
    assert doc._.modernbert_coverage.whole


@pytest.mark.slow
def test_an_encoder_is_pretrained_and_fine_tuning_takes_it(folder: Path) -> None:
    short = (folder / "configs" / "pretrain" / "mini.cfg").read_text()
    for key in ("length", "warmup"):
        short = re.sub(rf'^{key} = ".*"$', f'{key} = "2 steps"', short, flags=re.MULTILINE)
    (folder / "configs" / "pretrain" / "short.cfg").write_text(short)
    changes = {"pretraining": "configs/pretrain/short.cfg", "run": "short", "width": 32}
    changes |= {"vocab_size": 400}
    check_outputs(folder, "pretrain", changes, "short")
    page = (folder / "metrics" / "pretrain_short.html").read_text()
    assert "Complete: clm, mlm." in page
    check_settings([f"encoder={folder / 'pretraining' / 'short' / 'encoder'}"])


@pytest.mark.slow
def test_phi_is_learnt_hidden_and_audited_from_end_to_end(folder: Path) -> None:
    changes = FEW | {"notes": 40, "heldout_notes": 6, "steps": 80, "eval_frequency": 40}
    changes |= {"max_words": 150, "vocab_size": 600, "target_recall": 0.5}
    check_outputs(folder, "deid", changes, "mini")
    original = (folder / "assets" / "phi_note.txt").read_text()
    released = json.loads((folder / "metrics" / "phi_note.jsonl").read_text())
    assert released["text"] != original
    assert "No leak found in 1 note." in (folder / "metrics" / "phi_audit.html").read_text()


@pytest.mark.slow
def test_labels_are_learnt_and_their_evidence_is_shown_from_end_to_end(folder: Path) -> None:
    changes = FEW | {"findings": 60, "heldout_findings": 12, "max_finding_words": 100}
    changes |= {"steps": 30, "eval_frequency": 15, "vocab_size": 600}
    check_outputs(folder, "phenotype", changes, "mini")
    figures = json.loads((folder / "metrics" / "long_context.json").read_text())
    assert len(figures["notes"]) == 12
    doc = spacy.load(folder / "training" / "phenotype" / "calibrated")("Known gout.")
    assert set(doc.cats) == {"GLAUCOMA", "GOUT", "MIGRAINE", "PSORIASIS"}
