"""How well PHI is found by ours and by peers: same notes, one run, in turn batch by batch.

Without labels, since theirs are not ours: how much PHI is hidden, in how many notes none is left,
how much other text goes with it. Speed is of the passes alone, on one thread; a busy machine
disturbs all alike. Costs one reading a contender, and some 4 seconds of resampling for 2,000 notes.

Figures are of the sets that they were made on. Gold labels that a peer does not look for by default
count as missed: the figures by label show which. What ours finds and a set doesn't count as PHI is
over-redaction: where that is one label (ages, in sets that follow Safe Harbor), `without_labels`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.benchmarks.peer_process import Pass, Spans
from spacy_modernbert_bio.errors import ModernBertBioError
from spacy_modernbert_bio.evaluation.bootstrap import PairedTest, paired_test
from spacy_modernbert_bio.evaluation.phi_scores import Part, ScoredNote, count_note
from spacy_modernbert_bio.evaluation.redaction import RedactionScores, score_redaction

# A text, and its gold spans.
Gold = tuple[str, Spans]
Contender = Callable[[Sequence[str]], Pass]


def timed(find: Callable[[Sequence[str]], Iterable[Spans]]) -> Contender:
    """What finds spans in this process, as a contender."""

    def read(texts: Sequence[str]) -> Pass:
        started = perf_counter()
        spans = tuple(find(texts))
        return Pass(spans, perf_counter() - started)

    return read


@dataclass(repr=False)
class Reading:
    """What a contender found in all notes, and the seconds of its passes.

    failure: why it has not read them all; empty where it has.
    """

    spans: list[Spans] = field(default_factory=list)
    seconds: float = 0.0
    failure: str = ""


def read_in_turn(
    contenders: Mapping[str, Contender],
    texts: Sequence[str],
    *,
    batch_size: int,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> dict[str, Reading]:
    """Every contender reads every batch, in turn, after the first note once, untimed.

    One that fails is out, and the others go on. progress: shows how the turns go by.
    """
    readings = {name: Reading() for name in contenders}

    def take_turns(batch: Sequence[str]) -> Iterator[tuple[Reading, Pass]]:
        for name, reading in readings.items():
            if reading.failure:
                continue
            try:
                result = contenders[name](batch)
            except ModernBertBioError as error:
                reading.failure = error.found
                continue
            yield reading, result

    for _ in take_turns(texts[:1]):
        pass
    for start in progress(range(0, len(texts), batch_size)):
        for reading, result in take_turns(texts[start : start + batch_size]):
            reading.spans += result.spans
            reading.seconds += result.seconds
    return readings


def without_labels(reading: Reading, labels: Collection[str]) -> Reading:
    """A reading as if spans of these labels had been left alone, as a policy may have it."""
    spans = [tuple(span for span in found if span[2] not in labels) for found in reading.spans]
    return Reading(spans, reading.seconds, reading.failure)


@dataclass(frozen=True)
class Standing:
    """A contender's figures on one set.

    notes_per_second, characters_per_second: of its passes. hidden, over: of each note, the
    characters of PHI that are hidden and all of them; those of other text.
    """

    scores: RedactionScores
    notes_per_second: float
    characters_per_second: float
    hidden: tuple[Part, ...]
    over: tuple[Part, ...]


def score_reading(gold: Sequence[Gold], reading: Reading, *, seed: int = 0) -> Standing:
    """Figures of a reading of all notes. seed: of the bootstrap over notes."""
    notes = [
        ScoredNote(text, spans, found)
        for (text, spans), found in zip(gold, reading.spans, strict=True)
    ]
    counted = [count_note(note) for note in notes]
    return Standing(
        scores=score_redaction(notes, seed=seed),
        notes_per_second=len(notes) / reading.seconds,
        characters_per_second=sum(len(text) for text, _ in gold) / reading.seconds,
        hidden=tuple(counts.redacted_characters for counts in counted),
        over=tuple(counts.over_characters for counts in counted),
    )


@dataclass(frozen=True)
class Comparison:
    """One of ours and a peer on the same notes: figures of ours less the peer's, paired.

    hidden: of the share of PHI that is hidden. over: of the share of other text that is.
    """

    hidden: PairedTest
    over: PairedTest

    @property
    def verdict(self) -> str:
        """Whether ours hides more PHI at equal or less over-redaction, by the figures themselves.

        Whether notes alone could turn it, the intervals tell.
        """
        if self.hidden.difference <= 0.0:
            return "no: hides no more PHI"
        return "yes" if self.over.difference <= 0.0 else "no: hides more other text too"


def compare(ours: Standing, peer: Standing, *, seed: int = 0) -> Comparison:
    """A paired bootstrap over notes."""
    return Comparison(
        hidden=paired_test(ours.hidden, peer.hidden, _share, seed=seed),
        over=paired_test(ours.over, peer.over, _share, seed=seed),
    )


def _share(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = counts[..., 0] / np.maximum(counts[..., 1], 1.0)
    return result
