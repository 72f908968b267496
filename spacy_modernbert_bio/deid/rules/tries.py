"""Patterns for any of many words, by their letters: `re` tries few that begin otherwise."""

import re
from collections.abc import Iterable


def any_of(words: Iterable[str], end: str = "") -> str:
    """A pattern for the longest of some words in small letters, and then for `end`.

    A trie: `re` tries no two words that begin alike.
    """
    rest: dict[str, list[str]] = {}
    ends: list[str] = []
    for word in words:
        if word:
            rest.setdefault(word[0], []).append(word[1:])
        else:
            ends = [end]
    ways = [_escaped(first) + any_of(others, end) for first, others in rest.items()]
    ways += ends
    return f"(?:{'|'.join(ways)})" if len(ways) > 1 else "".join(ways)


def any_word(words: Iterable[str], end: str) -> str:
    """A pattern for any of some words, and then for `end`: small, with a capital, or in capitals.

    words: in small letters, of two letters or more. end: what no word of theirs goes on with, its
    border. Matches as fast as a trie of letters in any case, and is compiled in a third of its
    time: rules have it nearly two hundred times.
    """
    rest: dict[str, set[str]] = {}
    for word in words:
        rest.setdefault(word[0], set()).update((word[1:], word[1:].upper()))
    ways = [
        f"[{first}{first.upper()}](?:{'|'.join(map(re.escape, sorted(others, reverse=True)))})"
        for first, others in rest.items()
    ]
    return f"(?:{'|'.join(ways)}){end}"


def _escaped(letter: str) -> str:
    return letter if letter.isalnum() else f"\\{letter}"
