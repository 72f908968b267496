"""A whole run, small: what its phases leave behind."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from spacy_modernbert_bio.encoder.checkpoint import load_checkpoint, save_checkpoint
from spacy_modernbert_bio.errors import CheckpointError, ConfigError
from spacy_modernbert_bio.pretraining import loop
from spacy_modernbert_bio.pretraining.checkpoints import CHECKPOINTS
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.phases import run_phases
from tests.pretraining.runs import make_run, weights

HEAD_AND_EMBEDDINGS = ("head.", "decoder.", "model.embeddings.")


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


def test_frozen_layers_do_not_move_and_the_next_phase_moves_them(tmp_path, tiny_checkpoint):
    config = make_run(tmp_path, tiny_checkpoint, {"phases.clm.freeze": "0-1"})
    run_phases(config)
    output = Path(config.run.output)
    start, clm, mlm = weights(tiny_checkpoint), weights(output / "clm"), weights(output / "mlm")
    for key in start:
        frozen = key.startswith(("model.layers.0.", "model.layers.1."))
        assert torch.equal(start[key], clm[key]) == frozen, key
        assert not torch.equal(clm[key], mlm[key]), key


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
