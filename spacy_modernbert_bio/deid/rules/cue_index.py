"""Where words of a note begin as cues do: one reading for all the rules that wait for one.

Looks up the first letters of each word, a twentieth of a second a megabyte for hundreds of cues.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from spacy_modernbert_bio.deid.rules.tries import any_of

# Letters of a cue that are looked up: "ther" would stop at each "there".
_KEY = 5
# A shorter cue is looked up as a whole word.
_PREFIX = 3
_NOT_LETTERS = re.compile("[^a-z].*", re.DOTALL)

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class CueIndex(Generic[Item]):
    """Items by cue.

    pattern: one character, with a word after it that begins as a cue does; group 1 is the key.
    items: by key, those of shorter keys with which it begins among them.
    """

    pattern: re.Pattern[str]
    items: Mapping[str, tuple[Item, ...]]

    def find(self, lowered: str) -> Iterator[tuple[int, tuple[Item, ...]]]:
        """Places in a text of lower case where a cue may begin, and its items."""
        # The blank is the character before the first word, so that a match starts where a word of
        # the text does.
        for anchor in self.pattern.finditer(" " + lowered):
            yield anchor.start(), self.items[anchor[1]]


def make_cue_index(cues: Iterable[tuple[str, Item]]) -> CueIndex[Item]:
    """The index of pairs of a cue, in lower case, and an item. Cues begin with a letter."""
    by_key: dict[str, list[Item]] = {}
    for cue, item in cues:
        of_key = by_key.setdefault(_NOT_LETTERS.sub("", cue)[:_KEY], [])
        if item not in of_key:
            of_key.append(item)
    items = {
        key: tuple(
            item
            for length in range(1, len(key) + 1)
            if length == len(key) or length >= _PREFIX
            for item in by_key.get(key[:length], ())
        )
        for key in by_key
    }
    whole = any_of(sorted(key for key in by_key if len(key) < _PREFIX), "(?![a-z])")
    begun = any_of(sorted(key for key in by_key if len(key) >= _PREFIX))
    keys = "|".join(each for each in (begun, whole) if each)
    return CueIndex(re.compile(f"[^a-z](?=({keys}))"), items)
