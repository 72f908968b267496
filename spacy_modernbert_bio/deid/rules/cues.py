"""Rules of the form "a cue, then a value": `MRN: 0485921`, `Acct. No. 55-1234`, `DL# is S1234567`.

A cue is a pattern in lower case that starts with plain letters. It is found in any case, at the
start of a word. The span is the value, which holds a digit, and never the cue.
"""

import re

from spacy_modernbert_bio.deid.rules.rule import CueRule, Refutation

_WORD = r"(?:numbers?|num|nbr|no|nr|id|ident|code)"
_GAP = r"[\s:#=.,|(\[-]{0,6}"
# Between a cue, which is a whole word, and its value: " No.: ", " is #", " ends in ".
LINK = (
    rf"(?:(?<![a-z])|(?![a-z])){_GAP}(?:{_WORD}\b{_GAP})?(?:{_WORD}\b{_GAP})?"
    rf"(?:(?:is|was|(?:ending|ends?)(?: in)?)\b{_GAP})?"
)
# What makes a cue of a common word: "record no", "group #", "order:".
_NUMBERED = rf"(?:[\s.]{{0,2}}{_WORD}(?![a-z])|[\s.]{{0,2}}[#:])"
# Inside a value, also where a line ends before or after the hyphen. Blanks only between short
# groups of digits: "123 45 67".
_JOINT = (
    r"(?:[-_](?:\r?\n[ \t]{0,8}(?=[0-9]))?|\r?\n[ \t]{0,8}-|[/.](?=[0-9])"
    r"|(?<=[0-9])(?<![0-9]{5}) (?=[0-9]{2,4}(?![0-9a-z/.-])))"
)
# Not the heading that a number runs into: "6957039DOB:".
_SIGNS = r"[a-z0-9](?:(?!(?<=[0-9])[a-z]{2,12}\s?[:#])[a-z0-9]){0,39}"
VALUE = (
    r"(?P<phi>(?=[a-z]{0,6}[-_/]?[a-z]{0,4}[-_/]?[0-9])"
    rf"{_SIGNS}(?:{_JOINT}{_SIGNS}){{0,7}})"
)
_NOT_DIGIT = re.compile(r"[^0-9]")
_DATE_OR_YEAR = re.compile(
    r"(?:19|20)[0-9]{2}|[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{2}){1,2}"
    r"|[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
)
_AMOUNT = re.compile(
    r"\s?(?:[%°]|(?:[mu]?c?g|[mdk]?l|kg|[cm]?m|units?|iu|meq|cc|bpm|hours?|days?)\b)", re.IGNORECASE
)


def cued(
    name: str,
    label: str,
    *,
    cues: tuple[str, ...] = (),
    numbered: tuple[str, ...] = (),
    digits: int,
    exact: bool = False,
    value: str = VALUE,
    score: float = 1.0,
) -> CueRule:
    """The rule for values after a cue.

    cues: which suffice. numbered: which need a word for "number", a colon or a # after them.
    digits: the fewest that a value holds. exact: dates, years and amounts with their unit are
    values too, for cues that stand before nothing else. value: its pattern, with a group "phi".
    score: as a rule's.
    """
    every = (*cues, *(cue + _NUMBERED for cue in numbered))
    return after_cue(
        name,
        label,
        every,
        f"(?i:{LINK}{value})",
        refuted=few_digits(digits) if exact else _few_digits_or_plain(digits),
        score=score,
    )


def after_cue(
    name: str,
    label: str,
    cues: tuple[str, ...],
    pattern: str,
    *,
    refuted: Refutation | None = None,
    score: float = 1.0,
) -> CueRule:
    """The rule for a pattern after a cue. The cue is found in any case, the pattern as it is."""
    return CueRule(
        name=name,
        label=label,
        pattern=re.compile(_cue_pattern(cues) + pattern),
        needs=tuple(sorted({_stem(cue) for cue in cues})),
        refuted=refuted,
        score=score,
    )


def _cue_pattern(cues: tuple[str, ...]) -> str:
    """Any of the cues at the start of a word, in any case; the first letter decides which."""
    rest: dict[str, list[str]] = {}
    for cue in cues:
        # A cue may go over the end of a line.
        rest.setdefault(cue[0], []).append(cue[1:].replace(" ", r"\s{1,3}"))
    head = "".join(first + first.upper() for first in rest)
    branches = "|".join(f"(?<={first})(?:{'|'.join(ends)})" for first, ends in rest.items())
    return f"[{head}](?<![A-Za-z].)(?i:{branches})"


def _stem(cue: str) -> str:
    """What a cue begins with in all its forms."""
    letters = cue[: len(cue) - len(cue.lstrip("abcdefghijklmnopqrstuvwxyz /:-"))]
    return letters[:-1] if cue[len(letters) :].startswith("?") else letters


def few_digits(least: int) -> Refutation:
    """Refutes values of fewer digits than `least`."""
    return lambda match: len(_NOT_DIGIT.sub("", match["phi"])) < least


def _few_digits_or_plain(least: int) -> Refutation:
    few = few_digits(least)
    return lambda match: (
        few(match)
        or bool(_DATE_OR_YEAR.fullmatch(match["phi"]))
        or bool(_AMOUNT.match(match.string, match.end("phi")))
    )
