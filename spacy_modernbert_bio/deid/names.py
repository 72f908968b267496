"""A person's name as it is written: its parts, and what of it is no name at all.

`John Q. Smith, MD`, `SMITH,JOHN`, `Mr. Smith's`, `van der Berg-O'Neil` are read in one pass over
their words, without knowing who is meant. The lists of names are Faker's American ones; a first
name that they lack is read as a family name. What may be a name is read as one: a title that is
replaced does no harm, a name that stays does.
"""

from dataclasses import dataclass
from typing import Literal

from faker.providers.person.en_US import Provider

from spacy_modernbert_bio.deid.wording import RunKind, ends_in_apostrophe, plain, runs, word_set

# given, family: names in full. initial: one letter, or some run together as in "JS".
PartKind = Literal[
    "title",
    "given",
    "family",
    "initial",
    "particle",
    "connector",
    "suffix",
    "credential",
    "possessive",
    "number",
    "between",
]

MALE = frozenset(map(str.lower, Provider.first_names_male))
FEMALE = frozenset(map(str.lower, Provider.first_names_female))
FAMILY = frozenset(map(str.lower, Provider.last_names))

_TITLES = word_set("mr mrs ms miss mx dr drs doctor prof professor sir madam rev")
_SUFFIXES = word_set("jr sr ii iii iv esq")
_ORDINAL_ENDS = word_set("nd rd th")
_CREDENTIALS = word_set(
    "md ph phd rn np lpn lvn cna dds dmd dpm dvm pharmd aprn crna facs facp faap facc mph mba jd "
    "bsn msn dnp lcsw msw psyd rph mbbs frcs"
)
# Names as well: credentials right after a comma alone, behind two names.
_NAMELIKE_CREDENTIALS = word_set("do pa pt ot rd ma")
_PARTICLES = word_set("van von der den de del della di da dos das du la las los ter ten zu bin ibn")
# Those that may be a first name: Van Nguyen, Du Wei.
_PARTICLES_AND_NAMES = word_set("van de di da du la ten bin")
# Of these, the ones that "Dr." goes before more often than before such a first name.
_PARTICLES_AFTER_TITLES = word_set("van de")
# As in O'Neil and d'Angelo.
_ELIDED = frozenset("od")
_CONNECTORS = word_set("and aka nee")
_VOWELS = frozenset("aeiouy")
_MAX_RUN_OF_INITIALS = 3
# Family names that are no initials though they have no vowel.
_VOWELLESS = word_set("ng krc smrz")


@dataclass(frozen=True, repr=False)
class NamePart:
    """Some characters of a name.

    kind: see `PartKind`. written: the characters. folded: without case and marks.
    """

    kind: PartKind
    written: str
    folded: str


@dataclass(frozen=True, repr=False)
class PersonName:
    """A name as written. parts: in their order; joined they are all that was read."""

    parts: tuple[NamePart, ...]

    @property
    def given(self) -> tuple[str, ...]:
        """First and middle names in full, as written."""
        return self._of("given")

    @property
    def family(self) -> tuple[str, ...]:
        """Family names, and names in no list, as written."""
        return self._of("family")

    @property
    def initials(self) -> tuple[str, ...]:
        """Initials without their full stops, as written."""
        return self._of("initial")

    def _of(self, kind: PartKind) -> tuple[str, ...]:
        return tuple(part.written for part in self.parts if part.kind == kind)


def read_name(written: str) -> PersonName:
    """The parts of a name, in any order and case; of any text."""
    reader = _Reader(written)
    for place in range(len(reader.runs)):
        reader.read(place)
    return PersonName(tuple(reader.parts))


class _Reader:
    """The runs of a name, and what of them is read."""

    def __init__(self, written: str) -> None:
        self.runs = runs(written)
        self.folded = [plain(run) if kind == "letters" else "" for kind, run in self.runs]
        self.parts: list[NamePart] = []
        self._last_word = max((n for n, word in enumerate(self.folded) if word), default=-1)
        self._names = 0
        self._after_title = False
        self._family_first_until = self._find_family_first()

    def read(self, place: int) -> None:
        """Read the run at a place; those before it have been read."""
        (run_kind, run), folded = self.runs[place], self.folded[place]
        kind = self._kind(place, run_kind, run, folded)
        self.parts.append(NamePart(kind, run, folded or run))
        self._names += kind in ("given", "family", "initial")
        if kind != "between":
            self._after_title = kind in ("title", "particle")

    def _kind(self, place: int, run_kind: RunKind, run: str, folded: str) -> PartKind:
        if run_kind == "digits":
            ordinal = len(run) == 1 and self._at(place + 1) in _ORDINAL_ENDS
            return "suffix" if ordinal else "number"
        if not folded:
            return "between"
        if folded in _TITLES and place < self._last_word:
            return "title"
        if folded in _CONNECTORS and self._names:
            return "connector"
        if self._is_particle(place, folded):
            return "particle"
        return self._kind_after_names(place, folded) or _kind_of_name(run, folded)

    def _kind_after_names(self, place: int, folded: str) -> PartKind | None:
        if not self._names:
            return None
        gap = self._gap_before(place)
        if folded == "s" and ends_in_apostrophe(gap):
            return "possessive"
        if folded in _SUFFIXES or (folded in _ORDINAL_ENDS and not gap):
            return "suffix"
        behind_comma = "," in gap and self._names > 1
        if folded in _CREDENTIALS or (folded in _NAMELIKE_CREDENTIALS and behind_comma):
            return "credential"
        return None

    def _is_particle(self, place: int, folded: str) -> bool:
        """A particle has a name after it, and is no first name: "Van Nguyen" begins with one."""
        gap = self.runs[place + 1][1] if place + 1 < len(self.runs) else ""
        if folded in _ELIDED and ends_in_apostrophe(gap) and len(gap) == 1 and self._at(place + 2):
            return True
        if folded not in _PARTICLES or not gap.isspace() or not self._at(place + 2):
            return False
        begins_family = place < self._family_first_until or self._at(place + 2) in _PARTICLES
        after_title = self._after_title and folded in _PARTICLES_AFTER_TITLES
        known = folded not in _PARTICLES_AND_NAMES or self._names > 0
        return known or begins_family or after_title

    def _find_family_first(self) -> int:
        """Where the comma is of "VAN DYKE, JOHN"; 0 where none has a name after it."""
        for place, (kind, run) in enumerate(self.runs):
            if kind == "between" and "," in run:
                after = self._at(place + 1)
                is_name = after and after not in _CREDENTIALS | _NAMELIKE_CREDENTIALS | _SUFFIXES
                return place if is_name else 0
        return 0

    def _at(self, place: int) -> str:
        """The folded word at a place, "" where there is none."""
        return self.folded[place] if place < len(self.folded) else ""

    def _gap_before(self, place: int) -> str:
        kind, run = self.runs[place - 1] if place else ("between", "")
        return run if kind == "between" else ""


def _kind_of_name(run: str, folded: str) -> PartKind:
    """Of a word that is a name or stands for one. Only scripts with case have initials."""
    if len(folded) == 1:
        return "initial" if run.lower() != run.upper() else "family"
    if folded in MALE or folded in FEMALE:
        return "given"
    together = len(folded) <= _MAX_RUN_OF_INITIALS and folded.isascii() and folded.isalpha()
    if together and not _VOWELS & set(folded) and folded not in _VOWELLESS:
        return "initial"
    return "family"
