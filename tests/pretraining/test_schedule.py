import math

import pytest

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.config import PhaseConfig
from spacy_modernbert_bio.pretraining.schedule import count_steps, learning_rate

STEP = 384 * 8192


@pytest.mark.parametrize(
    ("duration", "steps"),
    [
        ("200 steps", 200),
        ("2k steps", 2000),
        ("50B tokens", 15_895),
        ("5B tokens", 1_590),
        ("100M tokens", 32),
        ("1.5M tokens", 1),
        (f"{STEP} tokens", 1),
        (f"{STEP + 1} tokens", 2),
        ("0 steps", 0),
    ],
)
def test_durations_become_whole_steps(duration, steps):
    assert count_steps(duration, step_tokens=STEP, where="phases.clm.length") == steps


@pytest.mark.parametrize("duration", ["50B", "50 billion tokens", "-1 steps", "1e9 tokens", ""])
def test_other_durations_are_refused(duration):
    with pytest.raises(ConfigError, match=r"phases.clm.length: found .*50B tokens"):
        count_steps(duration, step_tokens=STEP, where="phases.clm.length")


def test_warm_up_rises_in_equal_parts_to_the_peak():
    phase = PhaseConfig(objective="clm", length="10 steps", learning_rate=1.0)
    rates = [learning_rate(phase, step, steps=10, warmup=4) for step in range(10)]
    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_decay_is_one_minus_square_root_from_the_peak_to_a_tenth():
    phase = PhaseConfig(
        objective="mlm", length="100 steps", learning_rate=2e-4, schedule="1-sqrt", masked=0.15
    )
    rates = [learning_rate(phase, step, steps=100, warmup=0) for step in range(101)]
    for step, rate in enumerate(rates):
        # From 2e-4 to 2e-5 (recipe), written out apart from the code's own form.
        assert rate == pytest.approx(2e-5 + 1.8e-4 * (1 - math.sqrt(step / 100)), rel=1e-12)
    assert rates[0] == 2e-4
    assert rates[-1] == pytest.approx(2e-5)


def test_decay_begins_after_its_own_warm_up():
    phase = PhaseConfig(
        objective="clm", length="8 steps", learning_rate=1.0, schedule="1-sqrt", floor=0.0
    )
    rates = [learning_rate(phase, step, steps=8, warmup=4) for step in range(8)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[5] == pytest.approx(0.5)
