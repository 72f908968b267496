import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.errors import CheckpointError, ResumeError
from spacy_modernbert_bio.pretraining import checkpoints
from spacy_modernbert_bio.pretraining.checkpoints import (
    CHECKPOINTS,
    MODEL,
    Progress,
    TrainingState,
    check_settings,
    find_latest,
    load_state,
    read_optimizer,
    read_settings,
    save_state,
)

SETTINGS = {"run.seed": 17, "phases.clm.length": "6 steps"}


@pytest.fixture
def save(tmp_path, tiny_checkpoint):
    def save_at(step: int, *, last: bool = False, keep: int = 2) -> Path:
        moments = {"step.encoder.final_norm.weight": torch.tensor(float(step))}
        progress = Progress("clm", step, step)
        state = TrainingState(load_checkpoint(tiny_checkpoint), moments, progress)
        return save_state(tmp_path, state, SETTINGS, last=last, keep=keep)

    return save_at


def names(output: Path) -> list[str]:
    return sorted(path.name for path in (output / CHECKPOINTS).iterdir())


def test_what_is_saved_is_what_is_loaded(save, tiny_checkpoint):
    folder = save(4)
    state = load_state(folder)
    assert state.progress == Progress("clm", 4, 4)
    assert read_settings(folder)[1] == SETTINGS
    assert state.moments == {"step.encoder.final_norm.weight": torch.tensor(4.0)}
    assert (folder / MODEL / "model.safetensors").read_bytes() == (
        tiny_checkpoint / "model.safetensors"
    ).read_bytes()


def test_the_newest_stay_and_so_do_the_ends_of_phases(save, tmp_path):
    for step in (2, 4):
        save(step)
    save(5, last=True)
    save(6)
    save(8)
    assert names(tmp_path) == ["clm-00000005", "step-00000006", "step-00000008"]
    assert find_latest(tmp_path).name == "step-00000008"


def test_a_run_that_has_not_saved_yet_has_no_latest_checkpoint(tmp_path):
    assert find_latest(tmp_path) is None


def test_what_a_killed_process_left_half_written_is_removed_and_never_taken(save, tmp_path):
    save(2)
    half = tmp_path / CHECKPOINTS / ".writing-abc"
    half.mkdir()
    (half / "state.json").write_text("{}")
    assert find_latest(tmp_path).name == "step-00000002"
    assert names(tmp_path) == ["step-00000002"]


FULL = """
import resource, signal, sys
from pathlib import Path
from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint
from spacy_modernbert_bio.pretraining.checkpoints import Progress, TrainingState, save_state
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
checkpoint = load_checkpoint(sys.argv[2])
state = TrainingState(checkpoint, {}, Progress("clm", 4, 4))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    save_state(Path(sys.argv[1]), state, {}, last=False, keep=1)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_disk_that_takes_no_more_leaves_earlier_checkpoints_alone(
    save, tmp_path, tiny_checkpoint
):
    save(2)
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(tiny_checkpoint)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ResumeError" in ran.stdout
    assert "step-00000004: found a checkpoint that could not be written" in ran.stdout
    assert names(tmp_path) == ["step-00000002"]
    load_state(tmp_path / CHECKPOINTS / "step-00000002")


def test_a_checkpoint_that_cannot_be_written_is_named(save, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", refuse)
    with pytest.raises(ResumeError, match=r"could not be written \(No space left on device\)"):
        save(2)


@pytest.mark.parametrize("content", [None, "", "{}", '{"progress": {"step": 1}, "settings": {}}'])
def test_a_damaged_state_is_named(save, content):
    folder = save(2)
    path = folder / "state.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ResumeError, match=r"state.json: found no readable state"):
        load_state(folder)


def test_a_cut_off_optimizer_state_is_named(save):
    folder = save(2)
    path = folder / "optimizer.safetensors"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ResumeError, match=r"optimizer.safetensors: found no readable optimizer"):
        read_optimizer(folder)


def test_cut_off_weights_are_named(save):
    folder = save(2)
    path = folder / MODEL / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(CheckpointError, match=r"model.safetensors: found no readable safetensors"):
        load_state(folder)


def test_settings_of_phases_to_come_may_differ_and_others_may_not():
    later = {**SETTINGS, "phases.mlm.length": "9 steps"}
    check_settings(SETTINGS, later, ("clm",), where="step-2")
    with pytest.raises(ResumeError, match=r"step-2: phases.mlm.length: found None in the checkp"):
        check_settings(SETTINGS, later, ("clm", "mlm"), where="step-2")
