"""Other numbers and codes of the same form: record numbers, SSNs, ZIP codes, user names, rooms.

Digits become digits, letters become letters of their case, all else stays. What is drawn depends on
letters and digits alone: separators and line breaks don't matter.
"""

from itertools import islice

from spacy_modernbert_bio.deid.drawing import Draw, digits_of
from spacy_modernbert_bio.deid.wording import plain, runs, word_set

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
# Characters from one 256-bit draw: 32 letters use 151 bits of it, and the rest hides the remainder.
_BLOCK = 32
_TRIES = 8
_SSN_DIGITS, _SSN_TAIL = 9, 4
_ZIP_DIGITS, _ZIP_TAIL = 5, 4
_ROOM_WORDS = word_set(
    "room rm bed ward floor fl unit bay bldg building suite ste pod wing north south east west "
    "rooms beds level tower"
)
_HIDDEN_DIGITS = frozenset("x")


def code(written: str, draw: Draw) -> str:
    """Other letters and digits in the places of these; `written` itself where it has none."""
    skeleton = _skeleton(written)
    if not skeleton:
        return written
    new = written
    for more in range(_TRIES):
        new = _redrawn(written, skeleton, draw.again(more))
        if _skeleton(new) != skeleton:
            break
    return new


def ssn(written: str, draw: Draw) -> str:
    """A number that is nobody's: its area is 900 to 999, its group 01 to 49.

    The Social Security Administration assigns no area from 900 on (20 CFR 422.103 as of 2011); the
    tax numbers that begin with 9 have groups from 50 on (IRS, Publication 1915). The last four
    digits alone agree with those of the whole number.
    """
    digits = digits_of(plain(written))
    if len(digits) == _SSN_DIGITS:
        head, tail = digits[:-_SSN_TAIL], digits[-_SSN_TAIL:]
        group = 1 + draw.number("ssn group", head, 49)
        new = "9" + draw.digits("ssn area", head, 2) + f"{group:02}" + _tail("ssn", tail, draw)
    elif len(digits) == _SSN_TAIL:
        new = _tail("ssn", digits, draw)
    else:
        return code(written, draw)
    return fill_digits(written, new, draw)


def zip_code(written: str, draw: Draw) -> str:
    """Another ZIP code; its first five digits depend on the first five alone."""
    digits = digits_of(plain(written))
    if len(digits) not in (_ZIP_DIGITS, _ZIP_DIGITS + _ZIP_TAIL):
        return code(written, draw)
    head, tail = digits[:_ZIP_DIGITS], digits[_ZIP_DIGITS:]
    new = draw.digits("zip", head, _ZIP_DIGITS) + (_tail("zip", tail, draw) if tail else "")
    return fill_digits(written, new, draw)


def room(written: str, draw: Draw) -> str:
    """Another room or bed: words as "Room" and "West" stay."""
    return "".join(
        run if draw.attempt <= 1 and plain(run) in _ROOM_WORDS else code(run, draw)
        for _, run in runs(written)
    )


def fill_digits(
    written: str, digits: str, draw: Draw, *, kept: frozenset[str] = _HIDDEN_DIGITS
) -> str:
    """`written` with these digits in the places of its own, and other letters in those of its own.

    digits: as many as `written` has. kept: folded words that stay; runs of an "x" stay always, as
    in "xxx-xx-1234".
    """
    left = iter(digits)
    parts: list[str] = []
    for kind, run in runs(written):
        if kind == "digits":
            parts.extend(islice(left, len(run)))
        elif kind == "letters":
            word = plain(run)
            parts.append(run if word in kept or set(word) <= _HIDDEN_DIGITS else code(run, draw))
        else:
            parts.append(run)
    return "".join(parts)


def _tail(kind: str, digits: str, draw: Draw) -> str:
    return draw.digits(f"{kind} tail", digits, len(digits))


def _skeleton(written: str) -> str:
    return "".join(filter(str.isalnum, plain(written)))


def _redrawn(written: str, skeleton: str, draw: Draw) -> str:
    # A long original is hashed once, not once a block.
    seed = draw.key.digest("code", skeleton).hex()
    new: list[str] = []
    drawn, number = 0, 0
    for character in written:
        if not (character.isdecimal() or character.isalpha()):
            new.append(character)
            continue
        if drawn % _BLOCK == 0:
            number = draw.number("code", f"{seed}{drawn}", 2**256)
        if character.isalpha():
            number, place = divmod(number, len(_ALPHABET))
            letter = _ALPHABET[place]
            new.append(letter.upper() if character.isupper() else letter)
        elif drawn == 0 and character not in "0":
            # A number that begins with no 0 goes on doing so.
            number, place = divmod(number, 9)
            new.append(str(place + 1))
        else:
            number, place = divmod(number, 10)
            new.append(str(place))
        drawn += 1
    return "".join(new)
