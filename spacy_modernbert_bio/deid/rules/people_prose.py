"""Rules for names in sentences: of relatives, after "named" and "by", before an age or a number.

In sentences a capital says little: most of these ask for two words, none of them of `words`.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.name_patterns import (
    LAST_FIRST,
    TITLE,
    TITLED_NAME,
    free_name,
)
from spacy_modernbert_bio.deid.rules.name_refutations import not_all_names
from spacy_modernbert_bio.deid.rules.places import is_state
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule
from spacy_modernbert_bio.deid.rules.words import NOT_NAMES

_LONGEST_NAME = 120
_KIN = (
    *("daughter", "son", "wife", "husband", "mother", "father", "sister", "brother", "aunt"),
    *("uncle", "niece", "nephew", "cousin", "spouse", "partner", "fianc[eé]e?", "grandson"),
    *("granddaughter", "grandmother", "grandfather", "girlfriend", "boyfriend", "friend"),
    *("neighbor", "roommate", "caregiver", "guardian", "boss", "mom", "dad", "grandma", "grandpa"),
    *("stepson", "stepdaughter", "stepmother", "stepfather", "hcp", "significant other"),
)
_IN_BRACKETS = (
    rf"(?i:(?:(?:his|her|their|the|pt's|patient's)\s)?(?:{'|'.join(_KIN)})\b"
    r"|(?:beeper|pager|pgr|phone|cell|tel|ext)\b|[0-9]{3}[-.)/ ][0-9]{3})"
)


def _family_first(comma: str) -> str:
    """A name as lists write it: "Smith,John", "SMITH, JOHN Q"."""
    part = "[A-Za-zÀ-ÿ'’-]"
    return (
        rf"[A-Z](?<![^\W_].){part}{{1,24}}(?: [A-Z]{part}{{1,24}})?"
        rf"{comma}[A-Z]{part}{{1,24}}(?:\s[A-Z]{part}{{2,24}})?(?:\s[A-Z]\b\.?)?"
    )


def _not_all_names_or_state(match: "re.Match[str]") -> bool:
    """Also "Springfield, MA" before a ZIP code."""
    return not_all_names(match) or is_state(
        match[0].split(",")[1].split("/")[0].strip("0123456789 ")
    )


def _after_no_name(match: "re.Match[str]") -> bool:
    """Whether words of notes, or a state, stand before a number: "PACEMAKER, SERIAL 123456"."""
    words = re.split(r"[\s,]+", match["name"])
    return is_state(words[-1]) or any(len(word) > 1 and word.lower() in NOT_NAMES for word in words)


_YEARS_OLD = r"[ \n-]?(?:y\b|yr|year|y/?o\b|mo(?:nth)?\b|week|day)"

# In capitals among other words a comma can only stand in a name.
_CAPITALS_APART = (
    r"[A-Z](?<![^\W_].)[A-Z'’-]{1,24},\s[A-Z](?=[A-Z'’-])[A-Z'’-]{1,24}(?:\s[A-Z]\b\.?)?"
)
_APART = _family_first(r",\s?")
_GROUPS = "[0-9]{2,3}(?P<mark>[ -])[0-9]{2}(?P=mark)[0-9]{2}(?![0-9-])"
_RECORD = rf"(?:[A-Z]{{0,3}}[0-9]{{6,12}}(?![0-9-])|{_GROUPS})"

PROSE_NAME_RULES: tuple[Rule, ...] = (
    # "daughter Mary", "wife, Anna Smith,", "his son (Tom)", "mother's name is Ann".
    after_cue(
        "relative",
        "NAME",
        tuple(f"{each}(?:-in-law)?" for each in _KIN),
        r"(?:/(?:hcp|guardian|poa))?(?:'s name(?: is|,)|,|,? whose name is| is| named| called)?"
        rf"\s{{1,2}}\(?{TITLE}"
        rf"(?P<phi>(?=[^\W_]['’a-zà-ÿ]){TITLED_NAME})(?!['’]s\s[a-z]|-)",
        refuted=not_all_names,
        score=0.9,
    ),
    # "sons Tom and Jim", "parents (John and Mary)".
    after_cue(
        "relatives",
        "NAME",
        ("sons", "daughters", "brothers", "sisters", "parents", "children", "kids", "friends"),
        rf"(?:,| are)?\s{{1,2}}\(?(?P<phi>{TITLED_NAME}(?:,? and |, | & ){TITLED_NAME}"
        rf"(?:,? and {TITLED_NAME})?)(?!['’]s)",
        refuted=not_all_names,
        score=0.8,
    ),
    # "Anna Smith (niece)", "Jane Roe (pager 12345)", "Jane Roe (617-555-0198)".
    SeekingRule(
        name="name_and_brackets",
        label="NAME",
        pattern=re.compile(rf"(?P<phi>{free_name(2)}{LAST_FIRST})\s\({_IN_BRACKETS}"),
        refuted=not_all_names,
        score=0.8,
        anchor=re.compile(rf"\((?<=[A-Za-z.]\s.)(?={_IN_BRACKETS})"),
        before=_LONGEST_NAME,
    ),
    after_cue(
        "named",
        "NAME",
        (
            *("named", "name is", "name's", "patient name", "pt name", "pts name", "goes by"),
            "nicknamed",
        ),
        rf"\s{{1,2}}[\"“]?{TITLE}(?P<phi>{TITLED_NAME})",
        refuted=not_all_names,
        score=0.9,
    ),
    # One word alone may begin a heading or a complaint.
    after_cue(
        "person_and_name",
        "PATIENT",
        ("patient", "pt", "c/o", "cc:", "male", "female", "man", "woman"),
        rf",? {{1,2}}{TITLE}(?=(?:[A-Z]\.|[^\W_]{{1,24}}(?:['’-][^\W_]{{1,24}})?) [A-Z])"
        rf"(?P<phi>{TITLED_NAME})",
        refuted=not_all_names,
        score=0.7,
    ),
    # "seen by Jane Roe", "spoke with Jane Roe", "per Jane Roe".
    after_cue(
        "by_whom",
        "NAME",
        (
            *("by", "per", "see", "met", "told", "notified", "informed", "contacted", "called"),
            *(
                f"{verb} (?:with|to)"
                for verb in ("spoke", "spoken", "discussed", "talked", "speak")
            ),
            *("paged", "d/w", "consulted", "thank", "thanked", "accompanied by"),
        ),
        rf"\s{{1,2}}(?!Drs?\b)(?P<phi>(?=[^\W_]{{1,24}}(?:['’.-][^\W_]{{0,24}})?\s[^\W_])"
        rf"(?=[A-Z](?:[a-zà-ÿ'’]|\.)){free_name(2)})(?!['’]s\s[a-z]|-)",
        refuted=not_all_names,
        score=0.7,
    ),
    # "a man with COPD, John Smith, who was": commas around, and prose goes on.
    Rule(
        "apposition",
        "NAME",
        re.compile(
            rf",\s(?P<phi>{free_name(2)}),\s"
            r"(?=(?:who|was|is|seen|treated|admitted|last|from|residing|living|born|a|an|aged?)\s)"
        ),
        refuted=not_all_names,
        score=0.7,
    ),
    # "John Smith is a 45-year-old", "SMITH, JOHN, 45 y/o".
    SeekingRule(
        name="name_and_age",
        label="PATIENT",
        pattern=re.compile(
            rf"(?P<phi>{_CAPITALS_APART}|{free_name(2)}{LAST_FIRST}|{_family_first(',')})"
            rf"(?i:,?[ \n](?:is[ \n])?an?[ \n][0-9]{{1,3}}{_YEARS_OLD}"
            rf"|,[ \n][0-9]{{2}}{_YEARS_OLD})"
        ),
        needs=(" a 0", " an 0", ", 00y", ", 00 y", ", 00-y"),
        refuted=not_all_names,
        score=0.8,
        before=_LONGEST_NAME,
    ),
    # "Smith,John", with no blank between.
    SeekingRule(
        name="family_first",
        label="PATIENT",
        pattern=re.compile(rf"(?P<phi>{_family_first(',')})"),
        refuted=not_all_names,
        score=0.6,
        anchor=re.compile(r",(?<=[A-Za-z],)(?=[A-Z][A-Za-z])"),
        before=50,
    ),
    # "Smith, John Q / E3454198", "SMITH, JOHN 00365303", "Smith, John (ID".
    SeekingRule(
        name="name_and_number",
        label="PATIENT",
        pattern=re.compile(
            rf"(?P<phi>{_APART})\s{{1,40}}(?:\((?:ID|MRN?|DOB)\b|[/(|-]?\s{{0,3}}{_RECORD})"
        ),
        refuted=_not_all_names_or_state,
        score=0.8,
        needs=("000000", "00 00 00", "00-00-00"),
        anchor=re.compile(r"\((?=ID|MRN?|DOB)"),
        before=_LONGEST_NAME,
    ),
    # Its number.
    SeekingRule(
        name="number_after_name",
        label="MEDICALRECORD",
        pattern=re.compile(rf"(?P<name>{_APART})\s{{1,40}}[/(|-]?\s{{0,3}}(?P<phi>{_RECORD})"),
        score=0.7,
        refuted=_after_no_name,
        needs=("000000", "00 00 00", "00-00-00"),
        before=_LONGEST_NAME,
    ),
    # And the room.
    SeekingRule(
        name="room_after_number",
        label="ROOM",
        pattern=re.compile(
            rf"(?P<name>{_APART})\s{{1,40}}[/(|-]?\s{{0,3}}{_RECORD}[ \t]{{1,3}}"
            r"(?P<phi>[A-Z]?[0-9]{1,4}(?:-[0-9]{1,2})?[A-Z]?)(?=[ \t]{0,8}(?:\n|\Z))"
        ),
        score=0.6,
        refuted=_after_no_name,
        needs=("000000", "00 00 00", "00-00-00"),
        before=_LONGEST_NAME,
    ),
    # "Jane Q. Roe", wherever it stands; "vitamin D. She" has a word of notes.
    SeekingRule(
        name="middle_initial",
        label="NAME",
        pattern=re.compile(
            r"(?P<phi>[A-Z](?<![^\W_].)[a-zà-ÿ]{1,24}(?:-[A-Z][a-zà-ÿ]{1,24})?(?: [A-Z]\.){1,2}"
            rf" (?=[A-Zd]['’]?[A-Za-zà-ÿ]){TITLED_NAME})"
        ),
        refuted=not_all_names,
        score=0.7,
        anchor=re.compile(r"\.(?<= [A-Z].)(?= [A-Zdv])"),
        before=60,
    ),
    # "seen today, Anna S., for".
    SeekingRule(
        name="name_and_initial",
        label="NAME",
        pattern=re.compile(
            r"(?P<phi>[A-Z](?<![^\W_].)[a-z]{2,14} [A-Z]\.)(?=\s?[,;)?]|'s|\s[a-z(])"
        ),
        refuted=not_all_names,
        score=0.7,
        anchor=re.compile(r"\.(?<= [A-Z].)"),
        before=18,
    ),
)
