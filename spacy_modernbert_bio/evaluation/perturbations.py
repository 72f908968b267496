"""Notes as they arrive: wrapped, shouted, scanned, pasted. One kind of damage at a time.

Each takes a note with its spans and gives another whose spans still cover what they covered. Costs
one pass over the note. The same seed gives the same note. Does not judge which damage is likely.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.spans import Span

NO_BREAK_BLANK = "\N{NO-BREAK SPACE}"
NO_BREAK_HYPHEN = "\N{NON-BREAKING HYPHEN}"
ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"

# Characters start to stop - 1 and what takes their place; start == stop inserts.
Edit: TypeAlias = tuple[int, int, str]
_Kind: TypeAlias = Callable[[str, Sequence[Span], np.random.Generator], Iterator[Edit]]

_WORD = re.compile(r"\w+")
# What scanners take for one another; each way.
_LOOK_ALIKES = {"0": "O", "O": "0", "1": "l", "l": "1", "5": "S", "S": "5", "rn": "m", "m": "rn"}
_LOOK_ALIKE = re.compile("rn|[0O1l5Sm]")


@dataclass(frozen=True, repr=False)
class PerturbedNote:
    """A damaged note.

    text: the note. spans: those that were given, in their order, at their new places.
    """

    text: str
    spans: tuple[Span, ...]


def perturb(
    text: str, spans: Sequence[Span], kind: str, *, rate: float = 1.0, seed: int = 0
) -> PerturbedNote:
    """The note with one kind of damage.

    kind: a key of PERTURBATIONS. rate: the share of the possible places that is damaged.
    seed: 0 or more.
    Raises ConfigError for an unknown kind, a rate outside [0, 1], a negative seed, and a span that
    is empty or leaves the text.
    """
    _check(text, spans, kind, rate, seed)
    # Of seed and kind, so that kinds do not share their draws.
    source = np.random.default_rng([seed, *kind.encode()])
    edges = {edge for start, stop, _ in spans for edge in (start, stop)}
    edits = [
        edit
        for edit in PERTURBATIONS[kind](text, spans, source)
        if source.random() < rate and edges.isdisjoint(range(edit[0] + 1, edit[1]))
    ]
    return _apply(text, spans, _apart(edits))


def _line_breaks(text: str, spans: Sequence[Span], source: np.random.Generator) -> Iterator[Edit]:
    """One in each span: in place of a blank, else beside a mark, else anywhere inside."""
    for start, stop, _ in spans:
        inside = range(start + 1, stop)
        blanks = [place for place in inside if text[place] == " "]
        marks = [place for place in inside if not text[place].isalnum()]
        if places := blanks or marks or list(inside):
            place = places[int(source.integers(len(places)))]
            yield place, place + bool(blanks), "\n"


def _no_break_blanks(text: str, spans: Sequence[Span], _: np.random.Generator) -> Iterator[Edit]:
    return _swaps(text, spans, " ", NO_BREAK_BLANK)


def _no_break_hyphens(text: str, spans: Sequence[Span], _: np.random.Generator) -> Iterator[Edit]:
    return _swaps(text, spans, "-", NO_BREAK_HYPHEN)


def _swaps(text: str, spans: Sequence[Span], old: str, new: str) -> Iterator[Edit]:
    for start, stop, _ in spans:
        for place in range(start, stop):
            if text[place] == old:
                yield place, place + 1, new


def _zero_width(_: str, spans: Sequence[Span], source: np.random.Generator) -> Iterator[Edit]:
    """One in each span of two characters or more."""
    for start, stop, _ in spans:
        if stop - start > 1:
            place = int(source.integers(start + 1, stop))
            yield place, place, ZERO_WIDTH


def _upper_case(text: str, spans: Sequence[Span], _: np.random.Generator) -> Iterator[Edit]:
    return _recased(text, spans, str.upper)


def _lower_case(text: str, spans: Sequence[Span], _: np.random.Generator) -> Iterator[Edit]:
    return _recased(text, spans, str.lower)


def _recased(text: str, spans: Sequence[Span], case: Callable[[str], str]) -> Iterator[Edit]:
    """Word by word, in and outside of spans; a word that a span cuts is cut there."""
    edges = sorted({edge for start, stop, _ in spans for edge in (start, stop)} | {0, len(text)})
    for start, stop in pairwise(edges):
        for word in _WORD.finditer(text, start, stop):
            if case(word[0]) != word[0]:
                yield word.start(), word.end(), case(word[0])


def _scanned(text: str, _: Sequence[Span], __: np.random.Generator) -> Iterator[Edit]:
    """Everywhere in the note, as a scanner does."""
    for match in _LOOK_ALIKE.finditer(text):
        yield match.start(), match.end(), _LOOK_ALIKES[match[0]]


PERTURBATIONS: Mapping[str, _Kind] = {
    "line breaks": _line_breaks,
    "no-break blanks": _no_break_blanks,
    "no-break hyphens": _no_break_hyphens,
    "zero width": _zero_width,
    "upper case": _upper_case,
    "lower case": _lower_case,
    "scanned": _scanned,
}


def _apart(edits: Sequence[Edit]) -> list[Edit]:
    """In order; of edits that meet, as those of spans that overlap do, the first."""
    kept: list[Edit] = []
    for edit in sorted(edits):
        if not kept or (edit[0] >= kept[-1][1] and edit[0] > kept[-1][0]):
            kept.append(edit)
    return kept


def _apply(text: str, spans: Sequence[Span], edits: Sequence[Edit]) -> PerturbedNote:
    pieces, at = [], 0
    for start, stop, new in edits:
        pieces += [text[at:start], new]
        at = stop
    pieces.append(text[at:])
    # What is inserted at a border stays outside the span.
    moved = tuple(
        (
            start + sum(_growth(edit) for edit in edits if edit[1] <= start),
            stop + sum(_growth(edit) for edit in edits if edit[0] < stop),
            label,
        )
        for start, stop, label in spans
    )
    return PerturbedNote("".join(pieces), moved)


def _growth(edit: Edit) -> int:
    start, stop, new = edit
    return len(new) - (stop - start)


def _check(text: str, spans: Sequence[Span], kind: str, rate: float, seed: int) -> None:
    if kind not in PERTURBATIONS:
        raise ConfigError(
            where="perturb(kind)", found=repr(kind), wanted=f"one of {', '.join(PERTURBATIONS)}"
        )
    if not 0.0 <= rate <= 1.0:
        raise ConfigError(where="perturb(rate)", found=str(rate), wanted="a number from 0 to 1")
    if seed < 0:
        raise ConfigError(where="perturb(seed)", found=str(seed), wanted="0 or more")
    for start, stop, _ in spans:
        if not 0 <= start < stop <= len(text):
            raise ConfigError(
                where="perturb(spans)",
                found=f"a span from {start} to {stop}",
                wanted=f"one that is not empty and lies in the {len(text)} characters of its "
                "document",
            )
