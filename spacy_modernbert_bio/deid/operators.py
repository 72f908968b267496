"""What each action makes of an original: pure functions, text in, text out.

Nothing here reads a clock or a random state: what is secret comes from the patient's key. A tag,
as "[PATIENT]", is no PHI, and `TAG` finds it again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spacy_modernbert_bio.deid.ages import generalise_age
from spacy_modernbert_bio.deid.dates import generalise_dates, shift_dates
from spacy_modernbert_bio.deid.drawing import Avoid
from spacy_modernbert_bio.deid.keys import PatientKey
from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.deid.policy import Action, Policy
from spacy_modernbert_bio.deid.surrogates import surrogate
from spacy_modernbert_bio.deid.zip_codes import generalise_zip
from spacy_modernbert_bio.errors import PolicyError

# 80 bits of an HMAC. Not 64: an account number of 16 digits in brackets must not look like a tag.
_HASH_DIGITS = 20
_BY_LENGTH = sorted(LABELS, key=len, reverse=True)
# A tag of ours: all that `redact` and `hash` write.
TAG = re.compile(rf"\[(?:{'|'.join(map(re.escape, _BY_LENGTH))})(?::[0-9a-f]{{{_HASH_DIGITS}}})?\]")

# "Over 89" begins here (45 CFR 164.514(b)(2)(i)(C)).
_FIRST_AGE_OVER_89 = 90
# A note whose latest full date is older was not written then: records on computers are younger.
_FIRST_YEAR_OF_NOTES = 1990
# Of such a note the year is unknown. 90 years before this was written, so that the years of birth
# of all who were over 89 by then are dropped.
_LAST_YEAR_OVER_89 = 1936


@dataclass(frozen=True, repr=False)
class Context:
    """What an operator may know besides the original.

    label: of the span. key: of the patient; None where the policy needs none. year: that the note's
    full dates speak of, for dates without one. latest_year: of the note's full dates, the last.
    forbidden: originals of the note, of which no surrogate may be or hold one.
    """

    label: str
    policy: Policy
    key: PatientKey | None = None
    year: int | None = None
    latest_year: int | None = None
    forbidden: Avoid | None = None


def redact(original: str, context: Context) -> str:
    """The label in brackets."""
    del original
    return f"[{context.label}]"


def mask(original: str, context: Context) -> str:
    """Mask characters: as many as the policy says, or as the original has."""
    policy = context.policy
    return policy.mask_character * (policy.mask_length or len(original))


def hash_value(original: str, context: Context) -> str:
    """The label and a keyed hash: one for one original of a patient, in any case and any blanks."""
    digest = _key_of(context).digest("hash", " ".join(original.casefold().split()))
    return f"[{context.label}:{digest.hex()[:_HASH_DIGITS]}]"


def replace_with_surrogate(original: str, context: Context) -> str:
    """A realistic value of the same form, see `surrogates`."""
    return surrogate(context.label, original, _key_of(context), forbidden=context.forbidden)


def shift(original: str, context: Context) -> str:
    """The dates moved by the patient's offset; the tag where they can't be read."""
    moved = shift_dates(original, _key_of(context).day_offset, year=context.year)
    return redact(original, context) if moved is None else moved


def generalise(original: str, context: Context) -> str:
    """What Safe Harbor leaves of a date, an age or a ZIP code; the tag where that is nothing.

    A year goes if it is at least 90 years before the latest of the note's full dates: it may be of
    a birth, whatever stands around it. Where the note tells no such date after 1989, the years up
    to 1936 go. No clock is asked: the same note gives the same output on every day.
    """
    if context.label == "AGE":
        left: str | None = generalise_age(original)
    elif context.label == "ZIP":
        left = generalise_zip(original, table=context.policy.zip_table)
    else:
        left = generalise_dates(original, last_year_over_89=_last_year_over_89(context.latest_year))
    return left or redact(original, context)


def keep(original: str, context: Context) -> str:
    """The original."""
    del context
    return original


OPERATORS: Mapping[Action, Callable[[str, Context], str]] = {
    "redact": redact,
    "mask": mask,
    "hash": hash_value,
    "surrogate": replace_with_surrogate,
    "shift": shift,
    "generalise": generalise,
    "keep": keep,
}


def _key_of(context: Context) -> PatientKey:
    if context.key is None:
        raise PolicyError(
            where=f"policy {context.policy.name}: {context.label}",
            found="no key",
            wanted="the patient's key",
            fix="Surrogates, hashes and shifted dates depend on a secret that is the caller's.",
        )
    return context.key


def _last_year_over_89(latest_year: int | None) -> int:
    if latest_year is None or latest_year < _FIRST_YEAR_OF_NOTES:
        return _LAST_YEAR_OVER_89
    return latest_year - _FIRST_AGE_OVER_89
