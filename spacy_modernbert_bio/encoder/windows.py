"""Cover a long document with overlapping windows so that each piece is kept exactly once.

Two neighbouring windows share `overlap` pieces; the cut stands in the middle of what they share,
so each piece takes its vector from the window in which it stands furthest from a cut.
"""

from dataclasses import dataclass
from itertools import pairwise

from spacy_modernbert_bio.errors import ConfigError


@dataclass(frozen=True)
class Window:
    """Pieces `start:stop` are read together; `keep_start:keep_stop` of them are kept."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


def plan_windows(length: int, *, size: int, overlap: int) -> list[Window]:
    """Windows of at most `size` pieces over a document of `length` pieces.

    Their keep ranges partition `[0, length)`; a document that fits makes one window, an empty one
    makes none. The last window is moved back to full size, so that it has as much context as the
    others. Raises ConfigError unless 0 <= overlap < size.
    """
    if not 0 <= overlap < size:
        raise ConfigError(
            where="overlap",
            found=f"{overlap} with windows of {size} pieces",
            wanted="0 or more, and less than the window",
        )
    if length == 0:
        return []
    if length <= size:
        return [Window(0, length, 0, length)]
    starts = [*range(0, length - size, size - overlap), length - size]
    cuts = [(earlier + size + later) // 2 for earlier, later in pairwise(starts)]
    borders = [0, *cuts, length]
    return [
        Window(start, start + size, keep_start, keep_stop)
        for start, keep_start, keep_stop in zip(starts, borders, borders[1:], strict=False)
    ]
