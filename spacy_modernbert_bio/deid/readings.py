"""A text in the plainer forms in which what was removed from it is looked for again.

Each form knows where its characters stand in the text. Costs a few passes of regular expressions
and a number a character; folds letters of one script only: a Cyrillic а is no Latin a.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.deid.rules.shadow import make_shadow

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_APOSTROPHES = "\u2018\u2019\u02bc"
# Blanks that are not one plain blank.
_BLANKS = re.compile(r"\s{2,}|[^\S ]")
_WORDS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, repr=False)
class Reading:
    """A form of a text. text: its characters. places: where each of them stands in the text."""

    text: str
    places: Sequence[int]

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """A range of this form, which is not empty, as one of the text."""
        return self.places[start], self.places[stop - 1] + 1


def read_plain(text: str) -> Reading:
    """Without case, accents, ligatures and typographic apostrophes: `Muñoz`, `MUNOZ` are equal."""
    table = {ord(each): _fold(each) for each in set(_NOT_ASCII.findall(text))}
    if all(len(plain) == 1 for plain in table.values()):
        return Reading(text.translate(table).lower(), range(len(text)))
    folded = [table.get(ord(character), character) for character in text]
    places = [place for place, plain in enumerate(folded) for _ in plain]
    return Reading("".join(folded).lower(), places)


def read_with_one_blank(plain: Reading) -> Reading:
    """With one blank in the place of any run of blanks and line ends."""
    kept: list[str] = []
    places: list[int] = []
    done = 0
    for match in _BLANKS.finditer(plain.text):
        kept += (plain.text[done : match.start()], " ")
        places += plain.places[done : match.start() + 1]
        done = match.end()
    kept.append(plain.text[done:])
    places += plain.places[done:]
    return Reading("".join(kept), places)


def read_letters_and_digits(plain: Reading) -> Reading:
    """Without anything that is neither a letter nor a digit."""
    return _only(_WORDS, plain)


def read_digits(plain: Reading) -> Reading:
    """The digits alone."""
    return _only(_DIGITS, plain)


def fold(text: str) -> str:
    """A short text as `read_with_one_blank` reads it, without blanks around it."""
    return read_with_one_blank(read_plain(make_shadow(text).text)).text.strip()


def _only(pattern: re.Pattern[str], plain: Reading) -> Reading:
    kept: list[str] = []
    places: list[int] = []
    for match in pattern.finditer(plain.text):
        kept.append(match.group())
        places += plain.places[match.start() : match.end()]
    return Reading("".join(kept), places)


def _fold(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    parts = unicodedata.normalize("NFKD", character)
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()
