"""A rule: a pattern, the words that must stand before it, and what refutes it.

Rules read a note's shadow (`shadow`), find candidates with one pattern each and throw out what a
refutation knows better. Patterns begin with a required class or literal, repeat nothing without a
bound and nest no repetition: matching is linear in the note, which a test holds on hostile input.
All rules together read more than a megabyte of clinical text a second.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from spacy_modernbert_bio.deid.rules.cue_index import CueIndex, make_cue_index
from spacy_modernbert_bio.deid.rules.shadow import Shadow, make_shadow
from spacy_modernbert_bio.deid.spans import PhiSpan

# Of a match in its shadow: whether it is no PHI after all.
Refutation = Callable[["re.Match[str]"], bool]

_RUN = re.compile("0+")
_ASCII = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789\n", b"000000000 "))


@dataclass(frozen=True, eq=False)
class Rule:
    """One way in which one kind of PHI is written.

    name: for sources, as "rules:<name>". label: of what it finds. pattern: its group "phi" is the
    span, or all of it where it has no such group. needs: words or phrases as `lower_for_needs`
    writes them ("0/0" is any two digits with a slash) of which one has to be somewhere in the note,
    a cheap reason not to look; empty looks always. refuted: see `Refutation`. score: how sure a
    match is, in (0, 1]. begins: every match begins with one of `needs`, so that the pattern is
    tried at these only (of a word of zeros, at the start of each run of digits).
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
        for match in self._matches(shadow.text, lowered):
            yield from self.spans_of(match, shadow)

    def spans_of(self, match: "re.Match[str]", shadow: Shadow) -> Iterator[PhiSpan]:
        """The span of a match of the pattern, none where it is refuted or empty."""
        group: int | str = "phi" if "phi" in self.pattern.groupindex else 0
        if match.end(group) <= match.start(group) or (self.refuted and self.refuted(match)):
            return
        start, stop = shadow.span(*match.span(group))
        yield PhiSpan(start, stop, self.label, (f"rules:{self.name}",), self.score)

    def _matches(self, text: str, lowered: str) -> Iterator["re.Match[str]"]:
        # The small form of a letter may be two characters: then places are not the text's.
        if not self.begins or len(lowered) != len(text):
            if not self.needs or any(word in lowered for word in self.needs):
                yield from self.pattern.finditer(text)
            return
        reached = 0
        for place in places_of(self.needs, lowered):
            if place >= reached and (match := self.pattern.match(text, place)):
                yield match
                reached = match.end()


@dataclass(frozen=True, eq=False)
class CueRule(Rule):
    """A rule of which each match begins with one of `needs`, at the start of a word.

    All such rules together read a note once.
    """


def places_of(words: Iterable[str], lowered: str) -> list[int]:
    """Where one of the words stands, in order; of a word of digits, once in each run of digits."""
    places: set[int] = set()
    for word in words:
        in_runs = not word.strip("0")
        place = lowered.find(word)
        while place >= 0:
            places.add(place)
            # Patterns for numbers start where a run does, or before it.
            run = _RUN.match(lowered, place) if in_runs else None
            place = lowered.find(word, run.end() if run else place + 1)
    return sorted(places)


def lower_for_needs(shadow: Shadow) -> str:
    """The text that `Rule.needs` is looked for in.

    In lower case, each digit a 0, the end of a line a blank: a wrapped phrase is in one line.
    """
    if shadow.text.isascii():  # ten times as fast
        return shadow.text.encode("ascii").translate(_ASCII).decode("ascii")
    lowered = shadow.text.lower().replace("\n", " ")
    for digit in "123456789":
        lowered = lowered.replace(digit, "0")
    return lowered


def match_rules(note: str, rules: Iterable[Rule]) -> list[PhiSpan]:
    """All that the rules find in a note, in no order; overlaps are for `merge_spans`."""
    shadow = make_shadow(note)
    lowered = lower_for_needs(shadow)
    index, others, all_rules = _plan(tuple(rules))
    if len(lowered) != len(shadow.text):
        return [span for rule in all_rules for span in rule.find(shadow, lowered)]
    spans = [span for rule in others for span in rule.find(shadow, lowered)]
    for place, cued in index.find(lowered) if index else ():
        for rule in cued:
            if match := rule.pattern.match(shadow.text, place):
                spans += rule.spans_of(match, shadow)
    return spans


# A program has few sets of rules.
@lru_cache(maxsize=32)
def _plan(
    rules: tuple[Rule, ...],
) -> tuple[CueIndex[CueRule] | None, tuple[Rule, ...], tuple[Rule, ...]]:
    """The index of those rules that have cues, the others, and all."""
    cued = [(cue, rule) for rule in rules if isinstance(rule, CueRule) for cue in rule.needs]
    others = tuple(rule for rule in rules if not isinstance(rule, CueRule))
    return make_cue_index(cued) if cued else None, others, rules
