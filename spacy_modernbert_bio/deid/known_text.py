"""A note in which what is known of a patient is looked for: words, phrases, numbers, codes.

Nothing that is looked for becomes a pattern: `re` keeps the patterns that it compiles, and these
would be PHI. Finding is plain search in the folded note, then a look at the borders.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from spacy_modernbert_bio.deid.readings import (
    Reading,
    read_digits,
    read_letters_and_digits,
    read_plain,
)
from spacy_modernbert_bio.deid.rules.shadow import Shadow, make_shadow
from spacy_modernbert_bio.deid.spans import PhiSpan

WORD = re.compile(r"[^\W_]+")
_NEXT_WORD = re.compile(r"[\W_]{1,8}([^\W_]+)")
# Between two digits of one number, over at most one line end.
_SEPARATORS = re.compile(r"[ \t./()#-]{0,4}(?:\r?\n[ \t./()#-]{0,12})?")
# Four or five digits over more than these are those of a table or a date.
_DASH_OR_LINE_END = re.compile(r"-?(?:[ \t]?\r?\n[ \t]{0,8})?-?")
_SHORT_NUMBER = 6


@dataclass(frozen=True, repr=False)
class KnownText:
    """A note: as rules see it, and folded (`readings.read_plain`)."""

    shadow: Shadow
    plain: Reading

    @classmethod
    def of(cls, note: str) -> "KnownText":
        """The same note."""
        shadow = make_shadow(note)
        return cls(shadow, read_plain(shadow.text))

    @cached_property
    def _digits(self) -> Reading:
        return read_digits(self.plain)

    @cached_property
    def _letters_and_digits(self) -> Reading:
        return read_letters_and_digits(self.plain)

    def span(self, start: int, stop: int, label: str) -> PhiSpan:
        """A range of the folded text as a span of the note."""
        return self._span(*self.plain.span(start, stop), label)

    def is_capital(self, place: int) -> bool:
        """Whether a character of the folded text has a capital in the note."""
        return self.shadow.text[self.plain.places[place]].isupper()

    def find_word(self, word: str) -> Iterator[tuple[int, int]]:
        """Where a folded word stands in the folded text, not inside of another word.

        A border is also where small letters end and a capital begins: "chartSmith".
        """
        text = self.plain.text
        for start in _find_all(word, text):
            stop = start + len(word)
            if self._is_border(start) and self._is_border(stop):
                yield start, stop

    def find_phrase(self, words: Sequence[Collection[str]]) -> Iterator[tuple[int, int]]:
        """Where folded words stand one after the other, each in one of its forms.

        Between two of them may be anything that is neither letter nor digit.
        """
        text = self.plain.text
        for first in words[0]:
            for start in _find_all(first, text):
                if start and text[start - 1].isalnum():
                    continue
                stop = start + len(first)
                for forms in words[1:]:
                    following = _NEXT_WORD.match(text, stop)
                    if not following or following[1] not in forms:
                        break
                    stop = following.end()
                else:
                    if not text[stop : stop + 1].isalnum():
                        yield start, stop

    def find_number(self, digits: str, label: str, *, opening: str = "") -> Iterator[PhiSpan]:
        """Where digits stand as a number of their own, also with zeros before and breaks in it.

        opening: characters before it that are of it, as the "(" of an area code.
        """
        reading = self._digits
        bare = digits.lstrip("0")
        for place in _find_all(bare, reading.text):
            start, stop = place, place + len(bare)
            while start and reading.text[start - 1] == "0" and self._touch(reading, start - 1):
                start -= 1
            if self._stands_alone(reading, start, stop):
                first, end = reading.span(start, stop)
                while first and self.shadow.text[first - 1] in opening:
                    first -= 1
                yield self._span(first, end, label)

    def find_code(self, code: str, label: str) -> Iterator[PhiSpan]:
        """Where folded letters and digits stand, with or without breaks, also run into a word."""
        # Cheaper than what follows, and true of nearly all notes.
        if "".join(filter(str.isdigit, code)) not in self._digits.text:
            return
        reading = self._letters_and_digits
        for start in _find_all(code, reading.text):
            if self._stands_alone(reading, start, start + len(code)):
                yield self._span(*reading.span(start, start + len(code)), label)

    def _span(self, start: int, stop: int, label: str) -> PhiSpan:
        return PhiSpan(*self.shadow.span(start, stop), label, ("known",))

    def _is_border(self, place: int) -> bool:
        text = self.plain.text
        if not 0 < place < len(text) or not (text[place - 1].isalpha() and text[place].isalpha()):
            return True
        # McDonald is no Donald.
        return (
            self.is_capital(place)
            and not self.is_capital(place - 1)
            and not text[max(0, place - 3) : place].endswith(("mc", "mac"))
        )

    def _touch(self, reading: Reading, place: int) -> bool:
        """Whether nothing stands between a character of a reading and the next."""
        return reading.places[place] + 1 == reading.places[place + 1]

    def _stands_alone(self, reading: Reading, start: int, stop: int) -> bool:
        """Whether no digit goes on at the borders, and only breaks are inside."""
        text = reading.text
        for border in (start, stop):
            both = text[border - 1 : border + 1] if border else ""
            if len(both) == 2 and both.isdigit() and self._touch(reading, border - 1):
                return False
        allowed = _SEPARATORS if stop - start >= _SHORT_NUMBER else _DASH_OR_LINE_END
        places = reading.places[start:stop]
        return all(
            allowed.fullmatch(self.shadow.text, left + 1, right)
            for left, right in pairwise(places)
            if left + 1 < right
        )


def _find_all(string: str, text: str) -> Iterator[int]:
    place = text.find(string) if string else -1
    while place >= 0:
        yield place
        place = text.find(string, place + 1)
