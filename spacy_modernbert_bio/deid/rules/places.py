"""Rules for addresses: streets, cities, states, ZIP codes, countries.

A city shows by its state, by the street before it, or by "lives in". No list of cities is read.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.place_names import PLACE_WORD, no_place
from spacy_modernbert_bio.deid.rules.places_home import HOME_RULES
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule
from spacy_modernbert_bio.deid.rules.words import COUNTRIES, NOT_NAMES

_STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii"
    "|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan"
    "|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)"
    "|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee"
    "|Texas|Utah|Vermont|(?:West )?Virginia|Washington(?:,? D\\.?C\\.?)?|Wisconsin|Wyoming"
    "|Puerto Rico"
)
_STATE_CODES = (
    r"A[KLRZ]|C[AOT]|D\.?C|DE|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY]"
)
_STATE = rf"(?:{_STATE_CODES}|{_STATE_NAMES}|{_STATE_NAMES.upper()})(?![A-Za-z])"
# Codes that after "word, " are hardly anything else: no degree, test, organ or small word.
_CLEAR_CODE = r"(?:A[KZ]|FL|GA|I[AL]|K[SY]|MN|N[CEHJMVY]|O[HK]|RI|T[NX]|UT|VT|W[AIVY])(?![A-Za-z_])"
_CITY = rf"(?:{PLACE_WORD}(?:[ \t]{PLACE_WORD}){{0,3}})"
# A city that nothing announces: its first letter, at a border, is what `re` skips to.
_FREE_CITY = rf"[A-Z](?<![^\W_].)(?:[tf]\.|[A-Za-zÀ-ÿ'’-]{{1,30}})(?:[ \t]{PLACE_WORD}){{0,3}}"
# In characters, with a margin; of a longer one the end is found.
_LONGEST_PLACE = 160
_STATE_ALONE = re.compile(_STATE)
_MEASURES = frozenset(
    (
        "mm",
        "cm",
        "mg",
        "mcg",
        "g",
        "gm",
        "kg",
        "ml",
        "cc",
        "units",
        "po",
        "iv",
        "lead",
        "ii",
        "iii",
        "vessel",
        "blocks",
        "times",
        "miles",
        "more",
    )
)
# Between a state and its ZIP code.
_TO_ZIP = r"\s{1,8}(?:-\s{1,3})?"
_ZIP = r"[0-9]{5}(?:\s?-\s{0,9}[0-9]{4})?(?![0-9A-Za-z]|[-.][0-9])"

_HOUSE_BEFORE = re.compile(r"[0-9][A-Za-z]?\s(?:[\w.'’-]{1,24}\s){1,4}$")
_COUNTRY_BEFORE = re.compile(r"\b(?i:from|in|to|visit(?:ed|ing)?|native of|of)\s{1,3}$")
_COUNTRY_AFTER = re.compile(r"\s{1,3}(?i:trip|travel(?:l?ed|s)?|native)\b")

_STREET_WORDS = (
    r"Street|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Terrace|Ter|Circle"
    r"|Cir|Way|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Trl|Turnpike|Tpke|Plaza|Alley|Crescent|Row"
    r"|Loop|Run|Path|Pike|St"
)
_SMALL_STREET_WORDS = (
    "street|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|court|ct|terrace|parkway|pkwy|highway"
)
_UNIT = (
    r"(?:,?(?:\s{1,3}(?i:apartment|apt|unit|suite|ste|floor|fl|room|rm|bldg|building)\.?\s?\#?"
    r"|[ \t]{1,2}\#\s?)(?:[A-Za-z]?-?[0-9]{1,5}-?[A-Za-z]?|[A-Za-z])\b)?"
)
# After an abbreviation: "12 Oak Rd.", but "12 Oak Road." ends a sentence.
_DOT = r"(?:(?<=[A-Za-z]{5})|(?<=[Rr]oad|[Ll]ane|[Ll]oop|[Pp]ath|[Pp]ike|ROAD|LANE)|\.?)"
_DIRECTION = r"(?:(?:[NSEW]{1,2}\.?|North|South|East|West|NORTH|SOUTH|EAST|WEST)\s)?"
_HOUSE = r"[0-9](?<![A-Za-z0-9/.:-].)[0-9]{0,5}(?:-[0-9]{1,4}|[A-Za-z]|\s?1/2)?"
_ORDINAL = r"[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH)"


def _no_street(match: "re.Match[str]") -> bool:
    """Whether the words before "street" are those of prose or of measures: "2 MM ST"."""
    words = re.split(r"[\s,.]+", match[0])[1:-1]
    return any(word.lower() in NOT_NAMES or word.lower() in _MEASURES for word in words)


def _no_street_in_capitals(match: "re.Match[str]") -> bool:
    """Whether it is prose in capitals; with small letters, or short, "5 MG Sq", an amount."""
    words = re.split(r"[\s,.]+", match[0])[1:-1]
    amount = words[0].lower() in _MEASURES
    return amount or (match[0].isupper() and _no_street(match))


def _no_street_before(match: "re.Match[str]") -> bool:
    """Whether no house number and name stand before the street word, or no city after it."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    return no_place(match) or not _HOUSE_BEFORE.search(before)


def is_state(written: str) -> bool:
    """Whether this is a state's name, or its two letters."""
    return bool(_STATE_ALONE.fullmatch(written))


def _no_city_of_state(match: "re.Match[str]") -> bool:
    """Also "Subscriber ID 12345": Idaho's ZIP codes begin with 83."""
    is_number = re.match(r"\s{1,2}ID\s{1,2}(?!83)[0-9]", match.string[match.end("phi") :][:12])
    return no_place(match) or is_number is not None


def _no_state(match: "re.Match[str]") -> bool:
    if match["state"] == "ID" and not match["phi"].startswith("83"):
        return True
    return not (is_state(match["state"]) or is_state(match["state"].title()))


def _no_country(match: "re.Match[str]") -> bool:
    """Whether no word says that somebody comes from there or was there: "Jordan", "China grove"."""
    before = match.string[max(0, match.start() - 16) : match.start()]
    after = match.string[match.end() : match.end() + 12]
    return not (_COUNTRY_BEFORE.search(before) or _COUNTRY_AFTER.match(after))


def _street(words: str, name: str) -> str:
    """A house number, `name` one to four times, and a street word."""
    return (
        rf"{_HOUSE}\s{{1,2}}{_DIRECTION}(?:(?:{name}|{_ORDINAL})\s{{1,3}}){{1,4}}(?:{words})\b{_DOT}"
        rf"(?:[ \t][NSEW]{{1,2}}\b)?{_UNIT}"
    )


PLACE_RULES: tuple[Rule, ...] = (
    Rule(
        "street",
        "STREET",
        re.compile(_street(f"{_STREET_WORDS}|{_STREET_WORDS.upper()}", "[A-Z][a-zA-Z'’.-]{0,24}")),
        refuted=_no_street_in_capitals,
    ),
    Rule(
        "street_small",
        "STREET",
        re.compile(_street(_SMALL_STREET_WORDS, "[a-z]{3,20}")),
        tuple(f" {word}" for word in _SMALL_STREET_WORDS.split("|")),
        _no_street,
        0.8,
    ),
    Rule(
        "po_box",
        "STREET",
        re.compile(r"[Pp](?<![^\W_].)(?i:\.?\s?o\.?\s?box|ost office box)\s?#?\s?[0-9]{1,6}"),
        ("box",),
    ),
    # "4567 Highway 20 W", "RR 2 Box 14", "Apt 4B" alone.
    SeekingRule(
        "street_number",
        "STREET",
        re.compile(
            rf"{_HOUSE}\s{{1,2}}(?:(?:US|State|County)\s)?(?:Highway|Hwy\.?|Route|Rte\.?|Road)\s[0-9]{{1,4}}"
            r"(?:\s[NSEW]\b)?(?![0-9/])"
        ),
        (" highway 0", " hwy 0", " hwy. 0", " route 0", " rte 0", " rte. 0", " road 0"),
        before=24,
    ),
    after_cue(
        "rural_route", "STREET", ("rr", "hc"), r"\s#?(?P<phi>[0-9]{1,3},?\s(?i:box)\s[0-9]{1,5})\b"
    ),
    after_cue(
        "apartment",
        "STREET",
        ("apt", "apartment"),
        r"\.?\s?\#?(?P<phi>[0-9]{1,4}-?[A-Za-z]?|[A-Z]-?[0-9]{1,4})(?![0-9A-Za-z]|\s?(?:hours|days))",
        score=0.8,
    ),
    after_cue(
        "zip_cue", "ZIP", (r"zip(?:\s?code)?", "postal code"), rf"[\s:#=]{{0,4}}(?P<phi>{_ZIP})"
    ),
    SeekingRule(
        name="zip_state",
        label="ZIP",
        pattern=re.compile(
            r"(?P<state>[A-Z](?<![A-Za-z].)(?:[A-Z]|\.C\.|[a-z]{2,12}(?: [A-Z][a-z]{3,12})?"
            r"|[A-Z]{3,12}(?: [A-Z]{4,12})?))"
            rf"(?:\.?,)?{_TO_ZIP}(?P<phi>{_ZIP})"
        ),
        refuted=_no_state,
        needs=(" 00000",),
        before=40,
    ),
    # Five digits and four, wherever: not NDC, which has two hyphens.
    Rule(
        "zip_plus_four",
        "ZIP",
        re.compile(r"[0-9](?<![A-Za-z0-9.-].)[0-9]{4}-[0-9]{4}(?![0-9A-Za-z]|[-.][0-9])"),
        ("00000-0000",),
        score=0.8,
        begins=True,
    ),
    SeekingRule(
        name="city_state",
        label="CITY",
        pattern=re.compile(
            rf"(?P<phi>{_FREE_CITY})(?:,?\s{{1,2}}{_STATE}(?=,?{_TO_ZIP}[0-9]{{5}}(?![0-9]))"
            rf"|,\s{{1,2}}(?:{_CLEAR_CODE}|(?:{_STATE_NAMES})(?![A-Za-z])))"
        ),
        refuted=_no_city_of_state,
        needs=(" 00000",),
        anchor=re.compile(rf",(?=\s{{1,2}}[A-Z])(?=\s{{1,2}}{_STATE})"),
        before=_LONGEST_PLACE,
    ),
    # Codes that are degrees or tests too: "from Boston, MA".
    SeekingRule(
        name="city_of",
        label="CITY",
        pattern=re.compile(
            r"[IiFfTtNnAaOo](?<![A-Za-z].)(?:n|rom|o|ear|t|f)"
            rf"\s{{1,2}}(?P<phi>{_CITY}),\s{{1,2}}(?:{_STATE_CODES})(?![A-Za-z])"
        ),
        refuted=no_place,
        anchor=re.compile(rf",\s{{1,2}}(?:{_STATE_CODES})(?![A-Za-z])"),
        before=_LONGEST_PLACE,
    ),
    # After a comma that a city stands before.
    Rule(
        "state",
        "STATE",
        re.compile(
            rf",(?=\s{{0,2}}[A-Z])(?<=[A-Za-z],)\s{{0,2}}(?P<phi>{_STATE})(?=,?{_TO_ZIP}[0-9]{{5}}\b)"
        ),
        ("00000",),
    ),
    Rule(
        "state_name",
        "STATE",
        re.compile(
            rf",(?=\s{{1,2}}[A-Z])(?<=[a-z],)\s{{1,2}}(?P<phi>(?:{_STATE_NAMES}|{_CLEAR_CODE})(?![A-Za-z_]))"
        ),
    ),
    *HOME_RULES,
    # "12 Oak St., Boston": a city that ends a line, a clause or the address.
    after_cue(
        "city_after_street",
        "CITY",
        tuple(word.lower() for word in _STREET_WORDS.split("|")),
        rf"\b\.?{_UNIT},\s{{1,3}}(?P<phi>(?!(?i:apt|unit|suite|ste|floor|room)\b){_CITY})"
        r"(?=\s?(?:[,.;)\n]|\Z))",
        refuted=_no_street_before,
        score=0.8,
    ),
    # "from Peru", "Peru travel": where one came from, or was.
    CueRule(
        "country",
        "COUNTRY",
        re.compile(
            rf"(?<![^\W_])(?:{'|'.join(sorted(COUNTRIES, key=len, reverse=True))})"
            "(?![A-Za-z]|['’-][a-z])"
        ),
        tuple(sorted({country.lower() for country in COUNTRIES})),
        _no_country,
        0.8,
    ),
)
