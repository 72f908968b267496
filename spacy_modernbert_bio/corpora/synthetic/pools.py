"""The words that PHI is made of, a third of them for each split: no name of one is in another.

Names are Faker's lists (several countries, as data: its random state is not used) and lists of our
own: names with particles, hyphens and apostrophes, short ones, and words that are also names. Which
third a word is in comes from its hash, so that a longer list moves no word to another split.
Reading costs about half a second, once a process.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from spacy_modernbert_bio.corpora.synthetic.template import (
    SPLITS,
    Split,
    Template,
    filler_templates,
    read_list,
)

# Faker's person lists in Latin letters; the first is drawn from most often.
_COMMON = "en_US"
_OTHERS = (
    "de_DE",
    "en_GB",
    "en_IE",
    "en_IN",
    "en_KE",
    "es_MX",
    "fi_FI",
    "fr_FR",
    "hr_HR",
    "it_IT",
    "nl_NL",
    "pl_PL",
    "pt_BR",
    "sv_SE",
    "tr_TR",
    "tw_GH",
    "yo_NG",
)
# Whose the first, second, third and fourth filler of each four are: a dozen a tag are too few for
# a hash to part them.
_FILLER_SHARES: tuple[Split, ...] = ("train", "dev", "train", "test")
# Past the Latin letters with their accents (Latin Extended-B).
_FIRST_NOT_LATIN = "\u0250"


@dataclass(frozen=True)
class Pools:
    """One split's words, and its filler sentences by tag.

    hard_families, hard_given: names that are words as well: months, drugs, eponyms, verbs.
    """

    split: Split
    families: tuple[str, ...]
    rare_families: tuple[str, ...]
    hard_families: tuple[str, ...]
    given_female: tuple[str, ...]
    given_male: tuple[str, ...]
    rare_female: tuple[str, ...]
    rare_male: tuple[str, ...]
    hard_given: tuple[str, ...]
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    saints: tuple[str, ...]
    units: tuple[str, ...]
    organizations: tuple[str, ...]
    places: tuple[str, ...]
    professions: tuple[str, ...]
    fillers: dict[str, tuple[Template, ...]]


def split_of(word: str) -> Split:
    """The split that a word belongs to, whatever its case, accents and blanks are."""
    return split_of_text("".join(each for each in fold(word).casefold() if each.isalnum()))


def split_of_text(text: str) -> Split:
    """The split that a whole text belongs to."""
    digest = hashlib.sha256(text.encode("utf8", "surrogatepass")).digest()
    return SPLITS[digest[0] % len(SPLITS)]


def fold(word: str) -> str:
    """A word without its accents, as most hospital systems hold it."""
    apart = unicodedata.normalize("NFKD", word)
    return "".join(each for each in apart if not unicodedata.combining(each))


@cache
def pools(split: Split) -> Pools:
    """The words of a split."""
    own = read_list("people_places")

    def third(words: Iterable[str]) -> tuple[str, ...]:
        return tuple(word for word in dict.fromkeys(words) if split_of(word) == split)

    common = _fakers_names(_COMMON)
    others = [_fakers_names(locale) for locale in _OTHERS]
    hard = {*own["hard families"], *own["hard givens"]}
    return Pools(
        split=split,
        families=third(word for word in common["families"] if word not in hard),
        rare_families=third(
            [*own["families"], *(name for each in others for name in each["families"])]
        ),
        hard_families=third(own["hard families"]),
        given_female=third(common["female"]),
        given_male=third(common["male"]),
        rare_female=third([*own["givens"], *(name for each in others for name in each["female"])]),
        rare_male=third([*own["givens"], *(name for each in others for name in each["male"])]),
        hard_given=third(own["hard givens"]),
        cities=third(own["cities"]),
        streets=third(own["streets"]),
        saints=third(own["saints"]),
        units=third(own["units"]),
        organizations=third(own["organizations"]),
        places=third(own["places"]),
        professions=third(own["professions"]),
        fillers={
            tag: tuple(each for at, each in enumerate(templates) if _FILLER_SHARES[at % 4] == split)
            for tag, templates in filler_templates().items()
        },
    )


@cache
def known_names() -> frozenset[str]:
    """Every given and family name of all splits, in lower case."""
    given = ("given_female", "given_male", "rare_female", "rare_male", "hard_given")
    return frozenset(
        word.casefold()
        for split in SPLITS
        for field in ("families", "rare_families", "hard_families", *given)
        for word in getattr(pools(split), field)
    )


def _fakers_names(locale: str) -> dict[str, tuple[str, ...]]:
    provider = import_module(f"faker.providers.person.{locale}").Provider
    fields = {"families": "last_names", "female": "first_names_female", "male": "first_names_male"}
    return {ours: _names(getattr(provider, theirs, ())) for ours, theirs in fields.items()}


def _names(words: Iterable[str]) -> tuple[str, ...]:
    """Those that could be a name in an American chart: Latin letters, a capital first."""
    return tuple(
        word
        for word in words
        if len(word) > 1
        and max(word) < _FIRST_NOT_LATIN
        and word[0].isalpha()
        and word.replace("-", "").replace("'", "").replace(" ", "").isalpha()
    )
