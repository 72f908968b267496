"""How a name is written, as patterns: one to four words with a capital, or in capitals.

With initials, particles, hyphens and apostrophes; a possessive 's is not in it. Every repetition is
bounded and every part ends at the border of a word, so that matching is linear.
"""

from spacy_modernbert_bio.deid.rules.words import FUNCTION_WORDS

# "A" and "I" may be initials.
_STOP = "|".join(sorted(word for word in FUNCTION_WORDS if len(word) > 1))
_UPPER = "A-ZÀ-ÖØ-ÞĀ-Ž"
_LOWER = "a-zß-öø-ÿĀ-ž"
_MARK = "['’ʼ`-]"
_BORDER = r"(?![^\W_])"
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
    r"(?:(?<=\.)|[ \t]{1,2}|[ \t]?\r?\n[ \t]{0,8}(?=[\w'’-]{1,40}(?:[,.;)]|['’]s|\s{1,2}[a-z])))"
    rf"(?!(?i:{_STOP}){_BORDER})"
)
# All parts are written as the first is: "Dr. Smith MRI" ends after "Smith".
_LETTER = rf"(?:[{_UPPER}]|I{{2,3}}|IV){_BORDER}"
_MORE_TITLED = rf"(?:{_NEXT}{_PARTICLE}(?:[{_UPPER}]{_TITLED_REST}|{_INITIALS}|{_LETTER}))"
_MORE_CAPITALS = rf"(?:{_NEXT}(?:[{_UPPER}]{_CAPITALS_REST}|{_INITIALS}))"

# "Mary", "Anna Smith", "J. Q. van der Berg".
TITLED_NAME = (
    rf"(?:(?:{_INITIALS}{_NEXT}|[{_UPPER}] )?{_PARTICLE}[{_UPPER}]{_TITLED_REST}"
    rf"{_MORE_TITLED}{{0,3}})"
)
ONE_CAPITALS = rf"[{_UPPER}]{_CAPITALS_REST}"
NAME = rf"(?:{TITLED_NAME}|(?:(?:{_INITIALS}{_NEXT})?{ONE_CAPITALS}{_MORE_CAPITALS}{{0,3}}))"


def free_name(least: int) -> str:
    """A name that nothing stands before to announce it, of at least so many parts (1 to 4).

    It begins with a class, its first letter: `re` skips to those.
    """
    more = f"{{{least - 1},3}}"
    return (
        rf"[{_UPPER}](?<![^\W_].)(?:\.\s?{NAME}|{_TITLED_REST}{_MORE_TITLED}{more}"
        rf"|{_CAPITALS_REST}{_MORE_CAPITALS}{more})"
    )
