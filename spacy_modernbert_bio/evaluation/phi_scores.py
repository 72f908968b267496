"""What one note counts for when de-identification is scored: spans, tokens and characters.

Costs arrays as long as the note. Knows no averages and no intervals: `redaction` has them.

Tokens are those of the 2014 i2b2/UTHealth script: runs of ASCII letters and digits, cut at the
borders of a span. A name in another script has none; its characters are counted all the same.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.spans import Span

# Right, superfluous, missed.
Counts: TypeAlias = tuple[int, int, int]
# A part, and the whole that it is of.
Part: TypeAlias = tuple[int, int]
Mask: TypeAlias = NDArray[np.bool_]

# `fuzzy_end_equality(2)` of the i2b2 2014 script (github.com/kotfic/i2b2_evaluation_scripts).
RELAXED_END = 2
_TOKEN = re.compile(r"[a-zA-Z0-9]+")

# `PHITrackEvaluation.HIPAA_regexes` of the same script. It names IDNUM too, but its pattern ends in
# a blank and never matches: published HIPAA figures leave IDNUM out, and so do these.
I2B2_HIPAA_TYPES = frozenset(
    {
        "PATIENT",
        "CITY",
        "STREET",
        "ZIP",
        "ORGANIZATION",
        "DATE",
        "PHONE",
        "FAX",
        "EMAIL",
        "SSN",
        "MEDICALRECORD",
        "HEALTHPLAN",
        "ACCOUNT",
        "LICENSE",
        "VEHICLE",
        "DEVICE",
        "BIOID",
        "AGE",
    }
)


@dataclass(frozen=True, repr=False)
class ScoredNote:
    """A note with the spans that it has and those that were found.

    text: the note. gold, predicted: characters (start, stop, label); they may overlap.
    pieces: its length as the encoder counts it, for the length buckets.

    Raises ConfigError for a span that is empty or leaves the text, and for a negative length.
    """

    text: str
    gold: tuple[Span, ...]
    predicted: tuple[Span, ...]
    pieces: int = 0

    def __post_init__(self) -> None:
        """Refuse what no count could be made of."""
        for side, spans in (("gold", self.gold), ("predicted", self.predicted)):
            for start, stop, _ in spans:
                if not 0 <= start < stop <= len(self.text):
                    raise ConfigError(
                        where=f"ScoredNote({side}=...)",
                        found=f"a span from {start} to {stop}",
                        wanted="one that is not empty and lies in the "
                        f"{len(self.text)} characters of its document",
                    )
        if self.pieces < 0:
            raise ConfigError(
                where="ScoredNote(pieces=...)", found=str(self.pieces), wanted="0 or more"
            )


@dataclass(frozen=True)
class LabelCounts:
    """What one label counts for in a note.

    strict: its spans. redacted: its characters that a span of any label covers, of all of them.
    """

    strict: Counts
    redacted: Part


@dataclass(frozen=True)
class NoteCounts:
    """Counts of one note.

    strict, relaxed, hipaa_strict, hipaa_relaxed: spans with their labels, as i2b2 2014 counts them.
    tokens, hipaa_tokens: tokens of spans, with their labels.
    characters: characters of spans that are no white space, with their labels.
    redacted_tokens, redacted_characters: of PHI, what a span of any label covers whole.
    over_tokens, over_characters: of the other text, what a span touches.
    clean: (1, 1) when no letter or digit of the note's PHI is left, (0, 1) when one is, (0, 0) in a
        note without PHI, which nobody could have missed.
    labels: by label, of gold or predicted spans.
    """

    strict: Counts
    relaxed: Counts
    hipaa_strict: Counts
    hipaa_relaxed: Counts
    tokens: Counts
    hipaa_tokens: Counts
    characters: Counts
    redacted_tokens: Part
    redacted_characters: Part
    over_tokens: Part
    over_characters: Part
    clean: Part
    labels: Mapping[str, LabelCounts]


def count_note(scored: ScoredNote) -> NoteCounts:
    """All counts of one note. A span given twice counts once, on either side."""
    gold, predicted = set(scored.gold), set(scored.predicted)
    gold_tokens, found_tokens = _tokens_of(scored.text, gold), _tokens_of(scored.text, predicted)
    size = len(scored.text)
    visible = np.fromiter((not c.isspace() for c in scored.text), np.bool_, size)
    telling = np.fromiter((c.isalnum() for c in scored.text), np.bool_, size)
    phi, found = _mask(gold, size), _mask(predicted, size)
    phi_tokens = list(_tokens_in(scored.text, phi))
    other_tokens = list(_tokens_in(scored.text, ~phi))
    left = bool(np.any(phi & telling & ~found))
    return NoteCounts(
        strict=_exact(gold, predicted),
        relaxed=relaxed_counts(gold, predicted),
        hipaa_strict=_exact(_hipaa(gold), _hipaa(predicted)),
        hipaa_relaxed=relaxed_counts(_hipaa(gold), _hipaa(predicted)),
        tokens=_exact(gold_tokens, found_tokens),
        hipaa_tokens=_exact(_hipaa(gold_tokens), _hipaa(found_tokens)),
        characters=_characters(gold, predicted, visible),
        redacted_tokens=(sum(bool(found[a:b].all()) for a, b in phi_tokens), len(phi_tokens)),
        redacted_characters=_part(found, phi & visible),
        over_tokens=(sum(bool(found[a:b].any()) for a, b in other_tokens), len(other_tokens)),
        over_characters=_part(found, ~phi & visible),
        clean=(int(not left), 1) if gold else (0, 0),
        labels=_by_label(gold, predicted, found, visible),
    )


def relaxed_counts(gold: Iterable[Span], predicted: Iterable[Span]) -> Counts:
    """Spans that agree in start and label and whose ends differ by RELAXED_END at most.

    A span has one partner at most. (The i2b2 script lets several share one, which differs only
    where spans of one side begin together under one label.)
    """
    ends_of_gold, ends_found = _ends(gold), _ends(predicted)
    right = 0
    for place, wanted in ends_of_gold.items():
        found = list(ends_found.get(place, ()))
        # In order of their ends, the first that fits is never the wrong one to take.
        for end in wanted:
            at = bisect_left(found, end - RELAXED_END)
            if at < len(found) and found[at] <= end + RELAXED_END:
                del found[at]
                right += 1
    total = sum(map(len, ends_of_gold.values()))
    return right, sum(map(len, ends_found.values())) - right, total - right


def _ends(spans: Iterable[Span]) -> dict[tuple[int, str], list[int]]:
    ends: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for start, stop, label in sorted(set(spans)):
        ends[start, label].append(stop)
    return ends


def _exact(gold: set[Span], predicted: set[Span]) -> Counts:
    return len(gold & predicted), len(predicted - gold), len(gold - predicted)


def _hipaa(spans: Iterable[Span]) -> set[Span]:
    return {span for span in spans if span[2] in I2B2_HIPAA_TYPES}


def _tokens_of(text: str, spans: Iterable[Span]) -> set[Span]:
    return {
        (*match.span(), label)
        for start, stop, label in spans
        for match in _TOKEN.finditer(text, start, stop)
    }


def _tokens_in(text: str, mask: Mask) -> Iterator[tuple[int, int]]:
    """Tokens of the stretches where `mask` holds, cut at their borders."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0)).tolist()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        for match in _TOKEN.finditer(text, start, stop):
            yield match.span()


def _mask(spans: Iterable[Span], size: int) -> Mask:
    mask = np.zeros(size, dtype=np.bool_)
    for start, stop, _ in spans:
        mask[start:stop] = True
    return mask


def _part(inside: Mask, whole: Mask) -> Part:
    return int(np.sum(inside & whole)), int(np.sum(whole))


def _of_label(spans: Iterable[Span], label: str) -> set[Span]:
    return {span for span in spans if span[2] == label}


def _labels(gold: Iterable[Span], predicted: Iterable[Span]) -> list[str]:
    return sorted({label for _, _, label in (*gold, *predicted)})


def _characters(gold: set[Span], predicted: set[Span], visible: Mask) -> Counts:
    right = superfluous = missed = 0
    for label in _labels(gold, predicted):
        wanted = _mask(_of_label(gold, label), visible.size) & visible
        found = _mask(_of_label(predicted, label), visible.size) & visible
        right += int(np.sum(wanted & found))
        superfluous += int(np.sum(found & ~wanted))
        missed += int(np.sum(wanted & ~found))
    return right, superfluous, missed


def _by_label(
    gold: set[Span], predicted: set[Span], found: Mask, visible: Mask
) -> dict[str, LabelCounts]:
    counts = {}
    for label in _labels(gold, predicted):
        wanted = _of_label(gold, label)
        counts[label] = LabelCounts(
            strict=_exact(wanted, _of_label(predicted, label)),
            redacted=_part(found, _mask(wanted, found.size) & visible),
        )
    return counts
