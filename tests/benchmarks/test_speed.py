"""The speed benchmark counts and compares rightly; how fast things are is no test's business."""

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from spacy_modernbert_bio.benchmarks.contenders import (
    PlainTransformers,
    ours,
    prepare_reading,
    stock,
)
from spacy_modernbert_bio.benchmarks.memory import peak_megabytes
from spacy_modernbert_bio.benchmarks.speed import (
    Race,
    Workload,
    make_texts,
    run_race,
    workloads,
)
from spacy_modernbert_bio.cli.benchmark import app
from spacy_modernbert_bio.encoder.checkpoint import save_checkpoint
from spacy_modernbert_bio.errors import ConfigError
from tests.conftest import make_checkpoint, make_config


def test_texts_have_the_lengths_that_were_asked_for(real_tokenizer):
    lengths = (20, 133, 400, 8192)
    texts = make_texts(real_tokenizer, lengths)
    assert tuple(len(row) + 2 for row in real_tokenizer.encode(texts)) == lengths
    assert texts == make_texts(real_tokenizer, lengths)


def test_workloads_are_what_their_names_say():
    made = workloads()
    assert len(made["notes"].lengths) == 32
    assert min(made["notes"].lengths) >= 20
    assert max(made["notes"].lengths) <= 400
    assert len(made["sentences"].lengths) == 128
    assert made["long"].lengths == (8192,)


def test_ratios_are_taken_round_by_round():
    race = Race(Workload("w", (1,)), {"ours": [1.0, 2.0, 4.0], "theirs": [2.0, 2.0, 12.0]}, [10.0])
    assert race.ratio("theirs", "ours") == (2.0, 1.0, 3.0)
    assert race.share("ours", 10.0) == 0.5


def test_contenders_take_turns_after_a_warm_up():
    order = []
    field = {name: (lambda texts, name=name: order.append(name)) for name in "ab"}
    race = run_race(Workload("w", (1,)), field, ["x"], lambda: 1.0, rounds=2)
    assert "".join(order) == "abababab"[: len(order)]
    assert len(order) == 6
    assert [len(times) for times in race.seconds.values()] == [2, 2]


def test_contenders_compute_the_same_states(tiny_checkpoint):
    text = "The patient was diagnosed with asthma."
    plain = PlainTransformers(tiny_checkpoint, torch.float32).padded([text])[0].numpy()
    mine = ours(tiny_checkpoint, "fp32", window=512, overlap=64)(text)
    theirs = stock(tiny_checkpoint)(text)
    # The stock container keeps the special pieces at both ends, ours the first of them.
    np.testing.assert_allclose(mine._.trf_data.tensors[0][0], plain[:-1], atol=1e-4)
    np.testing.assert_allclose(theirs._.trf_data.tensors[0][0], plain, atol=1e-4)


@pytest.mark.slow
def test_the_command_prints_ratios_overhead_and_memory(tmp_path, tiny_tokenizer, monkeypatch):
    few = {"sentences": Workload("sentences", (9, 12, 30)), "long": Workload("long", (40,))}
    monkeypatch.setattr("spacy_modernbert_bio.cli.benchmark.workloads", lambda: few)
    folder = tmp_path / "checkpoint"
    config = make_config(max_position_embeddings=8192)
    save_checkpoint(make_checkpoint(config, tiny_tokenizer), folder)
    output = tmp_path / "speed.json"
    options = ["--rounds", "1", "--threads", "1", "--workload", "sentences"]
    result = CliRunner().invoke(
        app,
        ["speed", str(folder), *options, "--output", str(output)],
    )
    assert result.exit_code == 0, result.output
    assert "Encoder.v1" in result.output
    assert "peak memory above the loaded model" in result.output
    assert "own overhead" in result.output
    assert output.exists()


def test_an_unknown_workload_is_refused(tiny_checkpoint):
    result = CliRunner().invoke(app, ["speed", str(tiny_checkpoint), "--workload", "novels"])
    assert result.exit_code == 1
    assert "--workload: found novels; wanted one of notes, sentences, long" in result.output


def test_memory_is_refused_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr("spacy_modernbert_bio.benchmarks.memory._RESET", tmp_path / "none")
    with pytest.raises(ConfigError, match="a system without /proc/self/clear_refs; wanted Linux"):
        peak_megabytes("ours", prepare_reading, ("ours", tmp_path, "text"), 1)


@pytest.mark.slow
def test_a_contender_that_dies_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"found a process that died \(ours\)"):
        peak_megabytes("ours", prepare_reading, ("ours", tmp_path / "none", "text"), 1)
