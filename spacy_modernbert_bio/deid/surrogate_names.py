"""Another name for a person's, part by part.

The surrogate of a part depends on the key and the folded part alone, so that `John Smith`,
`Mr. Smith` and `SMITH,JOHN` agree. It keeps its initial, so that `J. Smith` agrees as well and
initials stay as they are: where this is too much to tell, a policy redacts. First names are drawn
from the list of their gender, or from both where the lists don't tell.

Initials that few names have (I, O, Q, U, X, Y, Z) would tell too much: each becomes another letter
under the key, in full names and initials alike. An original of nothing but initials gets other
letters: it could not be the original.
"""

import string
from collections import defaultdict
from collections.abc import Iterable

from spacy_modernbert_bio.deid.drawing import Draw
from spacy_modernbert_bio.deid.names import FAMILY, FEMALE, MALE, NamePart, read_name
from spacy_modernbert_bio.deid.surrogate_codes import code
from spacy_modernbert_bio.deid.wording import plain, same_case, word_set

# As a surrogate they would be read as a date or as a finding.
_MISLEADING = word_set("april may june august summer foley graves barr mass ward")
_MC = "mc"
_MIN_NAMES = 3


def _by_initial(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Names in order, by their first letter; by "mc" those like McCoy."""
    pools: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names) - _MISLEADING):
        pools[_MC if _is_mc(name) else name[0]].append(name.capitalize())
    return {initial: tuple(pool) for initial, pool in pools.items()}


def _is_mc(folded: str) -> bool:
    return folded.startswith(_MC) and len(folded) > len(_MC) + 2


_MALE, _FEMALE, _EITHER = map(_by_initial, (MALE, FEMALE, MALE | FEMALE))
_FAMILY = _by_initial(FAMILY)
# Initials that enough names of each list have.
_INITIALS = tuple(
    letter
    for letter in string.ascii_lowercase
    if all(len(pool.get(letter, ())) >= _MIN_NAMES for pool in (_MALE, _FEMALE, _FAMILY))
)


def person(written: str, draw: Draw) -> str:
    """A name of the same form: titles, suffixes, order, punctuation and case are kept."""
    return "".join(_part(part, draw) for part in read_name(written).parts)


def name_word(written: str, folded: str, draw: Draw) -> str:
    """The surrogate of one name in full, in the case that it is written in."""
    pools = _pools(folded)
    initial = _MC if _is_mc(folded) and _MC in pools else _initial(folded[0], draw)
    chosen = draw.word("name", folded, pools[initial], initial=initial[0])
    return same_case(written, chosen)


def name_initials(written: str, draw: Draw) -> str:
    """One initial, or some run together; kept, unless it is rare or must not stand."""
    return "".join(_initial_letter(letter, draw) for letter in written)


def _part(part: NamePart, draw: Draw) -> str:
    if part.kind in ("given", "family"):
        return name_word(part.written, part.folded, draw)
    if part.kind == "initial":
        return name_initials(part.written, draw)
    return code(part.written, draw) if part.kind == "number" else part.written


def _pools(folded: str) -> dict[str, tuple[str, ...]]:
    if folded in MALE:
        return _EITHER if folded in FEMALE else _MALE
    return _FEMALE if folded in FEMALE else _FAMILY


def _initial(letter: str, draw: Draw) -> str:
    """The initial of the surrogate of a name with this one."""
    if letter in _INITIALS:
        return letter
    return _INITIALS[draw.key.number("initial", letter, len(_INITIALS))]


def _initial_letter(written: str, draw: Draw) -> str:
    letter, new = plain(written)[:1], ""
    for more in range(len(_INITIALS)):
        later = draw.again(more)
        if later.attempt == 0:
            new = _initial(letter, draw)
        else:
            others = [each for each in _INITIALS if each != letter]
            new = others[later.number("initial", letter, len(others))]
        if draw.avoid.allows(new):
            break
    return new.upper() if written.isupper() else new
