"""The clinical tokenizer: spaCy's English rules, with a border wherever annotators put one.

It is an ordinary spaCy Tokenizer, made from more rules: it keeps every character, saves and loads
as any other, and needs nothing of this package once it is saved. Its time grows linearly with the
text, also where spaCy's own takes minutes (a line of 50,000 closing brackets). It does not split
inside letters ("antitumor"), decimals ("1.5", "1,000") or times ("10:30").
"""

import re
from collections.abc import Callable

from spacy.lang.tokenizer_exceptions import BASE_EXCEPTIONS
from spacy.language import Language
from spacy.symbols import ORTH
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex

# spaCy's unit suffixes lack these; all of them are written without a blank in notes.
_UNITS = "mcg|ug|mEq|meq|mmol|mmHg|IU|cc|hrs?|yo|y/o|mg|kg|g|mL|ml|dL|dl"
_HYPHENS = "-‐‑‒–—−"
# Placeholders of de-identified notes: "[**2019-5-12**]", "Mr.___".
_PLACEHOLDERS = (r"\[\*\*", r"\*\*\]", "_+", r"\*+")

_PREFIXES = (
    *_PLACEHOLDERS,
    rf"[{_HYPHENS}]+",
    r"[+/±≥≤<>=~^|\\]",
    "[xX](?=[0-9])",  # "x3"
)

_SUFFIXES = (
    *_PLACEHOLDERS,
    rf"[{_HYPHENS}]+",
    r"[+/±<>=~^|\\]",
    r"(?<!\.)\.",  # also after one capital, where spaCy sees an initial: "factor B."
    rf"(?<=[0-9])(?:{_UNITS})",
)

_INFIXES = (
    *_PLACEHOLDERS,
    rf"[{_HYPHENS}]+",  # "p53-dependent", "Egr-1"
    r"[()\[\]{}<>/+±=~^|\\;&≥≤→]",  # "05/12/2019", "Ca(2+)", "[3H]spiperone"
    r"(?<=[^\W0-9_]):|:(?=[^\W0-9_])",  # "MRN:123", and no time of day
    r"(?<=[^\W0-9_]),|,(?=[^\W0-9_])",  # "Smith,John", and neither "1,000" nor "1,25"
    r"(?<=[a-z]{2})\.(?=[^\W_]|[(\[])",  # "Dr.Smith", "pain.no", and neither "b.i.d" nor "1.5"
    r"(?<=[0-9A-Z])\.(?=[A-Z][a-z])",  # "53.The"
    r"(?<=[)\]])\.",
    "(?<=O)x(?=[0-9])",  # "A&Ox3"
    rf"(?<=[0-9])(?:{_UNITS})(?=/)",  # "10mg/dL"
)

# With a scheme, `www.` or an @, and no longer than such things are. spaCy's own pattern also takes
# "pain.no", two sentences without a blank between them, for an address.
_ADDRESS = re.compile(
    r"(?:https?://|ftp://|www\.)\S{1,2000}|[^\s@]{1,100}@[^\s@]{1,200}\.[A-Za-z]{2,20}"
)


# spaCy takes prefixes and suffixes off one by one and searches all that is left each time, which is
# quadratic in a run of punctuation. Longer strings without a blank are cut by the infixes alone.
_LONGEST_WITH_AFFIXES = 200
_SHORT_AHEAD = rf"(?![\s\S]{{{_LONGEST_WITH_AFFIXES}}})"
_SHORT_BEHIND = rf"(?<![\s\S]{{{_LONGEST_WITH_AFFIXES}}})"

# The abbreviations that keep their full stop. spaCy's months and states ("Jun.", "Ala.", "Mo.")
# are gene, amino acid and cell names here when they end a sentence.
_TITLES = {"Dr.", "Jr.", "Messrs.", "Mr.", "Mrs.", "Ms.", "Mt.", "Prof.", "Rev.", "Sr.", "St."}
_ABBREVIATION = re.compile(r"[A-Z][a-z]+\.")


def make_clinical_tokenizer() -> Callable[[Language], Tokenizer]:
    """A builder of the clinical tokenizer, for `[nlp.tokenizer]` of a config (DESIGN §6).

    Registered as `spacy_modernbert_bio.ClinicalTokenizer.v1`. The builder takes the pipeline whose
    vocabulary and language rules the tokenizer starts from; they are meant to be English.
    """
    return _build


def _build(nlp: Language) -> Tokenizer:
    defaults = nlp.Defaults
    prefixes = "|".join([*_PREFIXES, *map(str, defaults.prefixes or [])])
    suffixes = "|".join([*_SUFFIXES, *map(str, defaults.suffixes or [])])
    return Tokenizer(
        nlp.vocab,
        rules={
            text: tokens
            for text, tokens in (defaults.tokenizer_exceptions or {}).items()
            if not _misleads(text, [token[ORTH] for token in tokens])
        },
        prefix_search=re.compile(f"^{_SHORT_AHEAD}(?:{prefixes})").search,
        suffix_search=re.compile(f"{_SHORT_BEHIND}(?:{suffixes})$").search,
        infix_finditer=compile_infix_regex([*_INFIXES, *(defaults.infixes or [])]).finditer,
        url_match=_ADDRESS.fullmatch,
    )


def _misleads(text: str, parts: list[str]) -> bool:
    """Whether an exception made for the web takes something else for itself in a note.

    The months' and states' abbreviations; emoticons ("8)" ends "(grade 8)", "<3" is a result);
    single letters with a full stop ("vitamin c."); contractions without their apostrophe ("id"
    and "im" are diagnoses and routes, "hes" is a starch).
    """
    if text.isspace():
        return False
    if _ABBREVIATION.fullmatch(text):
        return text not in _TITLES
    return text in BASE_EXCEPTIONS or (text.isalpha() and len(parts) > 1)
