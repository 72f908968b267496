"""Names that are known, found in a note: whole, in parts, in any order and case, with initials.

A part is looked for wherever it stands as a word. Parts beside each other are one span, with the
initials and particles between and around them. Misspellings and nicknames are not found.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from spacy_modernbert_bio.deid.known_text import KnownText
from spacy_modernbert_bio.deid.readings import fold
from spacy_modernbert_bio.deid.rules.words import FUNCTION_WORDS

_LETTERS = re.compile(r"[^\W\d_]+")
_APOSTROPHE = re.compile(r"['`]")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
# Of a name, but of nobody alone.
_NO_PART = frozenset("mr mrs ms miss dr prof jr sr ii iii iv md rn phd esq".split())  # noqa: SIM905
_PARTICLES = frozenset("de del della der den di da dos la le van von bin al el ter".split())  # noqa: SIM905
# Names that are words of notes: found where they have a capital.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        angel april art august baker banks bell best bill black blood bond bowel bright brooks
        brown buck carter case chance chase child christian clay cook cross dawn day dean drew
        faith fall field fisher foot forest fox frank gene good grace grant gray green guy hall
        hand harmony head heart hill holiday hope hunter iris ivy joy june justice king lake
        lane lily little long love lung major mark marsh mason may mercury mercy miles miller
        moon moss neck olive page pain park parsons pat patience penny pitt pond price prince
        ray read reading reed rice rich ridge rob robin rock rose rosemary ruby rusty sage sharp
        short singer skip small smart spring stone strong stump summer sun swift taylor temple
        victor violet wade walker wall ward wash water weeks west white wild will winter wise
        wood woods young
        """,
    )
)
_BETWEEN = re.compile(r"[\s,.'’`-]{1,8}(?:([^\W\d_])[\s,.'’`-]{1,4})?")
_INITIAL_BEFORE = re.compile(r"(?<![^\W_])([^\W\d_])(?:\.?,?\s{1,3}|\.|['’-])$")
_INITIAL_AFTER = re.compile(r"(?:,\s{0,3}|\s{1,3})([^\W\d_])(?![^\W_]|['’])\.?")
# Run together: shorter ones may be a part of some word.
_SHORTEST_JOINED = 7


def find_names(text: KnownText, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Ranges of the folded text that are names, or parts of one of `names`."""
    for name in names:
        folded = fold(name)
        # O'Brien-Jones, OBrien-Jones, OBrienJones.
        without = _APOSTROPHE.sub("", folded)
        parts, *joined = (_parts(form) for form in (folded, without, _HYPHEN.sub("", without)))
        yield from _find_name(text, parts, {*parts, *chain(*joined)})
        yield from _find_joined(text, joined[-1])


def _parts(name: str) -> list[str]:
    return [part for part in _LETTERS.findall(name) if part not in _NO_PART]


def _find_name(
    text: KnownText, parts: list[str], needles: Collection[str]
) -> Iterator[tuple[int, int]]:
    initials = {part[0] for part in parts}
    hits = sorted(
        (start, stop, _is_name(text, needle, start))
        for needle in needles
        if len(needle) > 1
        for start, stop in text.find_word(needle)
    )
    index = 0
    while index < len(hits):
        start, stop, sure = hits[index]
        members = 1
        index += 1
        while index < len(hits) and _are_joined(text, stop, hits[index][0], initials):
            _, stop, strong = hits[index]
            sure = sure or strong
            members += 1
            index += 1
        if sure or members > 1:
            yield _with_initials(text, start, stop, initials)


def _is_name(text: KnownText, word: str, start: int) -> bool:
    """Whether a part says who it is by itself, and not only beside another."""
    if word in FUNCTION_WORDS or word in _PARTICLES:
        return False
    return text.is_capital(start) or (word not in _COMMON and len(word) > 2)


def _are_joined(text: KnownText, stop: int, start: int, initials: Collection[str]) -> bool:
    """Whether what stands between two parts leaves them one name."""
    if start <= stop:
        return True
    between = _BETWEEN.fullmatch(text.plain.text, stop, start)
    return bool(between and (between[1] is None or between[1] in initials))


def _with_initials(
    text: KnownText, start: int, stop: int, initials: Collection[str]
) -> tuple[int, int]:
    plain = text.plain.text
    for _ in range(2):
        offset = max(0, start - 6)
        before = _INITIAL_BEFORE.search(plain[offset:start])
        if before and before[1] in initials and text.is_capital(offset + before.start(1)):
            start = offset + before.start(1)
        after = _INITIAL_AFTER.match(plain, stop)
        if after and after[1] in initials and text.is_capital(after.start(1)):
            stop = after.end()
    return start, stop


def _find_joined(text: KnownText, parts: list[str]) -> Iterator[tuple[int, int]]:
    """Given name and surname without a blank, inside of other letters too: "PATIENTJOHNSMITH"."""
    if len(parts) < 2:
        return
    for joined in {parts[0] + parts[-1], parts[-1] + parts[0], "".join(parts)}:
        if len(joined) < _SHORTEST_JOINED:
            continue
        place = text.plain.text.find(joined)
        while place >= 0:
            yield place, place + len(joined)
            place = text.plain.text.find(joined, place + 1)
