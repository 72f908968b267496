"""Text with parts of it replaced, and offsets mapped from old to new and back.

Linear in the text; one offset is two binary searches. Does not decide what is replaced.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_modernbert_bio.errors import PolicyError


@dataclass(frozen=True, repr=False)
class Replacement:
    """Characters `start` to `stop - 1` of the old text, and what stands there now.

    new: the text in their place. label: of the span, see `labels`. action: see `policy`.
    sources: who found it, as in `PhiSpan`; "repeat" where it repeats one that was found.
    """

    start: int
    stop: int
    new: str
    label: str
    action: str
    sources: tuple[str, ...] = ()


class OffsetMap:
    """Where spans of the old text are in the new one, and the other way round.

    A span outside all replacements covers the same characters in both. One that cuts into a
    replacement is widened to all of it: its inside has no counterpart.
    """

    def __init__(self, replacements: Sequence[Replacement]) -> None:
        self._old_starts = [each.start for each in replacements]
        self._old_stops = [each.stop for each in replacements]
        self._new_starts: list[int] = []
        self._new_stops: list[int] = []
        gained = 0
        for each in replacements:
            self._new_starts.append(each.start + gained)
            gained += len(each.new) - (each.stop - each.start)
            self._new_stops.append(each.stop + gained)

    def to_new(self, start: int, stop: int) -> tuple[int, int]:
        """A span of the old text, `start` to `stop - 1`, in the new one."""
        old, new = (self._old_starts, self._old_stops), (self._new_starts, self._new_stops)
        return _map_span(start, stop, old, new)

    def to_old(self, start: int, stop: int) -> tuple[int, int]:
        """A span of the new text, `start` to `stop - 1`, in the old one."""
        old, new = (self._old_starts, self._old_stops), (self._new_starts, self._new_stops)
        return _map_span(start, stop, new, old)


def apply(text: str, replacements: Sequence[Replacement]) -> tuple[str, OffsetMap]:
    """The new text, and the map of offsets between both.

    replacements: in order, without overlaps; all other text stays as it is, byte for byte.
    Raises PolicyError for one that is empty, overlaps the one before, or ends after the text.
    """
    parts: list[str] = []
    end = 0
    for each in replacements:
        if not end <= each.start < each.stop <= len(text):
            raise PolicyError(
                where="apply(replacements)",
                found=f"a replacement from {each.start} to {each.stop}, after one that ends at "
                f"{end}, in {len(text)} characters",
                wanted="replacements in order, not empty, without overlaps, inside of the text",
            )
        parts += text[end : each.start], each.new
        end = each.stop
    parts.append(text[end:])
    return "".join(parts), OffsetMap(replacements)


# Starts and stops of all replacements, in one of the two texts.
_Borders = tuple[list[int], list[int]]


def _map_span(start: int, stop: int, here: _Borders, there: _Borders) -> tuple[int, int]:
    first, last = _map_start(start, here, there), _map_stop(stop, here, there)
    # An empty span where a replacement left nothing stands for all that was replaced.
    return (first, last) if first <= last else (last, first)


def _map_start(place: int, here: _Borders, there: _Borders) -> int:
    (starts, stops), (starts_there, stops_there) = here, there
    index = bisect_right(stops, place)
    if index < len(starts) and starts[index] <= place:
        return starts_there[index]
    return place - stops[index - 1] + stops_there[index - 1] if index else place


def _map_stop(place: int, here: _Borders, there: _Borders) -> int:
    (starts, stops), (_, stops_there) = here, there
    index = bisect_left(starts, place) - 1
    if index < 0:
        return place
    return stops_there[index] + max(place - stops[index], 0)
