"""How a surrogate is drawn: by HMAC under the patient's key, and never one that must not stand.

A draw costs a few microseconds, and so does to check one, whatever the number of forbidden strings.
Nothing forbidden becomes a pattern: `re` keeps those that it compiles, and these would be PHI.
Knows no labels and no forms.
"""

import string
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from ahocorasick import Automaton

from spacy_modernbert_bio.deid.keys import PatientKey
from spacy_modernbert_bio.deid.wording import plain

# Shorter strings are forbidden as words alone: a letter stands in most words.
_MIN_SUBSTRING = 3
# So many digits are the same number however they are grouped.
_MIN_DIGITS = 5
_TRIES = 16
# "Johnston" for "Johnson" would tell too much, and hold "John".
_SHARED_LETTERS = 3
_CONSONANTS, _OPEN = "bdfgklmnprstv", "aeiou"
# Letters without case, far more than a note can forbid pairs of: see `neutral`.
_MANY_LETTERS = tuple(map(chr, range(0x4E00, 0x9FA6)))


class Avoid:
    """What must not stand in a surrogate, in any case: the original, and other originals.

    Strings of _MIN_SUBSTRING characters or more are forbidden anywhere, shorter ones as whole
    words, and those with _MIN_DIGITS digits or more in any grouping.
    """

    def __init__(self, strings: Iterable[str] = (), *, beside: "Avoid | None" = None) -> None:
        """beside: whose strings are forbidden too; a note's are read once, not for each span."""
        folded = {plain(each) for each in strings} - {""}
        numbers = {each for each in map(digits_of, folded) if len(each) >= _MIN_DIGITS}
        self._strings, self._numbers = _index(folded), _index(numbers)
        self._beside = beside

    def allows(self, new: str) -> bool:
        """Whether nothing forbidden stands in a text."""
        folded = plain(new)
        return self._allows(folded, digits_of(folded))

    def _allows(self, folded: str, number: str) -> bool:
        if self._beside and not self._beside._allows(folded, number):
            return False
        if self._numbers and any(True for _ in self._numbers.iter(number)):
            return False
        return not self._strings or not any(
            length >= _MIN_SUBSTRING or _is_word(folded, last + 1 - length, last + 1)
            for last, length in self._strings.iter(folded)
        )


def _index(strings: Collection[str]) -> Automaton | None:
    """An index that gives where strings end and how long they are; None has nothing to find."""
    if not strings:
        return None
    index = Automaton()
    for each in strings:
        index.add_word(each, len(each))
    index.make_automaton()
    return index


def _is_word(text: str, start: int, stop: int) -> bool:
    """Whether no letter, digit or underscore is right before or after a range."""
    around = text[max(0, start - 1) : start] + text[stop : stop + 1]
    return not any(each.isalnum() or each == "_" for each in around)


@dataclass(frozen=True, repr=False)
class Draw:
    """Draws for one surrogate. attempt: 0 at first, higher when what was drawn must not stand.

    At attempt 0 a draw depends on key, purpose and value alone.
    """

    key: PatientKey
    avoid: Avoid
    attempt: int = 0

    def number(self, purpose: str, value: str, below: int) -> int:
        """A number from 0 to `below - 1`."""
        return self.key.number(purpose, f"{value}\0{self.attempt}", below)

    def digits(self, purpose: str, value: str, count: int) -> str:
        """So many decimal digits."""
        return str(self.number(purpose, value, 10**count)).zfill(count)

    def again(self, more: int) -> "Draw":
        """The draws of a later attempt."""
        return Draw(self.key, self.avoid, self.attempt + more) if more else self

    def word(self, purpose: str, folded: str, among: Sequence[str], *, initial: str = "") -> str:
        """One of some words: not `folded`, nor one that begins like it, nor a forbidden one.

        initial: what a word begins with that is made up where none of them can stand.
        """
        for more in range(_TRIES):
            draw = self.again(more)
            chosen = among[draw.number(purpose, folded, len(among))]
            if self._may_stand(chosen, folded):
                return chosen
        return self._made_up(purpose, folded, initial)

    def _made_up(self, purpose: str, folded: str, initial: str) -> str:
        """A word of syllables. It may be forbidden, where nearly everything is."""
        made = ""
        for more in range(_TRIES):
            draw = self.again(more)
            letters = [
                kind[draw.number(f"{purpose}: syllable {place}", folded, len(kind))]
                for place, kind in enumerate((_CONSONANTS, _OPEN) * 2)
            ]
            made = ((initial or letters[0]) + "".join(letters[1:])).capitalize()
            if self._may_stand(made, folded):
                break
        return made

    def _may_stand(self, word: str, folded: str) -> bool:
        alike = word[:_SHARED_LETTERS].lower() == folded[:_SHARED_LETTERS]
        return not alike and self.avoid.allows(word)


# Of an original and its draws, the surrogate.
Maker = Callable[[str, Draw], str]


def neutral(avoid: Avoid) -> str:
    """Two letters that are not forbidden, where no form of a surrogate can stand.

    There always are some: two letters hold no forbidden string of three, so that each pair needs
    one of its own to be forbidden, and there are 4 * 10**8 pairs.
    """
    pairs = (
        a + b
        for letters in (string.ascii_uppercase, _MANY_LETTERS)
        for a, b in product(letters, repeat=2)
    )
    return next(filter(avoid.allows, pairs))


def digits_of(folded: str) -> str:
    """The digits of a folded text."""
    return "".join(filter(str.isdecimal, folded))
