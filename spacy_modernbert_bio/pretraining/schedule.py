"""Learning rates as pure functions of the step, and durations in steps or tokens.

Nothing here has a state, so a resumed run needs no scheduler saved.
"""

import math
import re

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.config import PhaseConfig, PretrainConfig

_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[kMB]?) (?P<kind>steps|tokens)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}


def count_steps(duration: str, *, step_tokens: int, where: str) -> int:
    """Optimizer steps of a duration as "50B tokens", "2.5M tokens" or "200 steps".

    step_tokens: pieces of one step; a begun step is a whole one.
    Raises ConfigError at `where` for anything else.
    """
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ConfigError(
            where=where,
            found=repr(duration),
            wanted='"50B tokens" or "200 steps" (with k, M or B, or without)',
        )
    amount = float(match["number"]) * _UNITS[match["unit"]]
    return math.ceil(amount / step_tokens) if match["kind"] == "tokens" else math.ceil(amount)


def count_all_steps(config: PretrainConfig) -> int:
    """Optimizer steps of all phases of a run. Raises ConfigError as `count_steps`."""
    return sum(
        count_steps(
            config.phases[name].length,
            step_tokens=config.batch.tokens,
            where=f"phases.{name}.length",
        )
        for name in config.run.phases
    )


def learning_rate(phase: PhaseConfig, step: int, *, steps: int, warmup: int) -> float:
    """The rate of step `step` (from 0) of a phase of `steps` steps.

    Linear warm-up from peak / warmup to the peak, then constant, or
    peak * (1 - (1 - floor) * sqrt(t)) with t from 0 after the warm-up to 1 at the phase's end
    (1-sqrt: Hägele et al. 2024, arXiv 2405.18392, section 3; floor 0.1: card, Methodology).
    """
    if step < warmup:
        return phase.learning_rate * (step + 1) / warmup
    if phase.schedule == "constant":
        return phase.learning_rate
    elapsed = (step - warmup) / (steps - warmup)
    return phase.learning_rate * (1.0 - (1.0 - phase.floor) * math.sqrt(elapsed))
