"""Rules that go where a match can be: words that are in each match are sought, not the match.

Finding a word costs a hundredth of trying a pattern at each place. For what is known by its end
("..., MD", "... Hospital", "..., MA 02139") and by digits in it ("0000" is any four).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy_modernbert_bio.deid.rules.rule import Rule, places_of

# Up to so many places before an anchor are tried one by one; `search` would go on behind it.
_FEW = 4
# Characters that a glance takes in.
_GLANCE = 48


@dataclass(frozen=True, eq=False, kw_only=True)
class SeekingRule(Rule):
    """A rule whose matches all hold an anchor.

    The words of `needs` are anchors. anchor: a pattern of more. before: characters before an anchor
    where a match may start, of a longer one the end is found; 0 where each match starts with the
    anchor. after: characters after an anchor that the pattern may look at. glance: what has to end
    at an anchor, in the characters before it, for a look at it.
    """

    anchor: re.Pattern[str] | None = None
    before: int = 0
    after: int = 250
    glance: re.Pattern[str] | None = None

    def _matches(self, text: str, lowered: str) -> Iterator["re.Match[str]"]:
        if len(lowered) != len(text):  # the small form of some letters is two characters
            yield from self.pattern.finditer(text)
            return
        reached = 0
        for place in self._anchors(text, lowered):
            if self.glance and not self.glance.search(text, max(0, place - _GLANCE), place):
                continue
            start = max(reached, place - self.before)
            while start <= place and (match := self._match(text, start, place)):
                yield match
                start = reached = match.end()
            reached = max(reached, place + 1 if self.before else place)

    def _match(self, text: str, start: int, place: int) -> "re.Match[str] | None":
        """The next match that starts up to an anchor. A later one holds another anchor."""
        if self.before <= _FEW:
            tried = (self.pattern.match(text, at) for at in range(start, place + 1))
            return next((match for match in tried if match), None)
        match = self.pattern.search(text, start, place + self.after)
        return match if match and match.start() <= place else None

    def _anchors(self, text: str, lowered: str) -> list[int]:
        places = places_of(self.needs, lowered)
        if not self.anchor:
            return places
        return sorted({*places, *(match.start() for match in self.anchor.finditer(text))})
