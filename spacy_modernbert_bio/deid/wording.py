"""How something is written: its runs of letters and digits, and its case.

One pass over the characters each. Knows no words: what a run means is for the caller.
"""

import unicodedata
from itertools import groupby
from typing import Literal

from spacy_modernbert_bio.deid.readings import fold

RunKind = Literal["letters", "digits", "between"]
_APOSTROPHES = ("'", "\u2019", "\u2018", "`")
_MC = "Mc"


def plain(text: str) -> str:
    """`readings.fold`, with a short way for ASCII: without case, accents, and extra blanks."""
    return " ".join(text.lower().split()) if text.isascii() else fold(text)


def word_set(listed: str) -> frozenset[str]:
    """The words of a list that is written with blanks between them."""
    return frozenset(listed.split())


def runs(written: str) -> list[tuple[RunKind, str]]:
    """The runs of letters, of digits and of what is between them; joined they are `written`.

    Marks and characters of zero width belong to letters: names may hold them.
    """
    return [(kind, "".join(group)) for kind, group in groupby(written, key=_kind)]


def ends_in_apostrophe(between: str) -> bool:
    """Whether an "s" after it is a possessive's."""
    return between.endswith(_APOSTROPHES)


def same_case(written: str, new: str) -> str:
    """`new`, a word or words as a list has them, in capitals or small letters where `written` is.

    A single letter tells no more than its own case. `McDonald` makes `McCoy` of `Mccoy`.
    """
    if written.islower():
        return new.lower()
    if written.isupper() and (len(new) == 1 or sum(map(str.isalpha, written)) > 1):
        return new.upper()
    if new.startswith(_MC) and written.startswith(_MC) and written[len(_MC) :][:1].isupper():
        return _MC + new[len(_MC) :].capitalize()
    return new


def _kind(character: str) -> RunKind:
    if character.isalpha():
        return "letters"
    if character.isdecimal():
        return "digits"
    if not character.isascii() and unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf"):
        return "letters"
    return "between"
