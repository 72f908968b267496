"""What a note says that is no PHI: drugs, doses, results, grades of strength, and their like.

Many look like PHI, which is what they are for: `5/12` is a strength, `POD#3` no date, Hodgkin no
patient.
"""

from collections.abc import Callable
from functools import cache
from random import Random

from spacy_modernbert_bio.corpora.synthetic.template import read_list


@cache
def words(name: str) -> tuple[str, ...]:
    """A word list of the clinic."""
    return read_list("clinical")[name]


def _lab(rng: Random, _: str) -> str:
    name, low, high, decimals = rng.choice(_LABS)
    value = f"{rng.uniform(low, high):.{decimals}f}"
    return (
        f"{name}{rng.choice((' ', ' ', '-', ': '))}{value}{rng.choice(('', '', '', '*', ' (H)'))}"
    )


_LABS = (
    ("WBC", 3, 19, 1),
    ("Hgb", 7, 16, 1),
    ("Hct", 22, 48, 1),
    ("Plt", 60, 450, 0),
    ("Na", 128, 147, 0),
    ("K", 3, 5.6, 1),
    ("Cl", 94, 112, 0),
    ("HCO3", 17, 32, 0),
    ("BUN", 8, 60, 0),
    ("Creat", 0.5, 4, 1),
    ("Glucose", 70, 320, 0),
    ("Ca", 7.5, 10.5, 1),
    ("Mg", 1.3, 2.6, 1),
    ("AST", 12, 180, 0),
    ("ALT", 10, 190, 0),
    ("TSH", 0.3, 7, 2),
    ("INR", 0.9, 3.6, 1),
    ("CRP", 1, 120, 0),
    ("Lactate", 0.7, 4.5, 1),
    ("Albumin", 2, 4.6, 1),
    ("BNP", 40, 2200, 0),
)


def _number(rng: Random, form: str) -> str:
    low, _, high = form.partition("-")
    return str(rng.randint(int(low), int(high)))


def _strength(rng: Random, _: str) -> str:
    # Out of 5, with plus and minus; `5/12` and its like are written too, as counts of signs.
    return rng.choice(("5/5", "4/5", "4+/5", "3/5", "5-/5", "2/5", "5/12", "4/12", "3/11", "1/5"))


def _dose(rng: Random, _: str) -> str:
    unit = rng.choice((" mg", " mg", " mg", " mg", " mg", "mg", "mg", " MG"))
    return f"{rng.choice((1, 2, 2.5, 5, 10, 12.5, 20, 25, 40, 50, 75, 81, 100, 325, 500))}{unit}"


def _pressure(rng: Random, _: str) -> str:
    return f"{rng.randint(88, 185)}/{rng.randint(44, 104)}"


def _time(rng: Random, _: str) -> str:
    hour, minute = rng.randrange(24), rng.randrange(60)
    clock = f"{hour % 12 or 12}:{minute:02}{rng.choice((' ', ''))}{'pm' if hour > 11 else 'am'}"
    return rng.choice((f"{hour:02}:{minute:02}", f"{hour:02}{minute:02}", clock))


def _drawn(name: str) -> Callable[[Random, str], str]:
    return lambda rng, _: rng.choice(words(name))


# slot: its words, from a random source and the slot's form.
CLINICAL: dict[str, Callable[[Random, str], str]] = {
    "allergy": _drawn("allergies"),
    "bp": _pressure,
    "device": _drawn("devices"),
    "dose": _dose,
    "drug": _drawn("drugs"),
    "eponym": _drawn("eponyms"),
    "freq": _drawn("frequencies"),
    "gadget": _drawn("gadgets"),
    "gene": _drawn("genes"),
    "generator": _drawn("generators"),
    "hr": lambda rng, _: str(rng.randint(48, 130)),
    "icd": _drawn("icd"),
    "lab": _lab,
    "level": _drawn("levels"),
    "n": _number,
    "problem": _drawn("problems"),
    "route": _drawn("routes"),
    "rr": lambda rng, _: str(rng.randint(10, 28)),
    "sat": lambda rng, _: f"{rng.randint(88, 100)}%",
    "scale": _drawn("scales"),
    "service": _drawn("services"),
    "side": lambda rng, _: rng.choice(("left", "right")),
    "sign": _drawn("signs"),
    "strength": _strength,
    "symptom": _drawn("symptoms"),
    "temp": lambda rng, _: f"{rng.uniform(96.5, 102.5):.1f}",
    "time": _time,
    "weekday": _drawn("weekdays"),
}
