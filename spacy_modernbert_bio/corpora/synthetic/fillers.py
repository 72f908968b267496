"""Passages of real notes that hold no PHI, as the text between what is generated.

A gold span is missing wherever a passage held PHI, and would teach a model to overlook it. So a
sentence is left out on suspicion: a capital inside of it that begins a word, anything like a date,
an age, a title, a place of work, a long number. Much that is harmless goes with it. A pattern knows
no names in lower case: give it texts that were de-identified before.
"""

import re
from collections.abc import Iterable, Iterator

from spacy_modernbert_bio.corpora.synthetic.pools import known_names

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_BLANKS = re.compile(r"\s+")
# In lower case. Units of time with "old" are ages; a number with a unit alone is a duration.
_WORDS = (
    *("dr", "mr", "mrs", "ms", "miss", "prof", "rn", "esq", "abc", "xyz", "yo", "y/o", "aged?"),
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept?"),
    *("oct", "nov", "dec", "(?:mon|tues|wednes|thurs|fri|satur|sun)day", "winter", "summer"),
    *("autumn", "easter", "christmas", "thanksgiving", "birth[a-z]*", "dob", "born", "newborn"),
    *("[a-z]+teens?", "[a-z]+ties", "hospital", "clinic", "street", "avenue", "room", "university"),
    *(
        "county",
        "city",
        "state",
        "retired",
        "work(?:s|ed|ing)?",
        "job",
        "occupation",
        "employ[a-z]*",
    ),
    *("profession[a-z]*", "teacher", "farmer", "nurse", "student", "engineer", "lawyer", "driver"),
    *("veteran", r"(?:year|yr|month|mo|week|wk|day)s?[\s-]*(?:old|of\sage)"),
)
_SUSPECT = re.compile(
    rf"\b(?:{'|'.join(_WORDS)})\b"
    r"|[0-9][/.-][0-9]+[/.-][0-9]|\b[0-9]{1,2}/[0-9]{1,2}\b|[0-9]{4}|'[0-9]{2}\b"
    r"|[0-9](?:st|nd|rd|th)\b|y\.o|@|http|www\.|#\s*[0-9]|__|\[|\*\*|xxx|^[b-hj-z]\b|\.\s*[0-9]+\.(?:\s|$)"
)
# Judged with case: a word with a capital that begins no sentence; words that are all capitals and
# too long for an abbreviation.
_CAPITALISED = re.compile(r"(?<=[^A-Za-z])[A-Z][a-z]|\b[A-Z]{6,}\b")
# Names that begin more sentences as words: "Blood cultures grew nothing."
_WORDS_FIRST = {
    *("blood", "bone", "early", "hand", "head", "kidney", "knee", "long", "pain", "rash", "short"),
    *("small", "still", "stool", "swallow", "thick", "will"),
}
_WORD_END = re.compile(r"[^\w-]")
_PRONOUNS = {
    True: re.compile(r"\b(?:he|him|his|himself)\b", re.IGNORECASE),
    False: re.compile(r"\b(?:she|her|hers|herself)\b", re.IGNORECASE),
}
_FEWEST_CHARACTERS, _MOST_CHARACTERS = 25, 400
# A passage's sentences follow each other in its source.
_PASSAGE_SENTENCES = 3


def plain_passages(texts: Iterable[str]) -> Iterator[str]:
    """Runs of up to three sentences in which nothing looks like PHI, blanks made one."""
    for text in texts:
        for paragraph in re.split(r"\n\s*\n", text):
            yield from _runs(_SENTENCE_END.split(_BLANKS.sub(" ", paragraph).strip()))


def is_plain(sentence: str) -> bool:
    """Whether nothing in a sentence could be PHI, as far as a pattern can tell."""
    return (
        _FEWEST_CHARACTERS <= len(sentence) <= _MOST_CHARACTERS
        and sentence[0].isupper()
        and sentence[-1] in ".!?"
        and not _CAPITALISED.search(sentence)
        and not _SUSPECT.search(sentence.lower())
        and not _begins_with_name(sentence)
    )


def passages_of(passages: Iterable[str], *, is_female: bool) -> tuple[str, ...]:
    """The passages that could be of a woman or girl, or of a man or boy, as their pronouns say."""
    return tuple(each for each in passages if not _PRONOUNS[is_female].search(each))


def _begins_with_name(sentence: str) -> bool:
    """Whether the first word, whose capital says nothing, is somebody's: "Rivers agreed." """
    first = _WORD_END.split(sentence, maxsplit=1)[0].casefold()
    return first in known_names() and first not in _WORDS_FIRST


def _runs(sentences: Iterable[str]) -> Iterator[str]:
    run: list[str] = []
    for sentence in sentences:
        plain = is_plain(sentence)
        if plain:
            run.append(sentence)
        if run and (not plain or len(run) == _PASSAGE_SENTENCES):
            yield " ".join(run)
            run = []
    if run:
        yield " ".join(run)
