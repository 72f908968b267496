"""Rules for telephone and fax numbers, e-mail addresses, URLs and IP addresses.

Numbers are those of North America, wrapped ones and ones glued to a word too; those of other
countries after a plus sign, or after a word that asks for a number. Seven digits ("555-0198") need
no such word; a pager or an extension does. Seven or ten digits in a row after "MRN", "lot" and the
like are left to the rules for identifiers. URLs are found whole, with path and query. Costs about
0.15 seconds a megabyte.
"""

import ipaddress
import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.dates_times import is_amount, text_after, text_before
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

# Between the groups of a number: a separator, blanks, the end of a line.
_GAP = r"(?:\s?[-./]\s{0,6}|\s{1,6})"
_AREA = r"(?:\(\s?[0-9]{3}\s?\)[\s./-]{0,6})"
# 555-0198/0199 has a second line, x12 and ext. 12 an extension.
_END = (
    r"(?![0-9])(?:\s?(?:/|or)\s?[0-9]{4}(?![0-9]|[/.-][0-9]))?"
    r"(?:,?\s{0,3}(?:x|X|[Ee](?:xt|XT)(?:ension|n)?\.?)\s{0,2}[:#]?\s{0,2}[0-9]{1,6}(?![0-9]))?"
)
_LAST_SEVEN = rf"[0-9]{{3}}{_GAP}[0-9]{{4}}{_END}"
# 617-555-0198, (617) 555-0198, 617.555.0198, 617/555-0198, 1-617-555-0198, +1 (617) 555-0198.
_TEN_DIGITS = (
    r"[0-9(+](?:(?<=[(+])|(?<![0-9].))(?:(?<=\()\s?[0-9]{3}\s?\)[\s./-]{0,6}"
    rf"|(?:(?<=1)|(?<=\+)1){_GAP}?(?:{_AREA}|[0-9]{{3}}{_GAP})|(?<=0)01{_GAP}(?:{_AREA}|[0-9]{{3}}{_GAP})"
    rf"|(?<=[0-9])[0-9]{{2}}{_GAP})"
    rf"{_LAST_SEVEN}"
)
_ABROAD = r"\+[0-9]{1,3}(?:[ .()/-]{1,3}[0-9]{1,8}){2,6}(?![0-9])|\+[0-9]{8,15}(?![0-9])"
# Where a word has said that a number follows.
_ANY = rf"(?:{_TEN_DIGITS}|[0-9]{{10,11}}{_END}|{_LAST_SEVEN}|[0-9]{{7}}{_END}|{_ABROAD})"
_TEN = re.compile(_TEN_DIGITS)
_ROW = re.compile(rf"[1-9](?<![0-9.-].)[0-9]{{9,10}}(?![.-][0-9]){_END}")
# 555-0198; after a word that asks for a number also 555 0198, 555.0198 and 5550198.
_SEVEN = re.compile(
    rf"[0-9](?<![0-9].)(?<![0-9][.)-].)[0-9]{{2}}(?:\s?[-.]\s{{0,6}}|\s{{0,6}})[0-9]{{4}}(?!-[0-9]){_END}"
)
# Phone: 021-4006034, call me on (07) 5331 0577: groups of any length, where a word asks for them.
_ABROAD_CUED = (
    r"(?P<phi>[0-9(](?<![0-9].)[0-9]{0,4}(?:[ .()/-]{1,3}[0-9]{1,8}){1,6}(?![0-9])"
    r"(?:\s?(?:x|ext\.?)\s?[0-9]{1,6})?)"
)
_INTERNATIONAL = re.compile(rf"(?:{_ABROAD})")
# 1-800-CALL-DOC
_IN_LETTERS = re.compile(
    r"[18(](?<![0-9].)(?:(?<=1)[-. ]\(?8|(?<=8)|(?<=\()8)(?:00|88|77|66|55|44|33)\)?[-. ]"
    r"(?=[0-9-]{0,4}[A-Z])[A-Z0-9](?:-?[A-Z0-9]){6,9}(?![A-Za-z0-9])"
)
_IS = r"\W{0,4}(?:(?:numbers?|no\.?|num|is|at|on|me|him|her|us|them|line|phone|or|:)\W{1,4}){0,3}"
_PAGER = re.compile(
    r"[PpBb](?<![A-Za-z].)(?i:(?<=p)ager?d?|(?<=p)gr|(?<=b)eeper|(?<=b)pr|(?<=b)p#)(?![a-z])"
    rf"{_IS}(?P<phi>[0-9]-[0-9]{{4}}|[0-9]{{4,6}}(?:-[0-9]{{4,5}})?)(?![0-9]|[/.-][0-9])"
)
# ext. 4567, x4567
_EXTENSION = re.compile(
    r"[EeXx](?<![0-9A-Za-z].)(?:(?i:(?<=e)xt(?:ension|n)?\.?)[\s:#]{0,3}|(?<=[Xx]))"
    r"(?P<phi>[0-9]{4,6})(?![0-9A-Za-z%]|[/.-][0-9])"
)
# Fax: 617-555-0198, faxed to (617) 555-0198.
_FAX = re.compile(rf"[Ff](?i:ax(?:ed)?|acsimile)(?P<between>[^0-9(+]{{0,32}})(?P<phi>{_ANY})")
# 617-555-0198 (fax)
_FAX_BEHIND = re.compile(rf"(?P<phi>{_TEN_DIGITS})(?=\s{{0,3}}[(\[]?(?i:f|fax)[)\]])")

_LOCAL = r"\w.+%'*/=-"
_EMAIL = re.compile(
    rf"[{_LOCAL}](?<![{_LOCAL}].)[{_LOCAL}]{{0,127}}@\n?[A-Za-z0-9-]{{1,63}}"
    r"(?:\.\n?[A-Za-z0-9-]{1,63}){0,5}\.(?:[A-Za-z]{2,24}|\n(?:com|org|edu|net|gov))(?![A-Za-z0-9])"
)
# j.roe (at) example.org, j.roe @ example.org
_EMAIL_SPELLED = re.compile(
    r"[A-Za-z0-9](?<![\w.+-].)[\w.+-]{0,63}\s?(?:[(\[<{]\s?(?:at|AT|@)\s?[)\]>}]|@)\s?"
    r"[A-Za-z0-9-]{1,63}(?:(?:\.|\s?[(\[<{]\s?(?:dot|DOT)\s?[)\]>}]\s?)[A-Za-z0-9-]{1,63}){0,4}"
    r"(?:\.|\s?[(\[<{]\s?(?:dot|DOT)\s?[)\]>}]\s?)(?i:com|org|net|edu|gov|mil)(?![A-Za-z0-9])"
)
_IN_URL = r"[^\s<>\"]"
# What follows a sign at the end of a line belongs to the URL where it looks like the rest of one.
_URL_END = (
    rf"{_IN_URL}{{0,2000}}(?:(?<=[/=&?_-])\n(?=[\w.-]{{0,60}}[/=&?_0-9]){_IN_URL}{{1,500}})?"
    r"(?<![.,;:!?)\]}'])"
)
_URL = re.compile(rf"[HhFfWw](?i:(?<=h)ttps?://|(?<=f)tps?://|(?<=w)ww\.)(?=\w){_URL_END}")
_DOMAIN = re.compile(
    r"[A-Za-z0-9](?<![\w.@-].)[A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,5}"
    r"\.(?i:com|org|net|edu|gov|mil|nhs\.uk|ac\.uk|co\.uk|org\.uk)(?![A-Za-z0-9@-])"
    rf"(?:\.[a-z]{{2}}(?![A-Za-z]))?(?::[0-9]{{2,5}})?(?:[/?#]{_URL_END})?"
)
_IP4 = re.compile(
    r"[0-9](?<![0-9].)(?<![0-9]\..)[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])"
    r"(?::[0-9]{2,5}(?![0-9])|/[0-9]{1,2}(?![0-9]))?"
)
_IP6 = re.compile(
    r"(?P<address>[0-9A-Fa-f:](?<![0-9A-Za-z.].)[0-9A-Fa-f]{0,3}:[0-9A-Fa-f:]{1,34}"
    r"(?:\.[0-9]{1,3}){0,3}(?:(?<=[0-9A-Fa-f])|(?<=::)))"
    r"(?![0-9A-Za-z])(?:%[0-9A-Za-z]{1,16})?(?:/[0-9]{1,3}(?![0-9]))?"
)

# Seven or ten digits in a row after one of these are of the rules for identifiers.
_OTHER_NUMBER = re.compile(
    r"\b(?:mrn?|medical record|account|acct|ssn|social security|ndc|lot|serial|s/n|sn|npi|dea|"
    r"accession|specimen|policy|member|isbn|pmid|nct)\W{0,3}(?:number|no|num|id|is)?\W{0,4}$"
)
_RANGE_BEFORE = re.compile(
    r"(?:range|ref|reference|normal|norm|level|levels|value|values|between|from|limits?|of)"
    r"[\s:.,(=-]{0,4}$"
)
_VERSION = re.compile(r"(?:\bv|ver|version|rev|release|build|firmware|software|section)\W{0,3}$")
_ASKS_FOR_PHONE = re.compile(
    r"\b(?:tel|telephone|ph|phone|cell|mobile|pager|beeper|fax|call|contact|reach(?:ed)?|dial|"
    r"voicemail|home|work|office)\b[^0-9\n]{0,24}$"
)
# After a word that asks for a number, with few others between; or "call me on", "reached at".
_ASKED = (
    r"(?:(?<!(?i:ing|led|wer|ers|ach|hed|ial))\W{0,4}(?i:(?:number|no|is|at|on)\W{1,3}){0,3}"
    r"|(?<=[A-Za-z])\b[^0-9\n]{0,24}\s(?i:at|on)\s{1,3})"
)
# "from 10.0.81.6": before an address, even one that has a typing error.
_ADDRESS_CUE = re.compile(r"\b(?:ip|ip address|from|host|terminal|workstation)\W{1,3}$")
# Digits of a number abroad, with its country and without. ITU-T E.164: at most 15.
_FEWEST, _FEWEST_LOCAL, _MOST = 9, 7, 15
_NORTH_AMERICAN = re.compile(r"1?[2-9][0-9]{2}[2-9][0-9]{6}")


def _is_no_ten(match: "re.Match[str]") -> bool:
    before, after = text_before(match, 40), text_after(match, 8)
    if re.search(r"[().-]", match[0]) or _ASKS_FOR_PHONE.search(before):
        return False
    # Numbers between blanks alone may be the columns of a table.
    in_columns = re.search(r"(?<![0-9])[0-9]{1,4}\s+$", before) or re.match(r"\s+[0-9]", after)
    return bool(in_columns) or not _NORTH_AMERICAN.match(_digits(match[0]))


def _is_no_row(match: "re.Match[str]") -> bool:
    before = text_before(match, 40)
    if _OTHER_NUMBER.search(before):
        return True
    if _ASKS_FOR_PHONE.search(before):
        return False
    return before[-1:].isalpha() or not _NORTH_AMERICAN.fullmatch(_digits(match[0]))


def _is_no_seven(match: "re.Match[str]") -> bool:
    before = text_before(match, 40)
    if _OTHER_NUMBER.search(before) or is_amount(match):
        return True
    if _ASKS_FOR_PHONE.search(before):
        return False
    digits = _digits(match[0])
    round_numbers = digits.endswith("00") and digits[1:3] == "00"
    if "-" not in match[0] or round_numbers or before[-1:].isalpha():
        return True  # a count, a decimal fraction or a range
    return _RANGE_BEFORE.search(before) is not None


def _is_not_asked_for(match: "re.Match[str]") -> bool:
    return not _FEWEST_LOCAL <= len(_digits(match["phi"])) <= _MOST


def _is_no_international(match: "re.Match[str]") -> bool:
    return not _FEWEST <= len(_digits(match[0])) <= _MOST


def _is_no_extension(match: "re.Match[str]") -> bool:
    before = text_before(match, 60)
    if is_amount(match):
        return True
    # x1000 multiplies or magnifies.
    return match["phi"].endswith("00") and not _ASKS_FOR_PHONE.search(before)


def _is_no_fax(match: "re.Match[str]") -> bool:
    return re.search(r"(?i)phone|tel|cell|pager|call|\n\s*\n", match["between"]) is not None


def _is_no_ip4(match: "re.Match[str]") -> bool:
    before = text_before(match, 24)
    sure = _is_address(re.split("[:/]", match[0])[0]) or _ADDRESS_CUE.search(before)
    return not sure or _VERSION.search(before[-16:]) is not None


def _is_no_ip6(match: "re.Match[str]") -> bool:
    # A time is none, and "1::2" hardly: one group at least has three digits.
    address = match["address"]
    return not (re.search("[0-9A-Fa-f]{3}", address) and _is_address(address))


def _is_address(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True


def _digits(written: str) -> str:
    return re.sub(r"[^0-9]", "", written)


# What the cheap test for a rule looks for.
_CUES = (
    *("phone", "tel(?:ephone)?", "mobile", "cell", "fax", "contact", "call(?:ing|ed)?"),
    *("answer(?:ing|s)?", "reach(?:ed)?", "dial"),
)
_PAGERS = ("page", "beep", "bpr", "pgr", "bp")
_SITE = re.compile(r"\.(?i:com|org|net|edu|gov|mil|nhs\.uk|ac\.uk|co\.uk)(?![A-Za-z0-9@-])")
# Characters of a domain before its last part, and of a URL behind it.
_LONGEST_DOMAIN, _LONGEST_URL = 390, 2600

CONTACT_RULES: tuple[Rule, ...] = (
    SeekingRule("phone", "PHONE", _TEN, ("0000",), _is_no_ten, 0.9, before=60),
    Rule("phone_run_together", "PHONE", _ROW, ("0" * 10,), _is_no_row, 0.5, begins=True),
    SeekingRule("phone_seven", "PHONE", _SEVEN, ("0000",), _is_no_seven, 0.8, before=11),
    Rule(
        "phone_international",
        "PHONE",
        _INTERNATIONAL,
        needs=("+",),
        refuted=_is_no_international,
        score=0.9,
    ),
    after_cue(
        "phone_abroad", "PHONE", _CUES, _ASKED + _ABROAD_CUED, refuted=_is_not_asked_for, score=0.7
    ),
    SeekingRule(
        "phone_letters",
        "PHONE",
        _IN_LETTERS,
        anchor=re.compile(r"8(?=(?:00|88|77|66|55|44|33)\)?[-. ])"),
        before=3,
    ),
    CueRule("phone_pager", "PHONE", _PAGER, needs=_PAGERS, refuted=is_amount),
    CueRule("phone_extension", "PHONE", _EXTENSION, ("ext", "x"), _is_no_extension, 0.8),
    Rule("fax", "FAX", _FAX, needs=("fax", "facsimile"), refuted=_is_no_fax),
    Rule("fax_behind", "FAX", _FAX_BEHIND, needs=("fax)", "fax]", "(f)")),
    Rule("email", "EMAIL", _EMAIL, needs=("@",)),
    Rule("email_spelled", "EMAIL", _EMAIL_SPELLED, needs=("@", "at)", "at]", "at>", "at}")),
    Rule("url", "URL", _URL, needs=("://", "www.")),
    SeekingRule(
        "url_domain",
        "URL",
        _DOMAIN,
        score=0.9,
        anchor=_SITE,
        before=_LONGEST_DOMAIN,
        after=_LONGEST_URL,
    ),
    Rule("ip4", "IPADDR", _IP4, needs=(".0.", ".00.", ".000."), refuted=_is_no_ip4),
    SeekingRule(
        "ip6",
        "IPADDR",
        _IP6,
        refuted=_is_no_ip6,
        anchor=re.compile(":(?=[0-9A-Fa-f]{0,4}:)"),
        before=5,
    ),
)
