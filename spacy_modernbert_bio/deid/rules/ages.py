"""Rules for ages: digits and words, years to days, and the shorthands of notes.

The span is the number where it is years, as in the 2014 i2b2 annotation ("93" of "93 y/o" and of
"93 F"), and has the unit where it is less ("5-month-old"). Durations ("smoked 45 years", "for 5
mo") are not ages and stay.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

# Not the end of a decimal, a date or a range.
_START = r"(?<![A-Za-z0-9.].)(?<![0-9][/-].)"
_DIGITS = rf"[0-9]{_START}[0-9]{{0,2}}"
# Also "3 6/12", "2.5", "40-45".
_FRACTION = r"(?:\.[0-9]|[\s-][0-9]{1,2}/12|\s?-\s?[0-9]{1,3})?"
_NUMBER = _DIGITS + _FRACTION
# What is looked at first.
_MAYBE_UNIT = r"[\s-]{0,3}[dhmwyDHMWY]"
_LINK = r"[\s-]{0,3}(?=[A-Za-z])"
_UNIT = (
    r"(?=[dhmwyDHMWY])(?:years?|yrs?|y|months?|mon?s?|weeks?|wks?|days?|hours?|hrs?|[mwd](?=[-/]o))"
)
_YEARS = r"(?:years?|yrs?|y)"
# "old", "of age", "y/o", "yo", "y.o.", "y-o", and "yoM", with the sex.
_OLD = r"(?:[\s-]{0,3}old\b|[\s-]of[\s-]age\b|[\s./-]{0,2}o\b\.?|(?<=y)/?o(?=[mf]\b))"
_ADJECTIVES = (
    r"(?:(?:pleasant|white|black|caucasian|hispanic|asian|african[\s-]american|year"
    r"|(?:right|left)[\s-]handed)[\s-]){0,2}"
)
_PERSON = r"(?:(?:fe)?male|man|woman|gentleman|lady|boy|girl|aa[mf]|[wbh]/?[mf])\b"
_CHILD = r"(?:infant|baby|child|newborn|neonate|toddler|[mf])\b"
# "20 male patients" are counted, not aged.
_ONE = r"(?!\s{1,2}(?:patients|subjects|volunteers|participants|adults|rats|mice|controls)\b)"
_STORY = (
    r"(?:with|w/|who|c/o|s/p|p/w|h/o|hx|pmhx?|present(?:s|ed|ing)|admitted|here|found|brought|from"
    r"|transferred|referred)"
)

# "para 4 female", "Tanner stage 1 male".
_COUNTED = (
    "(?<!para [0-9])(?<!ravida [0-9])(?<!stage [0-9])(?<!grade [0-9])(?<!type [0-9])"
    "(?<!para [0-9]{2})(?<!ravida [0-9]{2})"
)

_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TENS = ("twenty", "thirty", "forty", "fourty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = (
    *(rf"{tens}(?:[\s-]?{_ONES})?" for tens in _TENS),
    rf"one[\s-]hundred(?:[\s-](?:and[\s-])?{_ONES})?",
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)

AGE_RULES: tuple[Rule, ...] = (
    # "45 y/o", "45yo", "45-year-old", "2 years and 3 months old", "10 days of age".
    Rule(
        "age",
        "AGE",
        re.compile(
            rf"{_NUMBER}(?={_MAYBE_UNIT})(?i:(?={_LINK}{_YEARS}{_OLD})"
            rf"|{_LINK}{_UNIT}(?:,?\s(?:and\s)?[0-9]{{1,2}}{_LINK}{_UNIT})?{_OLD})"
        ),
    ),
    # "45-year white male", "5 mo girl", "45 y F", "45 female", "45/M"; "93 F with": without a word
    # like that, F is a temperature or a catheter.
    Rule(
        "age_sex",
        "AGE",
        re.compile(
            rf"(?P<phi>{_DIGITS}{_COUNTED}(?=[\s,./\dA-Za-z-])"
            rf"(?:{_FRACTION}(?:{_LINK}(?i:(?!y){_UNIT})|(?={_LINK}[yY])))?)(?i:{_LINK}{_YEARS})?"
            rf"(?:(?i:[\s,-]{{1,2}}{_ADJECTIVES}{_PERSON}{_ONE})|(?i:\s?/\s?(?:m|f|(?:fe)?male)\b)"
            rf"|(?<=[a-z])(?i:[\s-]{_CHILD})|\s?[MFW](?=,?\s(?i:{_STORY}\b)))"
        ),
    ),
    # Where a line begins: "45M", "HPI: 45 F".
    SeekingRule(
        name="age_first",
        label="AGE",
        pattern=re.compile(
            r"(?:\A|\n)\s{0,4}(?:[A-Za-z]{2,20}:\s{0,4})?(?P<phi>[0-9]{1,3}y?)(?:\s?[MF]\b"
            rf"|\s?(?:(?<=y)|y(?:rs?|ears?)?)\b(?=,?\s(?i:{_STORY})))"
        ),
        needs=("0y", "0 y"),
        anchor=re.compile(r"[MF](?<=[0-9\s].)\b(?!\s?(?:[0-9]|sheath|catheter|foley))"),
        before=40,
    ),
    SeekingRule(
        "age_after_letter",
        "AGE",
        re.compile(r"[MF](?<![A-Za-z0-9].)\s?/\s?(?P<phi>[0-9]{1,3})(?![0-9A-Za-z/.%])"),
        needs=("/0", "/ 0"),
        before=2,
    ),
    after_cue(
        "age_cue",
        "AGE",
        ("aged?", "ages"),
        (
            r"(?i:(?:\s?/\s?sex)?(?:\sof|\sis|\swas|\sat\s[a-z]{3,12})?[\s:=(-]{1,4}(?:about\s|~\s?)?"
            rf"(?P<phi>(?:[0-9]{{1,3}}(?:\s?(?:-|to|and)\s?[0-9]{{1,3}})?|(?:{'|'.join(_WORDS)})\b)"
            rf"(?:{_LINK}(?!y){_UNIT}\b)?)(?![0-9]|[./][0-9]|\s?[%°]))"
        ),
    ),
    # "died at 92", "passed away at 87 of MI": no time of day.
    after_cue(
        "age_at_death",
        "AGE",
        ("died", "deceased", "passed", "lived", "d\\."),
        r"(?i:(?:\saway)?,?\s(?:at|to)(?:\sbe)?\s(?P<phi>[0-9]{2,3})(?![0-9:]|[./-][0-9]|\s?(?:[ap]\.?m|h|months|weeks|days|min)))",
    ),
    # "ninety-three-year-old", "three weeks old".
    after_cue("age_words", "AGE", _WORDS, f"(?i:(?={_LINK}{_YEARS}{_OLD})|{_LINK}{_UNIT}{_OLD})"),
    # "in her late 80s"; "in the 90s" is a heart rate.
    Rule(
        "age_decade",
        "AGE",
        re.compile(
            r"[Ii](?<![A-Za-z].)(?i:n\s(?:his|her|their)\s(?:early[\s-]|mid[\s-]{0,2}|late[\s-])?"
            r"(?P<phi>[0-9]{1,2}0'?s|(?:twen|thir|for|fif|six|seven|eigh|nine)ties)\b)"
        ),
        ("in his ", "in her ", "in their "),
        begins=True,
    ),
    Rule(
        "age_noun",
        "AGE",
        re.compile(r"(?:[Oo]cto|[Nn]ona|[Ss]upercent|[Cc]ent)(?:gen|en)arian(?![a-z])"),
        ("enarian",),
    ),
)
