"""A rule: a pattern, the words that must stand before it, and what refutes it.

Rules read a note's shadow (`shadow`), find candidates with one pattern each and throw out what a
refutation knows better. Patterns begin with a required class or literal, repeat nothing without a
bound and nest no repetition: matching is linear in the note, which a test holds on hostile input.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from spacy_modernbert_bio.deid.rules.shadow import Shadow, make_shadow
from spacy_modernbert_bio.deid.spans import PhiSpan

# Of a match in its shadow: whether it is no PHI after all.
Refutation = Callable[["re.Match[str]"], bool]


@dataclass(frozen=True)
class Rule:
    """One way in which one kind of PHI is written.

    name: for sources, as "rules:<name>". label: of what it finds. pattern: its group "phi" is the
    span, or all of it where it has no such group. needs: words or phrases in lower case of which
    one has to be somewhere in the note, a cheap reason not to look; empty looks always. refuted:
    see `Refutation`. score: how sure a match is, in (0, 1]. begins: every match begins with one of
    `needs`, so that the pattern is tried at these only.
    """

    name: str
    label: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...] = ()
    refuted: Refutation | None = None
    score: float = 1.0
    begins: bool = False

    def find(self, shadow: Shadow, lowered: str) -> Iterator[PhiSpan]:
        """The spans of a note. lowered: what `lower_for_needs` makes of its shadow."""
        if self.needs and not any(word in lowered for word in self.needs):
            return
        group: int | str = "phi" if "phi" in self.pattern.groupindex else 0
        for match in self._matches(shadow.text, lowered):
            if match.end(group) <= match.start(group) or (self.refuted and self.refuted(match)):
                continue
            start, stop = shadow.span(*match.span(group))
            yield PhiSpan(start, stop, self.label, (f"rules:{self.name}",), self.score)

    def _matches(self, text: str, lowered: str) -> Iterator["re.Match[str]"]:
        # The small form of a letter may be two characters: then places are not the text's.
        if not self.begins or len(lowered) != len(text):
            yield from self.pattern.finditer(text)
            return
        reached = 0
        for place in sorted(place for word in self.needs for place in _places(word, lowered)):
            if place >= reached and (match := self.pattern.match(text, place)):
                yield match
                reached = match.end()


def _places(word: str, lowered: str) -> Iterator[int]:
    place = lowered.find(word)
    while place >= 0:
        yield place
        place = lowered.find(word, place + 1)


def lower_for_needs(shadow: Shadow) -> str:
    """The text that `Rule.needs` is looked for in: lower case, and a wrapped phrase in one line."""
    return shadow.text.lower().replace("\n", " ")


def match_rules(note: str, rules: Iterable[Rule]) -> list[PhiSpan]:
    """All that the rules find in a note, in their order; overlaps are for `merge_spans`."""
    shadow = make_shadow(note)
    lowered = lower_for_needs(shadow)
    return [span for rule in rules for span in rule.find(shadow, lowered)]
