"""What is left of a note's PHI in the text that is given out.

Re-reads the output with the originals (exact, folded, digits only, in pieces), with rules, and with
what a model found at a low threshold. Prefers a false alarm to a silent leak, and tells of each
place once. About a second for 1 MB and 500 originals, rules and model apart. An empty list proves
nothing about PHI that nobody detected and no rule knows. See `originals` for what is too short to
be looked for, and `labels` for the 18 identifiers.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from spacy_modernbert_bio.deid.audit import identifier_of
from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.deid.leak_search import Match, search_originals
from spacy_modernbert_bio.deid.originals import read_originals
from spacy_modernbert_bio.deid.rules.rule import Rule, match_rules
from spacy_modernbert_bio.deid.spans import PhiSpan, merge_spans
from spacy_modernbert_bio.errors import PolicyError

Kind = Literal["exact", "folded", "digits", "split", "rules", "model"]
# From the surest to the least sure: a place is told of under the first that finds it.
KINDS: tuple[Kind, ...] = get_args(Kind)
# What may stay beside new text of a rule's or the model's span: `10:30` after a new date.
_LETTERS_BESIDE = 2
_DIGITS_BESIDE = 4


@dataclass(frozen=True)
class Leak:
    """Characters `start` to `stop - 1` of the output, which may tell PHI.

    kind: how it was found. An original stands there "exact", "folded" (case, accents, blanks,
    dashes), by its "digits" or "split" into pieces; "rules" and "model" find PHI of their own.
    label: of the original, or of the span found. identifier: number of the Safe Harbor identifier,
    None where the label is of none.
    """

    kind: Kind
    label: str
    identifier: int | None
    start: int
    stop: int


def find_leaks(
    output: str,
    originals: Iterable[tuple[str, str]],
    *,
    new: Sequence[tuple[int, int]] = (),
    rules: Iterable[Rule] = (),
    model: Iterable[PhiSpan] = (),
    is_left: Callable[[str, str], bool] = lambda _, __: False,
) -> list[Leak]:
    """The leaks of one note's output, in order, without overlaps.

    originals: label and text of what was replaced; what a policy keeps on purpose is none.
    new: starts and stops of what was written in their places. There, an original is a leak if it
    stands whole in a surrogate or is all of it, and no date is: shifted dates meet others of the
    same note. Leave out a range whose text was to change and did not.
    rules: their finds outside of `new` are leaks. model: spans that a model found in the output,
    likewise. is_left: of a label and a text, whether the policy leaves it: such finds are none.
    Raises PolicyError for an unknown label and for a range or span outside of the output.
    """
    written = _New(output, new)
    found = [
        Leak(match.kind, match.label, identifier_of(match.label), match.start, match.stop)
        for match in search_originals(output, read_originals(originals))
        if written.lets_leak(match)
    ]
    sources: tuple[tuple[Kind, Iterable[PhiSpan]], ...] = (
        ("rules", match_rules(output, rules)),
        ("model", model),
    )
    for kind, spans in sources:
        given = list(spans)
        # Before they are merged: this drops what ends before it begins.
        for span in given:
            _check_range(output, span.start, span.stop, "model")
        # Merged, as they were before the policy looked at their labels.
        for span in merge_spans(given):
            if is_left(span.label, output[span.start : span.stop]):
                continue
            if written.leaves_something_of(span):
                identifier = identifier_of(span.label)
                found.append(Leak(kind, span.label, identifier, span.start, span.stop))
    return sorted(_first_of_each_place(output, found), key=lambda leak: leak.start)


class _New:
    """The ranges of an output that were written in the place of originals."""

    def __init__(self, output: str, ranges: Sequence[tuple[int, int]]) -> None:
        for start, stop in ranges:
            _check_range(output, start, stop, "new")
        self._output = output
        self._ranges = sorted(each for each in ranges if each[0] < each[1])
        self._starts = [start for start, _ in self._ranges]

    def lets_leak(self, match: Match) -> bool:
        """Whether an original that stands here is left over, or came with what is new."""
        at = bisect_right(self._starts, match.start) - 1
        if at < 0 or self._ranges[at][1] < match.stop:
            return True
        start, stop = self._ranges[at]
        text = self._output[start:stop]
        is_mark = text[:1] + text[-1:] == "[]" or not any(map(str.isalnum, text))
        if is_mark or category_of(match.label) in ("DATE", "AGE"):
            return False
        beside = text[: match.start - start] + text[match.stop - start :]
        return match.kind in ("exact", "folded") or not any(map(str.isalnum, beside))

    def leaves_something_of(self, span: PhiSpan) -> bool:
        """Whether a span tells something besides what is new in it."""
        left = list(self._without_new(span))
        if left == [(span.start, span.stop)]:
            return True
        if category_of(span.label) in ("DATE", "AGE"):
            return False
        rest = "".join(self._output[start:stop] for start, stop in left)
        letters = sum(map(str.isalpha, rest))
        digits = sum(map(str.isdecimal, rest))
        return letters > _LETTERS_BESIDE or digits > _DIGITS_BESIDE

    def _without_new(self, span: PhiSpan) -> Iterator[tuple[int, int]]:
        """The parts of a span outside of all ranges."""
        place = span.start
        for start, stop in self._ranges[max(0, bisect_right(self._starts, place) - 1) :]:
            if start >= span.stop:
                break
            if place < start:
                yield place, start
            place = max(place, stop)
        if place < span.stop:
            yield place, span.stop


def _check_range(output: str, start: int, stop: int, argument: str) -> None:
    if not 0 <= start <= stop <= len(output):
        raise PolicyError(
            where=f"find_leaks({argument}=...)",
            found=f"a range from {start} to {stop} in {len(output)} characters",
            wanted="offsets in the output",
        )


def _first_of_each_place(output: str, leaks: Iterable[Leak]) -> Iterator[Leak]:
    """The surest kind first, then the longest; what overlaps one that was told is left out."""
    told = bytearray(len(output))
    for leak in sorted(leaks, key=lambda each: (KINDS.index(each.kind), each.start - each.stop)):
        if not any(told[leak.start : leak.stop]):
            told[leak.start : leak.stop] = bytes([1]) * (leak.stop - leak.start)
            yield leak
