"""People, and the ways in which notes write a name.

Titles and degrees stand outside the span, as in the 2014 i2b2 annotation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from spacy_modernbert_bio.corpora.synthetic.pools import Pools, fold, split_of

# How often a name of the training notes is a blend, where the blend looks like a name.
_BLENDED = 0.6
_LONGEST_BLEND = 12
# Text and its label, "" where it is no PHI.
Piece = tuple[str, str]
Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class Person:
    """Someone in a note. middle: an initial or empty. suffix: as "Jr." or empty."""

    given: str
    middle: str
    family: str
    suffix: str
    is_female: bool
    title: str


def draw_person(rng: Random, pool: Pools, *, hard: float, is_female: bool | None = None) -> Person:
    """A person. hard: how likely a name is a word as well; see `generate_notes`."""
    female = rng.random() < 0.5 if is_female is None else is_female
    drawn = rng.random()
    if drawn < 0.05 + 0.15 * hard:
        given = rng.choice(pool.hard_given)
    elif drawn < 0.45:
        given = rng.choice(pool.rare_female if female else pool.rare_male)
    else:
        given = rng.choice(pool.given_female if female else pool.given_male)
    return Person(
        given=_perhaps_blended(rng, pool, given, pool.given_female if female else pool.given_male),
        middle=rng.choice("ABCDEFGHJKLMNPRSTVW") if rng.random() < 0.4 else "",
        family=_draw_family(rng, pool, hard),
        suffix=rng.choice(("Jr.", "Sr.", "III", "II")) if rng.random() < 0.03 else "",
        is_female=female,
        title=rng.choice(("Mrs.", "Ms.", "Ms.", "Miss")) if female else "Mr.",
    )


def _draw_family(rng: Random, pool: Pools, hard: float) -> str:
    drawn = rng.random()
    if drawn < 0.05 + 0.15 * hard:
        return rng.choice(pool.hard_families)
    family = rng.choice(pool.families if drawn < 0.6 else pool.rare_families)
    family = _perhaps_blended(rng, pool, family, pool.families)
    if rng.random() < 0.06:
        family = f"{family}{rng.choice('- ')}{rng.choice(pool.families)}"
    # Most systems hold plain letters; some keep the accents.
    return family if rng.random() < 0.15 else fold(family)


def _perhaps_blended(rng: Random, pool: Pools, name: str, names: tuple[str, ...]) -> str:
    """The name, or in training, now and then, its beginning with the end of another.

    A list of names is soon known by heart, and a name that is not in it then overlooked. A blend is
    no name of another split.
    """
    if pool.split != "train" or rng.random() >= _BLENDED:
        return name
    other = rng.choice(names)
    blend = name[: rng.randint(2, max(2, len(name) - 1))] + other[rng.randint(1, len(other)) :]
    is_name = blend.isalpha() and 3 <= len(blend) <= _LONGEST_BLEND
    return blend if is_name and split_of(blend) == "train" else name


def write_name(person: Person, form: str, label: str, rng: Random) -> Pieces:
    """A person's name in a form: "any" is one of those that running text has."""
    if form == "any":
        form = rng.choice(("title", "full", "title_full", "family", "first"))
        if label == "DOCTOR":
            form = rng.choice(("family", "family", "full", "initial_family"))
    if form in ("title", "title_full"):
        name = person.family if form == "title" else _full(person)
        return ((person.title + " ", ""), (name, label))
    return ((_NAMES[form](person, rng), label),)


def _full(person: Person) -> str:
    middle = f" {person.middle}." if person.middle else ""
    suffix = f" {person.suffix}" if person.suffix else ""
    return f"{person.given}{middle} {person.family}{suffix}"


def _comma(person: Person, rng: Random) -> str:
    middle = f" {person.middle}" if person.middle else ""
    return f"{person.family}{rng.choice((', ', ', ', ','))}{person.given}{middle}"


def _tight(person: Person, _: Random) -> str:
    return f"{person.family},{person.given}{' ' + person.middle if person.middle else ''}".upper()


def _initials(person: Person, rng: Random) -> str:
    letters = [person.given[0], *person.middle, person.family[0]]
    return rng.choice(("", "", ".")).join([*letters, ""]).upper()


_NAMES: dict[str, Callable[[Person, Random], str]] = {
    "": lambda person, _: _full(person),
    "full": lambda person, _: _full(person),
    "first": lambda person, _: person.given,
    "family": lambda person, _: person.family,
    "initial_family": lambda person, _: f"{person.given[0]}. {person.family}",
    "comma": _comma,
    "tight": _tight,
    "initials": _initials,
    "lower": lambda person, _: f"{person.given} {person.family}".lower(),
}
