"""How fast the encoder runs in spaCy, against what a user would otherwise run.

Same weights, texts, dtype and threads; in one process, warm, interleaved round by round, so that
a noisy machine disturbs all alike. What is reported are ratios and the share of the machine's own
matrix-product rate, measured in the same run. Costs minutes at base size on a laptop.

Texts are random words of the tokenizer's vocabulary: speed depends on lengths, not on content.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F

from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

# What a contender works on.
Work = TypeVar("Work")
Contender = Callable[[Sequence[str]], object]


@dataclass(frozen=True)
class Workload:
    """Texts to read, by their lengths in pieces, special pieces included."""

    name: str
    lengths: tuple[int, ...]


def workloads(seed: int = 0) -> dict[str, Workload]:
    """The three that differ in what they ask of an encoder."""
    random = np.random.default_rng(seed)
    notes = tuple(random.integers(20, 401, 32).tolist())
    sentences = tuple(random.integers(8, 41, 128).tolist())
    return {
        "notes": Workload("32 notes of 20-400 pieces", notes),
        "sentences": Workload("128 sentences of 8-40 pieces", sentences),
        "long": Workload("one note of 8,192 pieces", (8192,)),
    }


def make_texts(tokenizer: PieceTokenizer, lengths: Iterable[int], seed: int = 0) -> list[str]:
    """Texts of random words that come to the given lengths, the two special pieces included."""
    names = (tokenizer.id_to_token(number) or "" for number in range(tokenizer.vocab_size))
    words = [name[1:] for name in names if name[:1] == "Ġ" and name[1:].isascii()]
    words = [word for word in words if word.isalpha()]
    random = np.random.default_rng(seed)
    texts = []
    for length in lengths:
        chosen = list(random.choice(words, length))
        # A word may be more pieces without the blank before it, so the cut is measured.
        (pieces,) = tokenizer.encode([" ".join(chosen)])
        texts.append(" ".join(chosen)[: int(pieces.stops[length - 3])])
    return texts


def matrix_rate(config: EncoderConfig, dtype: torch.dtype, rows: int = 4096) -> Callable[[], float]:
    """What measures the machine's rate, in FLOP/s, on this network's own matrix products."""
    width, inner = config.hidden_size, config.intermediate_size
    shapes = [(3 * width, width), (width, width), (2 * inner, width), (width, inner)]
    weights = [torch.randn(shape).to(dtype) for shape in shapes]
    inputs = [torch.randn(rows, shape[1]).to(dtype) for shape in shapes]
    operations = sum(2.0 * rows * out * into for out, into in shapes)

    def measure() -> float:
        start = time.perf_counter()
        with torch.inference_mode():
            for x, weight in zip(inputs, weights, strict=True):
                F.linear(x, weight)
        return operations / (time.perf_counter() - start)

    return measure


def times_as_long(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """Their seconds in ours, round by round: median, least and most of the rounds."""
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    return median(ratios), min(ratios), max(ratios)


@dataclass
class Race:
    """Seconds of every contender in every round of one workload, and what each gave last."""

    workload: Workload
    seconds: dict[str, list[float]] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    results: dict[str, object] = field(default_factory=dict)

    def ratio(self, other: str, to: str) -> tuple[float, float, float]:
        """How many times as long `other` took as `to`: see `times_as_long`."""
        return times_as_long(self.seconds[other], self.seconds[to])

    def share(self, name: str, operations: float) -> float:
        """Share of the matrix-product rate that a contender reached."""
        return operations / median(self.seconds[name]) / median(self.rates)


def run_race(
    workload: Workload,
    contenders: Mapping[str, Callable[[Work], object]],
    work: Work,
    measure_rate: Callable[[], float],
    rounds: int,
    report: Callable[[str], Any] = lambda _: None,
) -> Race:
    """Every contender once to warm up, then in turn, `rounds` times."""
    race = Race(workload, {name: [] for name in contenders})
    for name, contender in contenders.items():
        report(f"{workload.name}: {name} warms up")
        contender(work)
    measure_rate()
    for number in range(rounds):
        for name, contender in contenders.items():
            start = time.perf_counter()
            race.results[name] = contender(work)
            race.seconds[name].append(time.perf_counter() - start)
            report(f"{workload.name}: round {number + 1}, {name} {race.seconds[name][-1]:.2f} s")
        race.rates.append(measure_rate())
    return race
