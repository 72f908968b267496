"""How a name is written, as patterns: one to four words with a capital, or in capitals.

With initials, particles, hyphens and apostrophes; a possessive 's is not in it. Every repetition is
bounded and every part ends at the border of a word, so that matching is linear.
"""

from spacy_modernbert_bio.deid.rules.tries import any_word
from spacy_modernbert_bio.deid.rules.words import (
    CLINICAL_WORDS,
    FUNCTION_WORDS,
    SURNAMES,
    VERBS,
)

# Degrees and roles behind a name that say by themselves that one stands there.
CREDENTIAL_ALONE = (
    r"(?:M\.?D\.?|R\.?N\.?|Ph\.?\s?D\.?|P\.?A\.?-C|D\.O\.|CRNA|A[PR][RN][NP]|[CFA]?NP(?:-B?C)?|L[PV]N"
    r"|LC?SW|Pharm\.?D\.?)(?![A-Za-z0-9])"
)
# Those that need a comma before them.
CREDENTIAL = (
    rf"(?:{CREDENTIAL_ALONE}|(?:DO|N\.P\.|P\.?A\.?|CN[MS]|[BM]SN|D\.?D\.?S\.?|D\.?M\.?D\.?|D[PV]M|DPT"
    r"|Psy\.?D\.?|RPh|L?[CI]CSW|MSW|MBBS|MBChB|FAC[A-Z]{1,2}|FRC[PS]|MPH|OTR(?:/L)?|SLP|CCC|RRT|MS[1-4]"
    r"|PGY-?[1-7])(?![A-Za-z0-9]))"
)
# Degrees and headings behind a name: "Haley, Parker  MRN:", "Jane Roe RN, BSN".
_NO_PART = (
    r"(?:(?:MD|DO|RN|NP|PA|LPN|LVN|BSN|MSN|CRNA|CNA|PhD|PHD|DDS|MRN|MR|DOB|SSN|ID|AGE|SEX|TEL|FAX)"
    r"(?![A-Za-z0-9])|[A-Za-z]{1,12}(?: [A-Za-z]{1,8})?\s?[:#])"
)
_UPPER = "A-ZÀ-ÖØ-ÞĀ-Ž"
_LOWER = "a-zß-öø-ÿĀ-ž"
_MARK = "['’ʼ`-]"
_BORDER = r"(?![^\W_])"
# "A" and "I" may be initials.
_STOP_WORDS = sorted(word for word in FUNCTION_WORDS | VERBS if len(word) > 1)
_STOP = any_word(_STOP_WORDS, _BORDER)
# No name goes on with these.
NO_MORE = any_word(
    sorted({*_STOP_WORDS, *(word for word in CLINICAL_WORDS - SURNAMES if len(word) > 2)}),
    _BORDER,
)
# What may follow the first letter: "Smith", "McDonald", "O'Brien-Jones", "D'angelo".
_TITLED_REST = (
    rf"(?:[{_LOWER}]{{1,24}}|(?={_MARK}))(?:{_MARK}?[{_UPPER}][{_LOWER}]{{1,24}}"
    rf"|{_MARK}(?!s{_BORDER})[{_LOWER}]{{2,24}}){{0,3}}{_BORDER}"
)
# "SMITH", "O'BRIEN-JONES", "McDONALD".
_CAPITALS_REST = (
    rf"(?:c(?=[{_UPPER}]))?[{_UPPER}]{{0,24}}"
    rf"(?:{_MARK}(?!S{_BORDER})[{_UPPER}]{{1,24}}){{0,2}}{_BORDER}"
)
_INITIALS = rf"(?:[{_UPPER}]\.\s?){{0,2}}[{_UPPER}]\.(?!\w\.)"
_PARTICLE = r"(?:(?:d[aeiou]|de la|del|della|van|von|van de[nr]?|la|le|bin|al|el|ter)[ -]|d')?"
# To the next part of a name; over the end of a line only where prose goes on after that part.
_NEXT = (
    r"(?:(?<=\.)| |[ \t]?\r?\n[ \t]{0,8}(?=[\w'’-]{1,40}(?:[,.;)]|['’]s|\s{1,2}[a-z])))"
    rf"(?!{NO_MORE}|{_NO_PART})"
)
# All parts are written as the first is: "Dr. Smith MRI" ends after "Smith".
_JUNIOR = r"(?:(?<= [JS]r)\.|(?<= [JS]R)\.|,?\s{1,2}(?:[JS]r(?![a-z])|[JS]R(?![A-Z]))\.?)?"
_LETTER = rf"(?:[{_UPPER}]|I{{2,3}}|IV){_BORDER}"
_MORE_TITLED = rf"(?:{_NEXT}{_PARTICLE}(?:[{_UPPER}]{_TITLED_REST}|{_INITIALS}|{_LETTER}))"
_MORE_CAPITALS = rf"(?:{_NEXT}(?:[{_UPPER}]{_CAPITALS_REST}|{_INITIALS}))"

# "Mary", "Anna Smith", "J. Q. van der Berg".
TITLED_NAME = (
    rf"(?:(?:{_INITIALS}{_NEXT}|[{_UPPER}] )?{_PARTICLE}[{_UPPER}]{_TITLED_REST}"
    rf"{_MORE_TITLED}{{0,3}}{_JUNIOR})"
)
ONE_CAPITALS = rf"[{_UPPER}]{_CAPITALS_REST}"
NAME = (
    rf"(?:{TITLED_NAME}|(?:(?:{_INITIALS}{_NEXT})?{ONE_CAPITALS}{_MORE_CAPITALS}{{0,3}}{_JUNIOR}))"
)
# After an initial without a period: "J Smith".
_PLAIN_NAME = rf"[{_UPPER}]{_TITLED_REST}{_MORE_TITLED}{{0,2}}{_JUNIOR}"


def free_name(least: int) -> str:
    """A name that nothing stands before to announce it, of at least so many parts (1 to 4).

    It begins with a class, its first letter: `re` skips to those.
    """
    more = f"{{{least - 1},3}}"
    return (
        rf"[{_UPPER}](?<![^\W_].)(?<=(?!{_STOP}).)(?:\.\s?{NAME}| {_PLAIN_NAME}"
        rf"|{_TITLED_REST}{_MORE_TITLED}{more}{_JUNIOR}"
        rf"|{_CAPITALS_REST}{_MORE_CAPITALS}{more}{_JUNIOR})"
    )


# "Smith, John" after a field; not "Smith, MD", "Smith, DOB:", "Smith, Cardiology".
LAST_FIRST = rf"(?:,\s?(?!{CREDENTIAL}|{_NO_PART}|{NO_MORE}){NAME})?"
# What may stand before a name in a field or in prose.
TITLE = r"(?:(?i:dr|mrs?|ms|prof)(?:\.\s?|\s{1,2})|Miss\s)?"
