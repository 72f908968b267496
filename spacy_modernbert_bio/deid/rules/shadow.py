"""A note as rules read it: plain digits, dashes and blanks, nothing of zero width.

Notes hold no-break blanks, U+2011 and other dashes, full-width digits, zero-width marks; a rule
written for "536-22-6789" has to find all of them. Every character that stays is one character of
the note, so that offsets map back.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

# Format characters (category Cf) and combining marks stand between characters and are not seen.
_HIDDEN = frozenset({"Cf", "Mn", "Me"})
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, repr=False)
class Shadow:
    """A text to match, and where its characters stand in the note.

    text: as long as the note, or shorter by the characters left out.
    """

    text: str
    # Where, in `text`, characters are missing, and how many are up to there.
    _gaps: tuple[int, ...] = field(default=())
    _missing: tuple[int, ...] = field(default=())

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """A range of `text` as one of the note: what was left out inside of it is in it."""
        return self._offset(start), self._offset(stop - 1) + 1 if stop > start else self._offset(
            start
        )

    def _offset(self, place: int) -> int:
        if not self._gaps:
            return place
        index = bisect_right(self._gaps, place) - 1
        return place + (self._missing[index] if index >= 0 else 0)


def make_shadow(note: str) -> Shadow:
    """The shadow of a note; its own text where that is plain."""
    if note.isascii():
        return Shadow(note)
    odd = set(_NOT_ASCII.findall(note))
    changed = {each: _plain(each) for each in odd if _plain(each) != each}
    if not changed:
        return Shadow(note)
    text = note
    for character, plain in changed.items():
        text = text.replace(character, plain)
    if len(text) == len(note):
        return Shadow(text)
    hidden = [found.start() for found in _NOT_ASCII.finditer(note) if not _plain(found[0])]
    # The n-th one left out stands n characters further on in the note than in the shadow.
    gaps = tuple(place - number for number, place in enumerate(hidden))
    return Shadow(text, gaps, tuple(accumulate(1 for _ in hidden)))


# Notes hold few different characters; a document in another script may hold thousands.
@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One plain character, or none for what is hidden."""
    if character in _DASHES:
        return "-"
    category = unicodedata.category(character)
    if category in _HIDDEN:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category.startswith("Z"):
        return "\n" if character in "\u2028\u2029" else " "
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) != 1 or folded == character:
        return character
    return _plain(folded)
