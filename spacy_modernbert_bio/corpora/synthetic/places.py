"""Hospitals, wards, streets, cities: the places of a note.

A department is a span when it has a name of its own ("Ellison 7"); "cardiology" and "the ICU" are
no PHI, as in the 2014 i2b2 annotation.
"""

from dataclasses import dataclass
from random import Random

from faker.providers.address.en_US import Provider

from spacy_modernbert_bio.corpora.synthetic.pools import Pools

_KINDS = ("Hospital", "Medical Center", "General Hospital", "Community Hospital", "Clinic")
_MEMORIAL = ("Memorial Hospital", "Memorial Medical Center", "Institute", "Cancer Center")
_SUFFIXES = (
    *("Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Rd.", "Drive", "Dr", "Lane"),
    *("Ln", "Court", "Ct", "Boulevard", "Blvd", "Place", "Way", "Circle", "Terrace", "Parkway"),
)
# The letters of Washington, D.C. stand among those of the states, which its name does not.
_STATE_LETTERS = tuple(letters for letters in Provider.states_abbr if letters != "DC")
_STATES = tuple(
    (name, letters, *Provider.states_postcode[letters])
    for name, letters in zip(Provider.states, _STATE_LETTERS, strict=True)
)


@dataclass(frozen=True)
class Hospital:
    """A hospital's name, and what those who work there call it."""

    full: str
    short: str


@dataclass(frozen=True)
class State:
    """A state with its two letters; lowest_zip, highest_zip: of its ZIP codes."""

    name: str
    abbreviation: str
    lowest_zip: int
    highest_zip: int


def draw_state(rng: Random) -> State:
    """A state of the United States."""
    return State(*rng.choice(_STATES))


def draw_zip(state: State, rng: Random) -> str:
    """A ZIP code in a state, one in six with its four more digits."""
    code = f"{rng.randint(state.lowest_zip, state.highest_zip):05}"
    return f"{code}-{rng.randrange(10**4):04}" if rng.random() < 1 / 6 else code


def draw_hospital(rng: Random, pool: Pools) -> Hospital:
    """A hospital named after a saint, a city or a founder."""
    drawn = rng.random()
    if drawn < 0.35:
        saint = rng.choice(pool.saints)
        return Hospital(f"{saint} {rng.choice(_KINDS)}", saint)
    name = rng.choice(pool.cities if drawn < 0.7 else pool.families)
    full = f"{name} {rng.choice(_KINDS if drawn < 0.7 else _MEMORIAL)}"
    letters = "".join(word[0] for word in full.replace(".", "").split()).upper()
    return Hospital(full, letters if len(letters) > 2 and rng.random() < 0.6 else name)


def draw_department(rng: Random, pool: Pools) -> str:
    """A ward with a name of its own."""
    unit = rng.choice(pool.units)
    floor = rng.randrange(2, 15)
    return rng.choice((f"{unit} {floor}", f"{unit} {floor}", f"{unit} Building", f"{floor} {unit}"))


def draw_room(rng: Random) -> str:
    """A room or bed, without the word before it."""
    number = rng.randrange(101, 999)
    side = rng.choice("ABCDNSEW")
    shapes = (f"{number}", f"{number}{side}", f"{number}-{rng.randrange(1, 5)}", f"{side}{number}")
    return rng.choice((*shapes, f"{rng.randrange(2, 15)}-{rng.randrange(10, 60)}"))


def draw_street(rng: Random, pool: Pools) -> str:
    """A street address, with its flat where there is one."""
    if rng.random() < 0.05:
        return f"P.O. Box {rng.randrange(10, 9999)}"
    name = rng.choice(pool.streets if rng.random() < 0.7 else pool.families)
    direction = rng.choice(("N. ", "South ", "W ", "E. ")) if rng.random() < 0.12 else ""
    street = f"{rng.randrange(1, 2500)} {direction}{name} {rng.choice(_SUFFIXES)}"
    if rng.random() < 0.15:
        flat = rng.choice(("Apt", "Apt.", "Unit", "#"))
        street += f", {flat} {rng.randrange(1, 40)}{rng.choice(('', '', 'A', 'B', 'C'))}"
    return street
