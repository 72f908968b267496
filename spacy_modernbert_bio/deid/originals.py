"""What was removed from a note, and in which forms it is looked for in what is given out.

Decides what is too short or too usual to look for, and tells it here rather than in a list of
exceptions elsewhere. No repr shows an original.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from spacy_modernbert_bio.deid.labels import category_of
from spacy_modernbert_bio.deid.ordinary_names import ORDINARY
from spacy_modernbert_bio.deid.readings import fold
from spacy_modernbert_bio.deid.repeats import parts_of_name
from spacy_modernbert_bio.deid.wording import word_set

# Shorter ones say too little: initials, ages, "B2" without its place.
LEAST_CHARACTERS = 3
LEAST_DIGITS = 4
# Of a date, the digits alone tell it only with day, month and year: 3/14/19.
_LEAST_DATE_DIGITS = 5
# From here on digits are looked for alone, whatever words stood beside them: a ZIP in an address.
_LEAST_DIGITS_AMONG_WORDS = 5
_NUMBERED = ("ID", "CONTACT")
# Words that notes are full of, which are also pieces of names: "as a", "has an", "to M".
COMMON_WORDS = word_set(
    "an and any are as at be but by can day did do for from go good had has have he her him his if "
    "in is it its long man may me men mark my new no nor not of off old on one or our out over per "
    "same see set she so son than that the them then there they this to too two up us use was way "
    "we were will with you young"
)


@dataclass(frozen=True, repr=False)
class Original:
    """A text that was replaced, or a part of a name that was.

    label: of its span. forms: as it stood in the note. plain: all of them folded, as
    `readings.fold` does. letters_and_digits, digits: those of `plain`.
    """

    label: str
    forms: frozenset[str]
    plain: str
    letters_and_digits: str
    digits: str

    @property
    def letters(self) -> int:
        """How many."""
        return len(self.letters_and_digits) - sum(map(str.isdecimal, self.letters_and_digits))

    @property
    def is_short(self) -> bool:
        """Found as written, between blanks or marks, or not at all."""
        return len(self.letters_and_digits) < LEAST_CHARACTERS

    @property
    def is_looked_for(self) -> bool:
        """Whether it says enough to be a leak wherever it stands as a word.

        One or two characters do if they are a letter and a digit ("4B"); up to three digits without
        a letter do if something parts them ("3/14", but neither "93" nor a room 412).
        """
        letters, characters = self.letters, len(self.letters_and_digits)
        if self.is_short:
            return 0 < letters < characters
        return letters > 0 or characters >= LEAST_DIGITS or self.digits not in self.plain

    @property
    def is_looked_for_by_digits(self) -> bool:
        """Whether its digits alone give it away, whatever stands between them."""
        digits, category = len(self.digits), category_of(self.label)
        if category == "AGE" or digits < LEAST_DIGITS:
            return False
        has_words = self.letters >= LEAST_CHARACTERS
        if category == "DATE":
            return not has_words and digits >= _LEAST_DATE_DIGITS
        return category in _NUMBERED or not has_words or digits >= _LEAST_DIGITS_AMONG_WORDS

    @property
    def is_looked_for_in_pieces(self) -> bool:
        """Whether its letters give it away, whatever parts them."""
        return self.letters >= LEAST_CHARACTERS

    @property
    def is_found_with_capitals_only(self) -> bool:
        """Whether it is a word like Will or Brown, which in lower case is no name.

        `repeats` leaves those words too. Where the note had it in lower case, any case is a leak.
        """
        is_ordinary = self.plain in ORDINARY or self.plain in COMMON_WORDS
        return is_ordinary and all(form != form.lower() for form in self.forms)


def read_originals(pairs: Iterable[tuple[str, str]]) -> list[Original]:
    """Each different original once, then the given and family names in them, as `repeats` does.

    pairs: label, and the text that was replaced. Of equal ones the first tells the label. Raises
    PolicyError for an unknown label.
    """
    forms: dict[str, list[tuple[str, str]]] = {}
    for label, written in pairs:
        category_of(label)
        forms.setdefault(fold(written), []).append((label, written.strip()))
    parts: dict[str, list[tuple[str, str]]] = {}
    for label, written in chain.from_iterable(forms.values()):
        for part in parts_of_name(written, label):
            if fold(part) not in forms:
                parts.setdefault(fold(part), []).append((label, part))
    return [_original(plain, found) for plain, found in (forms | parts).items()]


def _original(plain: str, found: list[tuple[str, str]]) -> Original:
    bare = "".join(filter(str.isalnum, plain))
    digits = "".join(each for each in plain if each.isascii() and each.isdecimal())
    return Original(found[0][0], frozenset(form for _, form in found), plain, bare, digits)
