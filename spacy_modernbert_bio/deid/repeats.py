"""Where an original that was found once stands again in its note.

What a detector finds at one place it misses at another: each original of a label that is replaced
is looked for in the rest of the note. The rule:

- Words as a whole and in any case, blanks and line ends between them as they come, accents and
  marks of zero width unseen. A word ends where letters end, a number where digits end:
  "chartMRN0485921" holds 0485921, "0485921" no 485.
- Originals with fewer than 3 letters and digits are not looked for ("J", "12"), nor is any AGE.
- Names also by their given and family names, of at least 3 letters: `names` says which they are.
- A single word that is ordinary English too ("Will", "May", "Young"; ORDINARY) only as it was
  written there: "Dr. Will" replaces "Will" and "WILL", and leaves "will".
- A DATE that is shifted or generalised only if it holds a digit and 5 letters or digits: "3/14"
  may be a ratio, "2019" a count.
- Telephone and identifying numbers of at least 7 digits whatever stands between the digits.

This replaces too much rather than too little: where room 412 was found, a glucose of 412 goes. It
gets a tag and no surrogate (`action_of_repeat`), or a measurement would be changed unseen.

One pass over the note's words, some 0.3 s a megabyte, whatever the number of originals.
"""

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.deid.names import read_name
from spacy_modernbert_bio.deid.ordinary_names import ORDINARY
from spacy_modernbert_bio.deid.policy import Action, Policy
from spacy_modernbert_bio.deid.spans import PhiSpan
from spacy_modernbert_bio.deid.wording import plain

SOURCE = "repeat"

# In letters and digits: shorter originals say too little, and stand everywhere.
LEAST_CHARACTERS = 3
_LEAST_DATE_CHARACTERS = 5
_LEAST_NUMBER_DIGITS = 7
# Of longer originals the beginning is looked for, so that no note takes more than linear time.
_MOST_TOKENS = 32
# From this many digits on a number is no measurement.
_SURE_DIGITS = 5
_PERSONS = ("NAME", "PATIENT", "DOCTOR")
# Format characters and accents, which stand inside words.
_HIDDEN = (
    "\u00ad\u0300-\u036f\u061c\u180e\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000e0000-\U000e007f"
)
_TOKEN = re.compile(rf"[^\W\d_]+(?:[{_HIDDEN}]+[^\W\d_]*)*|\d+(?:[{_HIDDEN}]+\d*)*")
_IN_NUMBERS = re.compile(r"[\s./()\-\u2010-\u2015]{0,3}")


def find_repeats(
    text: str,
    found: Sequence[PhiSpan],
    policy: Policy,
    *,
    inside: Iterable[PhiSpan] = (),
    untouched: Iterable[tuple[int, int]] = (),
) -> list[PhiSpan]:
    """Where originals of `found` stand again, in order, without overlaps, with source "repeat".

    found: in order and without overlaps; those whose label the policy keeps are not looked for.
    inside: spans as they were before `found` was merged of them, looked for too: the "Smith" of
    "Smith Clinic"; of numbers without a letter those of _SURE_DIGITS or more.
    untouched: ranges, as of tags, in which nothing is looked for. Where repeats overlap, the one
    that begins first keeps its borders; what is in a span of `found` that is replaced is left out.
    """
    replaced = [span for span in found if policy.action(span.label) != "keep"]
    taken = _joined([*((span.start, span.stop) for span in replaced), *untouched])
    sure = (
        span
        for span in inside
        if policy.action(span.label) != "keep" and _is_sure(text[span.start : span.stop])
    )
    words, numbers = _index(text, [*replaced, *sure], policy)
    borders = [border for both in taken for border in both]
    tokens = list(_tokens(text, borders, words.vocabulary, numbers=bool(numbers)))
    matches = sorted(
        (*_find_words(text, tokens, words), *_find_numbers(text, tokens, numbers)),
        key=lambda match: (match.start, -match.stop),
    )
    return list(_left_over(text, matches, taken))


def action_of_repeat(action: Action, original: str) -> Action:
    """What is done with a repeat whose label has this action: a short number gets no surrogate."""
    return "redact" if action == "surrogate" and not _is_sure(original) else action


def _is_sure(original: str) -> bool:
    """Whether it is no number, or one that is no measurement."""
    digits = sum(map(str.isdecimal, original))
    return not digits or digits >= _SURE_DIGITS or any(map(str.isalpha, original))


class _Token(NamedTuple):
    """Letters, or digits, that stand together.

    folded: as they are compared. step: what stands before them, but blanks, and `folded`.
    """

    start: int
    stop: int
    folded: str
    step: tuple[str, str]


@dataclass(repr=False)
class _Words:
    """A tree of originals by their tokens.

    branches: by the step to the next token; the first one's is "" and what it is folded. label: of
    the original that ends here, empty where none does. capitals: whether its first letter may be a
    capital, may be none, or both. around: what stands before and after its tokens.
    """

    branches: dict[tuple[str, str], "_Words"] = field(default_factory=dict)
    label: str = ""
    capitals: set[bool] = field(default_factory=set)
    around: tuple[str, str] = ("", "")

    @property
    def vocabulary(self) -> set[str]:
        """All tokens of the tree."""
        found: set[str] = set()
        waiting = [self]
        while waiting:
            for (_, folded), node in waiting.pop().branches.items():
                found.add(folded)
                waiting.append(node)
        return found


def _tokens(
    text: str,
    borders: Iterable[int] = (),
    vocabulary: Container[str] | None = None,
    *,
    numbers: bool = False,
) -> Iterator[_Token]:
    """The tokens of a text, cut at borders, which are in order.

    vocabulary: folded tokens, the only ones to give, with numbers where asked; None gives all. What
    is left out stands before the next token, as a letter or digit that is in no original's step.
    """
    begin = last = 0
    for border in (*borders, len(text)):
        for match in _TOKEN.finditer(text, begin, border):
            word = match.group()
            folded = word.lower() if word.isascii() else plain(word)
            is_left_out = vocabulary is not None and folded not in vocabulary
            if is_left_out and not (numbers and folded.isdecimal()):
                continue
            start, stop = match.span()
            between = text[last:start]
            before = "" if not between or between.isspace() else "".join(plain(between).split())
            yield _Token(start, stop, folded, (before, folded))
            last = stop
        begin = border


def _index(text: str, replaced: Iterable[PhiSpan], policy: Policy) -> tuple[_Words, dict[str, str]]:
    """The originals to look for: by words, and the labels of numbers by their digits."""
    words, numbers = _Words(), dict[str, str]()
    originals = dict.fromkeys((text[span.start : span.stop], span.label) for span in replaced)
    for original, label in originals:
        tokens = list(_tokens(original))
        if _is_wanted(tokens, label, policy.action(label)):
            _add(words, original, tokens, label)
            digits = "".join(token.folded for token in tokens)
            if category_of(label) in ("CONTACT", "ID") and digits.isdecimal():
                numbers.setdefault(digits, label)
    # After all whole originals: "Smith", found as a doctor's, is no part of a patient's name.
    for original, label in originals:
        for part in parts_of_name(original, label):
            _add(words, part, list(_tokens(part)), label)
    return words, {
        digits: label for digits, label in numbers.items() if len(digits) >= _LEAST_NUMBER_DIGITS
    }


def parts_of_name(written: str, label: str) -> list[str]:
    """Given and family names of at least 3 letters, if the label is a person's."""
    if label not in _PERSONS:
        return []
    name = read_name(written)
    parts = [*name.given, *name.family]
    parts += [piece for part in parts if "-" in part for piece in part.split("-")]
    return [part for part in parts if sum(map(str.isalpha, part)) >= LEAST_CHARACTERS]


def _is_wanted(tokens: Sequence[_Token], label: str, action: Action) -> bool:
    folded = "".join(token.folded for token in tokens)
    if label == "AGE":
        return False
    if label == "DATE" and action in ("shift", "generalise"):
        return len(folded) >= _LEAST_DATE_CHARACTERS and any(map(str.isdecimal, folded))
    return len(folded) >= LEAST_CHARACTERS


def _add(words: _Words, original: str, tokens: Sequence[_Token], label: str) -> None:
    node = words
    for number, token in enumerate(tokens[:_MOST_TOKENS]):
        step = token.step if number else ("", token.folded)
        node = node.branches.setdefault(step, _Words())
    if not node.label:
        node.label = label
        if len(tokens) <= _MOST_TOKENS:
            node.around = original[: tokens[0].start], original[tokens[-1].stop :]
    is_ordinary = len(tokens) == 1 and tokens[0].folded in ORDINARY
    node.capitals |= {original[tokens[0].start].isupper()} if is_ordinary else {True, False}


def _find_words(text: str, tokens: Sequence[_Token], words: _Words) -> Iterator[PhiSpan]:
    """The longest original at each token."""
    for place, token in enumerate(tokens):
        node = words.branches.get(("", token.folded))
        best = None
        last = place
        while node:
            if text[token.start].isupper() in node.capitals:
                best = (tokens[last].stop, node)
            last += 1
            if last == len(tokens) or not node.branches:
                break
            node = node.branches.get(tokens[last].step)
        if best:
            stop, end = best
            before, after = end.around
            start = token.start - len(before) * text.endswith(before, 0, token.start)
            stop += len(after) * text.startswith(after, stop)
            yield PhiSpan(start, stop, end.label, (SOURCE,))


def _find_numbers(
    text: str, tokens: Sequence[_Token], numbers: dict[str, str]
) -> Iterator[PhiSpan]:
    """Numbers whose digits are of an original, whatever of separators is between."""
    longest = max(map(len, numbers), default=0)
    for place, token in enumerate(tokens):
        digits = ""
        last = place
        while len(digits) < longest and tokens[last].folded.isdecimal():
            digits += tokens[last].folded
            if digits in numbers:
                yield PhiSpan(token.start, tokens[last].stop, numbers[digits], (SOURCE,))
            last += 1
            if last == len(tokens):
                break
            if not _IN_NUMBERS.fullmatch(text, tokens[last - 1].stop, tokens[last].start):
                break


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def _left_over(
    text: str, matches: Iterable[PhiSpan], taken: Sequence[tuple[int, int]]
) -> Iterator[PhiSpan]:
    """What of matches is not taken, by those before either; without punctuation at a cut."""
    starts = [start for start, _ in taken]
    end = 0
    for match in matches:
        begin = max(match.start, end)
        end = max(match.stop, end)
        number = max(bisect_right(starts, begin) - 1, 0)
        while begin < match.stop:
            start, stop = taken[number] if number < len(taken) else (match.stop, match.stop)
            part = _trimmed(text, begin, min(start, match.stop), match)
            if part:
                yield part
            begin = max(begin, stop)
            number += 1


def _trimmed(text: str, start: int, stop: int, match: PhiSpan) -> PhiSpan | None:
    if (start, stop) == (match.start, match.stop):
        return match
    while start < stop and not text[start].isalnum():
        start += 1
    while start < stop and not text[stop - 1].isalnum():
        stop -= 1
    return PhiSpan(start, stop, match.label, match.sources) if start < stop else None
