"""Rules for dates with a word in them: months, seasons, holidays; and years that stand alone.

A month by itself is a date where no person is called like it, or where a word before it says so.
A year by itself is one after "in", "since" and the like, in a range, in parentheses, or where it
closes a phrase ("appendectomy 1998."), unless it counts or measures something.
"""

import re

from spacy_modernbert_bio.deid.rules.dates_times import (
    AMOUNT,
    GAP,
    MONTH,
    MONTH_WITHIN,
    ORDINAL,
    SHORT_YEAR,
    TIME,
    YEAR,
    has_sure_cue,
    is_amount,
    is_measured,
    text_after,
    text_before,
)
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

_LAST_MONTH, _LAST_DAY = 12, 31
_TO = r"(?:-|/|to|thr(?:u|ough)|until|and|&|or)"
# March 3-7, March 3rd and 5th, March 3, 5 and 7: the days after the first.
_MORE_DAYS = (
    rf"(?:(?:,\s{{0,3}}[0-9]{{1,2}}{ORDINAL}?){{0,4}},?\s{{0,3}}{_TO}\s{{0,3}}[0-9]{{1,2}}"
    rf"{ORDINAL}?(?![0-9]|[.:/][0-9]|{AMOUNT}))?"
)
_AND_YEAR = (
    rf"(?:(?:{GAP}|,{GAP}|\s?[/.-]\s?)(?:of\s{{1,8}})?(?P<year>{YEAR}|{SHORT_YEAR})(?![0-9])"
    r"|[/-](?P<short>[0-9]{2})(?![0-9/]|:[0-9]))?"
)
# Of an abbreviation, not of a sentence.
_DOT = rf"(?:\.(?={GAP}['\u2018\u2019`]?[0-9]))?"
# March 14, 2019; Mar. 14th; MAR-14-19; March of 2019; Mar '19; March 3-7, 2019; March.
_MONTH_FIRST = re.compile(
    rf"(?P<month>{MONTH}){_DOT}(?:(?:{GAP}|\s?[/,-]\s?)(?:the\s{{1,8}})?"
    rf"(?P<day>(?!00)[0-9]{{1,2}})(?P<ordinal>{ORDINAL}|\({ORDINAL}\))?(?![0-9]|[.:][0-9]|[/-][0-9]{{1,2}}[/-][0-9]){_MORE_DAYS})?"
    rf"{_AND_YEAR}{TIME}"
)
# 14 March 2019, 14th of March, 14-Mar-19, 14MAR2019, 3-7 March, 3rd to 7th of March.
_DAY_FIRST = re.compile(
    rf"(?P<day>[0-9](?<![A-Z0-9].)[0-9]?)(?P<ordinal>{ORDINAL})?"
    rf"(?:\s{{0,3}}{_TO}\s{{0,3}}[0-9]{{1,2}}{ORDINAL}?)?"
    rf"(?:{GAP}(?i:(?:day\s{{1,8}})?of\s{{1,8}})?|\s?[/.-]\s?)"
    rf"(?P<month>{MONTH_WITHIN}){_DOT}{_AND_YEAR}{TIME}"
)
_SPOKEN_DAYS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth", "twentieth", "thirtieth"),
)
# the fourteenth of March, the twenty-first of March
_SPOKEN = re.compile(
    rf"\b(?i:(?:(?:twenty|thirty)[\s-])?(?:{'|'.join(_SPOKEN_DAYS)})\s{{1,8}}(?:day\s{{1,8}})?"
    rf"of\s{{1,8}})(?P<month>{MONTH_WITHIN}){_AND_YEAR}"
)
# on the 14th
_ORDINAL = re.compile(rf"[0-9](?<![0-9/.-].)[0-9]?{ORDINAL}(?![A-Za-z])")
# Summer of 2018, Fall '02
_SEASON = re.compile(
    r"[SsFfAaWw](?<![A-Za-z].)(?i:(?<=s)(?:pring|ummer)|(?<=f)all|(?<=a)utumn|(?<=w)inter)"
    rf",?\s{{1,8}}(?:of\s{{1,8}})?(?:{YEAR}|{SHORT_YEAR})(?![0-9])"
)
_APOSTROPHE = "['\u2019]?"
# Holidays, and how they begin.
_HOLIDAYS = "|".join(
    (
        "christmas(?: eve| day)?|x-?mas|thanksgiving(?: day)?|halloween|juneteenth|ramadan",
        "easter(?: sunday| monday)?|good friday|ash wednesday|palm sunday|yom kippur|hanukkah",
        "passover|rosh hashanah?|(?:labor|memorial|independence|columbus|boxing|mlk) day",
        f"new year{_APOSTROPHE}s(?: eve| day)?|martin luther king(?:,? jr\\.?)? day",
        f"(?:veteran|president|mother|father|valentine){_APOSTROPHE}s{_APOSTROPHE} day",
        f"st\\.? patrick{_APOSTROPHE}s day",
    )
).replace(" ", r"\s{1,3}")
_HOLIDAY_CUES = (
    *("christmas", "xmas", "x", "thanksgiving", "halloween", "juneteenth", "ramadan", "easter"),
    *("good", "ash", "palm", "yom", "hanukkah", "passover", "rosh", "labor", "memorial"),
    *("independence", "columbus", "boxing", "mlk", "new", "martin", "veteran", "president"),
    *("mother", "father", "valentine", "st"),
)
_HOLIDAY = re.compile(
    rf"(?<![^\W_])(?i:{_HOLIDAYS})(?![A-Za-z])(?:,?\s{{1,8}}(?:of\s{{1,8}})?(?:{YEAR}|{SHORT_YEAR})(?![0-9]))?"
)
# 2019, the 1990s
_YEAR_ALONE = re.compile(
    r"[12](?<![0-9A-Za-z].)(?<![0-9][/.,:-].)(?:(?<=1)9|(?<=2)[01])[0-9]{2}(?:'?s)?"
    r"(?![0-9A-Za-z]|[/:-][0-9])"
)
# 2015-2017, 1998-99, 2015 to 2017, and 2019-03
_YEARS = re.compile(
    r"(?P<first>[12](?<![0-9A-Za-z].)(?<![0-9][/.,:-].)(?:(?<=1)9|(?<=2)0)[0-9]{2})"
    r"\s{0,3}(?:[/-]|to|thr(?:u|ough)|until|and)\s{0,3}"
    r"(?P<last>(?:19|20)[0-9]{2}|(?<=[0-9][/-])[0-9]{2})(?![0-9A-Za-z]|[/.,:-][0-9])"
)
# in '98
_SHORT_YEAR = re.compile(r"['\u2018\u2019`](?<![0-9].)[0-9]{2}(?:'?s)?(?![0-9A-Za-z])")

# How each month begins, in lower case.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Months that nothing and nobody else is called.
_SURE_MONTHS = frozenset(
    {"january", "february", "july", "september", "october", "november", "december"}
)
# With a number after them, these may be other words: may, march, MAR, DEC, OCT, SEP.
_OTHER_WORDS = frozenset({"may", "march", "mar", "dec", "oct", "sep"})
_BEFORE_MONTH = re.compile(
    r"\b(?:in|since|last|next|until|till?|during|early|late|mid|this past|beginning of|end of|"
    r"middle of|month of|through|every|each)[\s-]{1,8}$"
)
_ANOTHER_MONTH_BEFORE = re.compile(rf"{MONTH}\.?\s?(?:[/,-]|,?\s(?:to|through|and|or))\s?$")
_ANOTHER_MONTH_AFTER = re.compile(rf"\s?(?:[/-]|(?:to|through|and|or)\s)\s?{MONTH_WITHIN}")
_BEFORE_YEAR = re.compile(
    r"\b(?:in|since|from|until|till?|of|circa|ca|year|years|during|before|after|by|early|late|mid|"
    r"spring|summer|fall|autumn|winter|back|class|dated|through|between|and|to|around|the)"
    r"[\s-]{1,8}$"
)
_SURE_BEFORE_YEAR = re.compile(
    r"\b(?:in|since|year|circa|during|early|late|mid|spring|summer|fall|autumn|winter|back in|"
    r"dated|(?:in|since)\s(?:about|around|approximately))[\s-]{1,8}$"
)
_ENDS_PHRASE = re.compile(
    r"\s{0,2}(?:[,;:)\]]|\.(?![0-9])|\n|$|(?:for|at|with|due|secondary|when|after|by)\s)"
)
_YEARS_BEFORE = re.compile(r"\b(?:19|20)[0-9]{2}(?:,|,?\s(?:and|or))\s$")
_LETTER_BEFORE_YEAR = re.compile(r"[A-Za-z]{2}[,:;]?\s$|[(\[]$")
_BEFORE_ORDINAL = re.compile(r"\b(?:on|by|from|through|(until|till|since))\s{1,8}the\s{1,8}$")
_AFTER_ORDINAL = re.compile(r"\s{0,2}(?:[.,;:)]|\n|$|of (?:this|last|next|the) month|at [0-9])")
_NO_DAY_OF_MONTH = re.compile(
    r"[\s-]{1,3}(?:day|week|month|year|grade|post|hour|cycle|dose|trimester|decade|birthday|pod|of)"
)
_NO_HOLIDAY = re.compile(r"[\s-]{1,3}(?:tree|disease|factor|seals?)")


def _is_no_month_first(match: "re.Match[str]") -> bool:
    word = match["month"].lower()
    has_year = bool(match["year"] or match["short"])
    if not match["day"]:
        return not has_year and not _is_month(match, word)
    if has_year or match["ordinal"] or word not in _OTHER_WORDS:
        return not int(match["day"]) and not has_year
    if is_amount(match):
        return True
    return match["month"] in ("may", "march") and not has_sure_cue(match) and word == "may"


def _is_month(match: "re.Match[str]", word: str) -> bool:
    """Whether a month without a day or a year is one, and no name or verb."""
    if word in _SURE_MONTHS:
        return True
    before = match.string[max(0, match.start() - 24) : match.start()]
    if _BEFORE_MONTH.search(before.lower()):
        return True
    if match["month"] == "may":
        return False
    after = match.string[match.end() : match.end() + 24]
    return bool(_ANOTHER_MONTH_BEFORE.search(before) or _ANOTHER_MONTH_AFTER.match(after))


def _is_no_day_first(match: "re.Match[str]") -> bool:
    if match["year"] or match["short"]:
        return False
    if re.search(r"[0-9][.,/]$", text_before(match, 2)):
        return True  # the end of another number
    if match["ordinal"]:
        return False
    if re.match(r"[0-9]+\.\s", match[0]) and re.match(r"\s?[0-9]", text_after(match, 2)):
        return True  # the number of a line, before "May 17"
    # As in "POD#3. May go home": a sentence ends between the two.
    ends = re.search(r"[0-9]\.\s", match[0])
    if ends and re.match(r"\.?\s[0-9]", text_after(match, 3)):
        return True  # "on 03-14. Mar 15"
    is_verb = ends and match["month"] in ("May", "March")
    if text_before(match, 1) == "#" or (is_verb and not has_sure_cue(match)):
        return True
    if not 1 <= int(match["day"]) <= _LAST_DAY:
        return True
    if match["month"].lower() in _OTHER_WORDS and is_amount(match):
        return True
    # "take 2 may repeat"
    return match["month"] in ("may", "march", "mar", "dec") and not has_sure_cue(match)


def _is_no_ordinal(match: "re.Match[str]") -> bool:
    before = _BEFORE_ORDINAL.search(text_before(match, 32))
    after = text_after(match, 24)
    if not before or _AFTER_ORDINAL.match(after):
        return not before
    return not before[1] or _NO_DAY_OF_MONTH.match(after) is not None


def _is_no_holiday(match: "re.Match[str]") -> bool:
    return _NO_HOLIDAY.match(text_after(match, 12)) is not None


def _is_no_year(match: "re.Match[str]") -> bool:
    if is_amount(match):
        return True
    before = text_before(match, 24)
    if _SURE_BEFORE_YEAR.search(before) or _YEARS_BEFORE.search(before):
        return False
    if re.match(r"[.,][0-9]", text_after(match, 2)):
        return True
    if is_measured(match) or re.search(r"\bat\s$", before):
        return True
    if match[0].endswith("s") or _BEFORE_YEAR.search(before):
        return False
    # As in: s/p appendectomy 1998. Or: COPD (2003).
    closes = _ENDS_PHRASE.match(text_after(match, 4))
    return not (closes and _LETTER_BEFORE_YEAR.search(before))


def _are_no_years(match: "re.Match[str]") -> bool:
    first, last = match["first"], match["last"]
    later = int(first[: 4 - len(last)] + last) > int(first)
    is_month = len(last) == 2 and 1 <= int(last) <= _LAST_MONTH
    return is_amount(match) or is_measured(match) or not (later or is_month)


def _is_no_short_year(match: "re.Match[str]") -> bool:
    before = text_before(match, 24)
    # As in (Mercy Hospital, '09), in brackets.
    in_brackets = text_after(match, 1) == ")" and re.search(r"(?:,\s|\()$", before)
    return not in_brackets and _BEFORE_YEAR.search(before) is None


NAMED_DATE_RULES: tuple[Rule, ...] = (
    Rule("date_month_first", "DATE", _MONTH_FIRST, _MONTHS, _is_no_month_first, begins=True),
    Rule("date_day_first", "DATE", _DAY_FIRST, refuted=_is_no_day_first),
    CueRule("date_spoken", "DATE", _SPOKEN, ("twenty", "thirty", *_SPOKEN_DAYS)),
    SeekingRule(
        "date_ordinal",
        "DATE",
        _ORDINAL,
        ("0st", "0nd", "0rd", "0th"),
        _is_no_ordinal,
        0.7,
        before=1,
    ),
    CueRule("date_season", "DATE", _SEASON, ("spring", "summer", "fall", "autumn", "winter")),
    CueRule("date_holiday", "DATE", _HOLIDAY, _HOLIDAY_CUES, _is_no_holiday, 0.9),
    Rule("date_year", "DATE", _YEAR_ALONE, ("0000",), _is_no_year, 0.7, begins=True),
    Rule("date_years", "DATE", _YEARS, ("0000",), _are_no_years, 0.9, begins=True),
    Rule(
        "date_year_short",
        "DATE",
        _SHORT_YEAR,
        ("'00", "\u201800", "\u201900", "`00"),
        _is_no_short_year,
        0.7,
        begins=True,
    ),
)
