"""Rules that go where a match can be: words that are in each match are sought, not the match.

Finding a word costs a hundredth of trying a pattern at each place. For what begins with one of a
few words ("March 3"), and what is known by its end ("..., MD", "... Hospital", "..., MA 02139").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.shadow import Shadow
from spacy_modernbert_bio.deid.spans import PhiSpan

# Characters after an anchor that a pattern may look at: more than any of ours does.
_AFTER = 250


@dataclass(frozen=True, kw_only=True)
class SeekingRule(Rule):
    """A rule whose matches all hold an anchor.

    anchor: its pattern; without one, the words of `needs` are anchors. before: characters before
    the anchor where a match may start, of a longer one the end is found; 0 where each match starts
    with the anchor.
    """

    anchor: re.Pattern[str] | None = None
    before: int = 0

    def find(self, shadow: Shadow, lowered: str) -> Iterator[PhiSpan]:
        """The spans of a note. lowered: as for `Rule.find`."""
        if len(lowered) != len(shadow.text):  # the small form of some letters is two characters
            yield from super().find(shadow, lowered)
            return
        group: int | str = "phi" if "phi" in self.pattern.groupindex else 0
        for match in self._matches(shadow.text, lowered):
            if match.end(group) <= match.start(group) or (self.refuted and self.refuted(match)):
                continue
            start, stop = shadow.span(*match.span(group))
            yield PhiSpan(start, stop, self.label, (f"rules:{self.name}",), self.score)

    def _matches(self, text: str, lowered: str) -> Iterator["re.Match[str]"]:
        reached = 0
        for place in self._anchors(text, lowered):
            start = max(reached, place - self.before)
            while start <= place and (match := self._match(text, start, place)):
                yield match
                start = reached = match.end()
            reached = max(reached, place + 1 if self.before else place)

    def _match(self, text: str, start: int, place: int) -> "re.Match[str] | None":
        """The next match that starts up to an anchor. A later one holds another anchor."""
        if not self.before:
            return self.pattern.match(text, start)
        match = self.pattern.search(text, start, place + _AFTER)
        return match if match and match.start() <= place else None

    def _anchors(self, text: str, lowered: str) -> list[int]:
        if self.anchor:
            return [match.start() for match in self.anchor.finditer(text)]
        places: set[int] = set()
        for word in self.needs:
            place = lowered.find(word)
            while place >= 0:
                places.add(place)
                place = lowered.find(word, place + 1)
        return sorted(places)
