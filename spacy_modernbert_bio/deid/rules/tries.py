"""Patterns for any of many words, letter by letter: `re` tries no two that begin alike."""

from collections.abc import Iterable


def any_of(words: Iterable[str], end: str = "", *, small_only: bool = False) -> str:
    """A pattern for the longest of the words, and then for `end`.

    words: in lower case. small_only: they are found in lower case, and not in any.
    """
    rest: dict[str, list[str]] = {}
    ends: list[str] = []
    for word in words:
        if word:
            rest.setdefault(word[0], []).append(word[1:])
        else:
            ends = [end]
    ways = [
        _letter(first, small_only) + any_of(others, end, small_only=small_only)
        for first, others in rest.items()
    ]
    ways += ends
    return f"(?:{'|'.join(ways)})" if len(ways) > 1 else "".join(ways)


def _letter(letter: str, small_only: bool) -> str:
    # A class, for the flag for any case costs twice the time.
    both = letter + letter.upper()
    return f"[{both}]" if letter.isalpha() and not small_only else _escaped(letter)


def _escaped(letter: str) -> str:
    return letter if letter.isalnum() else f"\\{letter}"
