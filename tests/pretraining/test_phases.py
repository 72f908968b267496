"""A whole run, small: what goes on from phase to phase, and from a run that was stopped."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, save_checkpoint
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.errors import CheckpointError, ConfigError, ResumeError, TrainingError
from spacy_modernbert_bio.pretraining import loop
from spacy_modernbert_bio.pretraining.checkpoints import CHECKPOINTS
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.phases import Outcome, run_phases
from spacy_modernbert_bio.pretraining.processes import Processes
from tests.conftest import make_checkpoint, make_config
from tests.pretraining.runs import make_run

HEAD_AND_EMBEDDINGS = ("head.", "decoder.", "model.embeddings.")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)


@pytest.fixture
def config(tmp_path, tiny_checkpoint):
    return make_run(tmp_path, tiny_checkpoint)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_checkpoint) -> Path:
    """The output of an uninterrupted run."""
    config = make_run(tmp_path_factory.mktemp("whole"), tiny_checkpoint)
    assert run_phases(config) == Outcome(("clm", "mlm"), 10, stopped=False)
    return Path(config.run.output)


def test_each_phase_ends_in_a_checkpoint_that_transformers_loads_with_equal_logits(finished):
    transformers = pytest.importorskip("transformers")
    ids = torch.randint(5, 400, (1, 60), generator=torch.Generator().manual_seed(1))
    for phase in ("clm", "mlm"):
        ours = load_checkpoint(finished / phase)
        theirs = transformers.AutoModelForMaskedLM.from_pretrained(
            finished / phase, attn_implementation="sdpa", reference_compile=False
        ).eval()
        layout = loop_layout(60)
        with torch.no_grad():
            logits = ours.head(ours.encoder(ids[0], layout))
            assert torch.allclose(theirs(ids).logits[0], logits, atol=1e-5)
        assert (finished / phase / "README.md").is_file()


def loop_layout(length: int):
    from spacy_modernbert_bio.encoder.layout import SequenceLayout

    return SequenceLayout.of([length])


def test_a_run_writes_every_step_once_and_validates_both_objectives_at_its_ends(finished):
    steps, validations = read_metrics(finished / METRICS)
    assert [record.step for record in steps] == list(range(1, 11))
    assert [(v.step, v.objective) for v in validations] == [
        (step, objective) for step in (0, 6, 10) for objective in ("clm", "mlm")
    ]
    assert [record.phase for record in steps] == ["clm"] * 6 + ["mlm"] * 4
    assert [record.learning_rate for record in steps[:3]] == [1e-4, 2e-4, 2e-4]
    assert steps[6].learning_rate == 2e-4
    assert steps[-1].pieces == 10 * 4 * 48
    assert set(steps[0].losses) == {"papers", "notes"}


def test_only_the_newest_checkpoints_and_the_phases_ends_stay(finished):
    names = sorted(path.name for path in (finished / CHECKPOINTS).iterdir())
    assert names == ["clm-00000006", "mlm-00000010", "step-00000004", "step-00000008"]


def test_the_head_is_carried_over_from_clm_to_mlm_to_clm(tmp_path, tiny_checkpoint, monkeypatch):
    again = {"objective": "clm", "length": "2 steps"}
    changes = {"run.phases": ["clm", "mlm", "again"], "phases.again": again}
    config = make_run(tmp_path, tiny_checkpoint, changes)
    began = {}
    build = loop.PhaseLoop.__init__

    def watched(self, run, phase, state):
        build(self, run, phase, state)
        began[phase.name] = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    monkeypatch.setattr(loop.PhaseLoop, "__init__", watched)
    run_phases(config)
    output = Path(config.run.output)
    for before, after in (("clm", "mlm"), ("mlm", "again")):
        ended = weights(output / before)
        for key, value in ended.items():
            name = f"encoder.{key[6:]}" if key.startswith("model.") else f"head.{key}"
            assert torch.equal(began[after][name], value), key
    start, end = weights(tiny_checkpoint), weights(output / "again")
    for key in end:
        if key.startswith(HEAD_AND_EMBEDDINGS):
            assert not torch.equal(start[key], end[key]), key


def test_the_optimizers_state_goes_on_and_the_schedule_restarts(finished):
    clm = load_file(finished / CHECKPOINTS / "clm-00000006" / "optimizer.safetensors")
    mlm = load_file(finished / CHECKPOINTS / "mlm-00000010" / "optimizer.safetensors")
    steps = {key: float(value) for key, value in mlm.items() if key.startswith("step.")}
    assert set(steps.values()) == {10.0}
    assert clm.keys() == mlm.keys()
    assert len(steps) == len(weights(finished / "mlm"))


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


def test_two_processes_take_the_steps_of_one_with_twice_the_accumulation(tmp_path, tiny_checkpoint):
    one = make_run(tmp_path, tiny_checkpoint, {"run.output": str(tmp_path / "one")})
    run_phases(one)
    code = (
        "import sys, torch; from pathlib import Path; torch.set_num_threads(1);"
        "from tests.pretraining.runs import make_run;"
        "from spacy_modernbert_bio.pretraining.phases import run_phases;"
        "run_phases(make_run(Path(sys.argv[1]), Path(sys.argv[2]),"
        " {'run.output': sys.argv[1] + '/two'}))"
    )
    script = tmp_path / "two.py"
    script.write_text(code)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    command += ["--rdzv_backend", "c10d", "--rdzv_endpoint", "localhost:0"]
    environment = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    subprocess.run(
        [*command, str(script), str(tmp_path), str(tiny_checkpoint)],
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )
    alone, together = weights(tmp_path / "one" / "mlm"), weights(tmp_path / "two" / "mlm")
    start = weights(tiny_checkpoint)
    for key, value in alone.items():
        assert not torch.equal(value, start[key]), key
        assert torch.allclose(value, together[key], atol=1e-6), key
    steps = [read_metrics(tmp_path / name / METRICS)[0] for name in ("one", "two")]
    for mine, theirs in zip(*steps, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, rel=1e-5)
        assert mine.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-4)


def test_accumulation_changes_memory_and_not_the_result(tmp_path, tiny_checkpoint):
    ends = []
    for at_once in (1, 4):
        folder = tmp_path / str(at_once)
        folder.mkdir()
        config = make_run(folder, tiny_checkpoint, {"batch.rows_at_once": at_once})
        run_phases(config, until="clm")
        ends.append(weights(Path(config.run.output) / "clm"))
    for key, value in ends[0].items():
        assert torch.allclose(value, ends[1][key], atol=1e-6), key


def test_gradient_checkpointing_and_compiling_may_change_when_a_run_goes_on(config, finished):
    run_phases(config, until="clm")
    run_phases(replace(config, run=replace(config.run, gradient_checkpointing=True)))
    there = weights(finished / "mlm")
    for key, value in weights(Path(config.run.output) / "mlm").items():
        assert torch.allclose(value, there[key], atol=1e-6), key


def test_frozen_layers_do_not_move_and_the_next_phase_moves_them(tmp_path, tiny_checkpoint):
    config = make_run(tmp_path, tiny_checkpoint, {"phases.clm.freeze": "0-1"})
    run_phases(config)
    output = Path(config.run.output)
    start, clm, mlm = weights(tiny_checkpoint), weights(output / "clm"), weights(output / "mlm")
    for key in start:
        frozen = key.startswith(("model.layers.0.", "model.layers.1."))
        assert torch.equal(start[key], clm[key]) == frozen, key
        assert not torch.equal(clm[key], mlm[key]), key


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch.rows_at_once": 3}, r"batch.rows: found 4; wanted a multiple of 3"),
        ({"batch.row_tokens": 600}, r"batch.row_tokens: found 600; wanted .*context \(512\)"),
        ({"phases.clm.length": "1 steps"}, r"phases.clm.length: found 1 steps \(warmup: 2\)"),
        (
            {"phases.clm.freeze": "0-9"},
            r"phases.clm.freeze: found '0-9'; wanted layers from 0 to 3",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    tmp_path, tiny_checkpoint, changes, message
):
    config = make_run(tmp_path, tiny_checkpoint, changes)
    with pytest.raises(ConfigError, match=message):
        run_phases(config)
    assert not Path(config.run.output).exists()


def test_an_unknown_phase_to_end_after_is_refused(config):
    with pytest.raises(ConfigError, match=r"until: found 'decay'; wanted one of clm, mlm"):
        run_phases(config, until="decay")


def test_a_source_without_shards_is_named(tmp_path, tiny_checkpoint):
    config = make_run(tmp_path, tiny_checkpoint)
    other = replace(config.corpus.sources["notes"])
    more = replace(config.corpus, sources={**config.corpus.sources, "letters": other})
    with pytest.raises(ConfigError, match=r"corpus.sources.letters: found no such source"):
        run_phases(replace(config, corpus=more))


def test_a_start_without_a_prediction_head_is_refused(tmp_path, tiny_checkpoint):
    bare = replace(load_checkpoint(tiny_checkpoint), head=None)
    save_checkpoint(bare, tmp_path / "bare")
    config = make_run(tmp_path, tmp_path / "bare")
    with pytest.raises(CheckpointError, match="found no prediction head"):
        run_phases(config)


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
