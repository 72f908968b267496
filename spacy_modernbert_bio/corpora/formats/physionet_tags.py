"""What stood where a de-identified note has `[**...**]`, from the note before and after.

The text between the tags is looked up in the note, in order; white space counts as one blank. Costs
the tags times the length of the note. Where neighbouring tags leave their common border open
(`[**Name**] [**Name**]` for three words), the first place is taken and the answer says so.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_TAG = re.compile(r"\[\*\*(.*?)\*\*\]")

# What a tag of the PhysioNet software is of, the first that matches. From the tags of MIMIC's
# notes, which that software wrote.
_LABELS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (label, re.compile(pattern, re.IGNORECASE))
    for label, pattern in (
        ("phone_nb", r"telephone|phone|fax|pager|beeper"),
        ("age", r"\bage\b"),
        ("date", r"date|month|year|holiday|^[\d/ -]+$"),
        ("other", r"number|identifier|e-?mail|\burl\b|social security|dictator"),
        ("location", r"hospital|location|address|state|country|county|zip|university|college"),
        ("location", r"ward|unit|company|po box|apartment"),
        ("name", r"name|initial|attending"),
    )
)


@dataclass(frozen=True)
class Gap:
    """Characters `start` to `stop - 1` of the note before, and what its tag says of them."""

    start: int
    stop: int
    tag: str = field(repr=False)


@dataclass(frozen=True)
class Gaps:
    """All gaps of a note, in order. unique: whether they could lie nowhere else."""

    gaps: tuple[Gap, ...]
    unique: bool


def label_of_tag(tag: str) -> str | None:
    """The label of a tag's content, or None for a tag of an unknown kind."""
    return next((label for label, pattern in _LABELS if pattern.search(tag)), None)


def read_gaps(tagged: str, plain: str) -> Gaps | None:
    """What of `plain` the tags of `tagged` stand for; None when the two differ otherwise, too."""
    before, places = _with_single_blanks(plain)
    after, _ = _with_single_blanks(tagged)
    between = _TAG.split(after)
    kept, tags = between[::2], between[1::2]
    if not tags:
        return Gaps((), unique=True) if before == after else None
    possible = _possible_places(kept, before)
    if possible is None:
        return None
    gaps, unique = [], True
    at = len(kept[0])
    for tag, literal, starts in zip(tags, kept[1:], possible[1:], strict=True):
        # A tag stands for one character at least.
        first = bisect_right(starts, at)
        unique = unique and first + 1 == len(starts)
        stop = starts[first]
        if before[at:stop].strip():
            start = at + (before[at] == " ")
            end = stop - (before[stop - 1] == " ")
            gaps.append(Gap(places[start], places[end - 1] + 1, tag.strip()))
        at = stop + len(literal)
    return Gaps(tuple(gaps), unique)


def _possible_places(kept: list[str], before: str) -> list[list[int]] | None:
    """Where each kept stretch can begin so that all after it fit; None when the first cannot at 0.

    From the last to the first: only the last place of the next one bounds a stretch, so that the
    work is no more than a search for each.
    """
    if not (before.startswith(kept[0]) and before.endswith(kept[-1])):
        return None
    possible = [[len(before) - len(kept[-1])]]
    for literal in reversed(kept[1:-1]):
        latest = possible[0][-1] - 1 - len(literal)
        starts = [place for place in range(1, latest + 1) if before.startswith(literal, place)]
        if not starts:
            return None
        possible.insert(0, starts)
    possible.insert(0, [0])
    # Each place has one after it in the next list; this is left to be seen of the first.
    return possible if possible[1][-1] > len(kept[0]) else None


def _with_single_blanks(text: str) -> tuple[str, list[int]]:
    """The text with one blank for each stretch of white space, and where each character was."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        blank = character.isspace()
        if blank and (not characters or characters[-1] == " "):
            continue
        characters.append(" " if blank else character)
        places.append(place)
    if characters and characters[-1] == " ":
        characters.pop()
        places.pop()
    return "".join(characters), places
