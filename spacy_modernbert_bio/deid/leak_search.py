"""Where the originals of a note stand in what is given out, in spite of all that parts them.

One pass of an index for each form: words as they are or folded, digits alone, letters and digits
without what is between them. Time grows with the text, the originals and what is found.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ahocorasick import Automaton

from spacy_modernbert_bio.deid.originals import COMMON_WORDS, Original
from spacy_modernbert_bio.deid.readings import (
    Reading,
    fold,
    read_digits,
    read_letters_and_digits,
    read_plain,
    read_with_one_blank,
)
from spacy_modernbert_bio.deid.rules.shadow import make_shadow

# Digits of a number this long are found inside of a longer run of them: 001234567.
_DIGITS_INSIDE = 7
# Shorter ones are found over breaks that numbers have, and not where a table has two of them.
_DIGITS_OVER_BLANKS = 6
_BREAK_OF_SHORT_NUMBER = re.compile(r"[ \t]*[-/][ \t\r\n]*|[ \t\r]*\n[ \t]*")
# What may stand at one place between two characters of one original.
_LONGEST_BREAK = 40
_MOST_MARKS = 3
_MOST_LINE_ENDS = 1
_SPLITTING_MARKS = "-."
# McDonald is no Donald.
_PREFIXES = ("mc", "mac")
_WORD = re.compile(r"[^\W_]+")


Kind = Literal["exact", "folded", "digits", "split"]


@dataclass(frozen=True)
class Match:
    """Characters `start` to `stop - 1` of the output, in which an original of `label` stands."""

    kind: Kind
    label: str
    start: int
    stop: int


def search_originals(output: str, originals: Iterable[Original]) -> Iterator[Match]:
    """The places of originals, by kind; of those that end at one place, the longest."""
    seen = _Output(output)
    # Of those that one form writes alike the first stays.
    known = [*originals][::-1]
    words = {each.plain: each for each in known if each.is_looked_for}
    yield from _Words(seen, read_with_one_blank(seen.plain)).search(words)
    digits = {each.digits: each for each in known if each.is_looked_for_by_digits}
    yield from _Digits(seen, read_digits(seen.plain)).search(digits)
    pieces = {each.letters_and_digits: each for each in known if each.is_looked_for_in_pieces}
    yield from _Pieces(seen, read_letters_and_digits(seen.plain)).search(pieces)


class _Output:
    """A text, its shadow (in which all else here has its places), and the shadow without case."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shadow = make_shadow(text)
        self.plain = read_plain(self.shadow.text)

    def is_border(self, place: int) -> bool:
        """Whether a word may end before a place of the shadow: `Mr|Smith`, `Smith|2019`."""
        text = self.shadow.text
        if place in (0, len(text)):
            return True
        before, after = text[place - 1], text[place]
        if not (before.isalnum() and after.isalnum()):
            return True
        if before.isdecimal() or after.isdecimal():
            return before.isdecimal() != after.isdecimal()
        prefix = text[max(0, place - 3) : place].lower()
        return before.islower() and after.isupper() and not prefix.endswith(_PREFIXES)


@dataclass(frozen=True, repr=False)
class _Search(ABC):
    """One form of a text, and what makes a match of originals in it a leak."""

    seen: _Output
    reading: Reading

    def search(self, originals: Mapping[str, Original]) -> Iterator[Match]:
        """The matches of originals, which are given by how this form writes them."""
        if not originals:
            return
        index = Automaton()
        for string, original in originals.items():
            index.add_word(string, (len(string), original))
        index.make_automaton()
        told = 0
        # Of those that end at one place the longest comes first.
        for place, (length, original) in index.iter(self.reading.text):
            last = place + 1
            if last == told or not self.may_end(last):
                continue
            kind = self.judge(original, last - length, last)
            if kind is not None:
                start, stop = self.seen.shadow.span(*self.reading.span(last - length, last))
                yield Match(kind, original.label, start, stop)
                told = last

    def may_end(self, last: int) -> bool:
        """Whether a match may end before a place of the form."""
        return self.seen.is_border(self.reading.places[last - 1] + 1)

    @abstractmethod
    def judge(self, original: Original, first: int, last: int) -> Kind | None:
        """The kind of a match that may end at its end, or None for no leak."""

    def is_word(self, original: Original, first: int, last: int) -> bool:
        """Whether an original stands by itself here, in a case that names have."""
        start, stop = self.reading.span(first, last)
        found = self.seen.shadow.text[start:stop]
        named = not original.is_found_with_capitals_only or found != found.lower()
        return named and self.seen.is_border(start)

    def breaks(self, first: int, last: int) -> set[str]:
        """What stands between the characters of a match where they are not neighbours."""
        text = self.seen.shadow.text
        return {text[a + 1 : b] for a, b in pairwise(self.reading.places[first:last]) if b > a + 1}


class _Words(_Search):
    """Originals as they were written, but for case, accents, blanks and dashes."""

    def judge(self, original: Original, first: int, last: int) -> Kind | None:
        if not self.is_word(original, first, last):
            return None
        start, stop = self.seen.shadow.span(*self.reading.span(first, last))
        is_exact = self.seen.text[start:stop] in original.forms
        if not original.is_short:
            return "exact" if is_exact else "folded"
        around = self.seen.text[max(0, start - 1) : start] + self.seen.text[stop : stop + 1]
        return "exact" if is_exact and not any(map(str.isalnum, around)) else None


class _Digits(_Search):
    """Numbers, whatever is written between their digits."""

    def may_end(self, last: int) -> bool:
        # Numbers in longer runs of digits are for `judge`.
        return last > 0

    def judge(self, original: Original, first: int, last: int) -> Kind | None:
        digits = len(original.digits)
        breaks = self.breaks(first, last)
        if (breaks or digits < _DIGITS_INSIDE) and self._is_cut_out(first, last):
            return None
        return "digits" if all(_may_part_digits(gap, digits) for gap in breaks) else None

    def _is_cut_out(self, first: int, last: int) -> bool:
        """Whether digits go on right before or after these."""
        places = self.reading.places
        before = first > 0 and places[first - 1] == places[first] - 1
        return before or (last < len(places) and places[last] == places[last - 1] + 1)


class _Pieces(_Search):
    """Names and other words, whatever parts their letters, or nothing where something did."""

    def judge(self, original: Original, first: int, last: int) -> Kind | None:
        if not self.is_word(original, first, last):
            return None
        marks = _SPLITTING_MARKS + "".join(original.plain.split())
        if not all(_may_part_letters(gap, marks) for gap in self.breaks(first, last)):
            return None
        start, stop = self.reading.span(first, last)
        found = self.seen.shadow.text[start:stop]
        return None if _is_of_common_words(found, original) else "split"


def _may_part_digits(gap: str, digits: int) -> bool:
    if digits < _DIGITS_OVER_BLANKS:
        return _BREAK_OF_SHORT_NUMBER.fullmatch(gap) is not None
    return not any(map(str.isalpha, gap)) and _is_small(gap)


def _may_part_letters(gap: str, marks: str) -> bool:
    return all(each.isspace() or each in marks for each in gap) and _is_small(gap)


def _is_small(gap: str) -> bool:
    marks = sum(not each.isspace() for each in gap)
    line_ends = gap.count("\n")
    return len(gap) <= _LONGEST_BREAK and marks <= _MOST_MARKS and line_ends <= _MOST_LINE_ENDS


def _is_of_common_words(found: str, original: Original) -> bool:
    """Whether the pieces are words of the language, `has an` for Hasan, and no hyphen joins them.

    A name that is made of such words is looked for all the same, in these pieces.
    """
    pieces, own = (set(_WORD.findall(plain)) for plain in (fold(found), original.plain))
    return "-" not in found and not (pieces & COMMON_WORDS) <= own
