"""What rules for numbers without a cue share: their borders, and check digits as refutations."""

import re
from collections.abc import Callable

from spacy_modernbert_bio.deid.rules.rule import Refutation

# After the first sign and after the last: neither is part of a longer word or number.
START = r"(?<![A-Za-z0-9].)(?<![0-9][-.].)"
STOP = r"(?![A-Za-z0-9]|[-.][0-9])"
_NOT_SIGN = re.compile(r"[^A-Z0-9]")


def unless(holds: Callable[[str], bool]) -> Refutation:
    """Refutes a match whose letters and digits fail a check."""
    return lambda match: not holds(_NOT_SIGN.sub("", match[0].upper()))
