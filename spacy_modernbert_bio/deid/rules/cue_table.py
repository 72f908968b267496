"""Many rules of the form "a cue, then a value", for one reading of the note.

A table finds what its rules find, each by itself, at a tenth of the time: it looks up the first
letters of each word, and tries a rule's pattern only where one of its cues may begin.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.shadow import Shadow
from spacy_modernbert_bio.deid.spans import PhiSpan

# Letters of a cue that are looked up; a shorter cue is looked up as a whole word.
_KEY = 3
_NOT_LETTERS = re.compile("[^a-z].*", re.DOTALL)


@dataclass(frozen=True)
class CueRule(Rule):
    """A rule of which each match begins with one of `needs`, at the start of a word."""


@dataclass(frozen=True, kw_only=True)
class CueTable(Rule):
    """Cue rules as one. Its spans have the names and labels of its rules.

    pattern: one character, with a word after it that begins as a cue does; group 1 is the key.
    rules: by key.
    """

    rules: Mapping[str, tuple[CueRule, ...]]

    def find(self, shadow: Shadow, lowered: str) -> Iterator[PhiSpan]:
        """The spans of a note. lowered: as for `Rule.find`."""
        text = shadow.text
        if len(lowered) != len(text):  # the small form of some letters is two characters
            every = {rule.name: rule for rules in self.rules.values() for rule in rules}
            for rule in every.values():
                yield from rule.find(shadow, lowered)
            return
        # The blank is the character before the first word, so that a match starts where a word of
        # `text` does.
        for anchor in self.pattern.finditer(" " + lowered):
            for rule in self.rules[anchor[1]]:
                match = rule.pattern.match(text, anchor.start())
                if match and not (rule.refuted and rule.refuted(match)):
                    group = "phi" if "phi" in rule.pattern.groupindex else 0
                    start, stop = shadow.span(*match.span(group))
                    yield PhiSpan(start, stop, rule.label, (f"rules:{rule.name}",), rule.score)


def with_cue_table(name: str, label: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, those after a cue in one table of this name; label: the category of the table."""
    others: list[Rule] = []
    by_key: dict[str, list[CueRule]] = {}
    for rule in rules:
        if not isinstance(rule, CueRule):
            others.append(rule)
            continue
        for key in {_NOT_LETTERS.sub("", cue)[:_KEY] for cue in rule.needs}:
            by_key.setdefault(key, []).append(rule)
    endings: dict[str, list[str]] = {}
    for key in sorted(by_key):
        rest = key[1:] if len(key) == _KEY else f"{key[1:]}(?![a-z])"
        endings.setdefault(key[0], []).append(rest)
    # First letters apart, or `re` would try each key at each word.
    keys = "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in endings.items())
    table = CueTable(
        name=name,
        label=label,
        pattern=re.compile(f"[^a-z](?=({keys}))"),
        rules={key: tuple(found) for key, found in by_key.items()},
    )
    return (*others, table)
