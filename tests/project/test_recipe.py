"""The shipped configs against the published recipe: the card's "Methodology", and the thesis."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from spacy_modernbert_bio.pretraining.config_file import read_config
from spacy_modernbert_bio.pretraining.schedule import count_steps, learning_rate

CONFIGS = Path(__file__).parents[2] / "projects" / "modernbert_bio" / "configs" / "pretrain"


@pytest.fixture(params=["base", "large"])
def size(request) -> str:
    return request.param


@pytest.fixture
def config(size):
    return read_config(CONFIGS / f"{size}.cfg")


def test_two_phases_causal_then_masked(config, size):
    assert config.run.start == f"answerdotai/ModernBERT-{size}"
    assert config.run.phases == ("clm", "mlm")
    assert [config.phases[name].objective for name in config.run.phases] == ["clm", "mlm"]
    assert [config.phases[name].freeze for name in config.run.phases] == ["", ""]


def test_fifty_and_five_billion_tokens_in_steps_of_384_sequences(config):
    assert (config.batch.rows, config.batch.row_tokens) == (384, 8192)
    assert config.batch.tokens == pytest.approx(3.1e6, rel=0.02)
    for name, tokens in (("clm", 50e9), ("mlm", 5e9)):
        phase = config.phases[name]
        steps = count_steps(phase.length, step_tokens=config.batch.tokens, where=name)
        assert steps == math.ceil(tokens / (384 * 8192))


def test_fifteen_percent_are_masked(config):
    assert config.phases["mlm"].masked == 0.15
    assert (config.phases["mlm"].to_mask, config.phases["mlm"].to_random) == (0.8, 0.1)
    assert config.phases["clm"].masked is None


def test_the_rate_warms_up_over_100_million_tokens_stays_and_decays_to_a_tenth(config):
    clm, mlm = config.phases["clm"], config.phases["mlm"]
    warmup = count_steps(clm.warmup, step_tokens=config.batch.tokens, where="warmup")
    assert warmup == math.ceil(100e6 / (384 * 8192))
    rates = [learning_rate(clm, step, steps=15_895, warmup=warmup) for step in range(15_895)]
    assert max(rates) == rates[warmup] == rates[-1] == 2e-4
    assert mlm.warmup == "0 steps"
    for step in range(0, 1_591, 10):
        elapsed = step / 1_590
        wanted = 2e-4 * (0.1 + 0.9 * (1 - math.sqrt(elapsed)))
        assert learning_rate(mlm, step, steps=1_590, warmup=0) == pytest.approx(wanted)


def test_the_optimizer_is_the_cards_with_its_decay_in_torchs_terms(config):
    assert config.optimizer.betas == (0.9, 0.98)
    assert config.optimizer.eps == 1e-6
    assert config.optimizer.weight_decay * config.phases["clm"].learning_rate == pytest.approx(1e-5)
    assert config.run.precision == "bf16"
    assert (config.run.seed, config.run.shuffle_seed) == (17, 42)


def test_the_mlm_twin_differs_from_the_detour_in_the_objective_alone(config):
    twin, clm = config.phases["twin"], config.phases["clm"]
    assert (twin.objective, twin.masked) == ("mlm", 0.3)
    same = replace(twin, objective="clm", masked=None)
    assert same == clm


def test_the_mix_is_the_cards(config):
    assert config.mix == pytest.approx({"pubmed": 0.6, "med_inst": 0.2, "clinical": 0.2})


@pytest.mark.parametrize(("devices", "passes"), [(1, 96), (4, 24), (32, 3)])
def test_one_four_and_thirty_two_devices_take_the_same_batch(config, devices, passes):
    parts = devices * config.batch.rows_at_once
    assert config.batch.rows % parts == 0
    assert config.batch.rows // parts == passes
