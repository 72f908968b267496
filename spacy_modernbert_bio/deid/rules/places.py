"""Rules for places: streets, cities, states, ZIP codes, hospitals, rooms.

A city shows by its state, or by "lives in" before it; a hospital by the word that ends its name. No
list of cities is read.
"""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.rule import Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule
from spacy_modernbert_bio.deid.rules.words import GENERIC_PLACES, NOT_NAMES

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
_STATE = rf"(?:{_STATE_CODES}|{_STATE_NAMES})(?![A-Za-z])"
# Codes that after "word, " are hardly anything else: no degree, test, organ or small word.
_CLEAR_CODE = r"(?:A[KZ]|FL|GA|I[AL]|K[SY]|MN|N[CEHJMVY]|O[HK]|RI|T[NX]|UT|VT|W[AIVY])(?![A-Za-z_])"
_WORD = r"(?:[A-Z][A-Za-zÀ-ÿ'’-]{1,30}|(?:St|Ft|Mt)\.)"
_CITY = rf"(?:{_WORD}(?:[ \t]{_WORD}){{0,3}})"
# A city that nothing announces: its first letter, at a border, is what `re` skips to.
_FREE_CITY = rf"[A-Z](?<![^\W_].)(?:[tf]\.|[A-Za-zÀ-ÿ'’-]{{1,30}})(?:[ \t]{_WORD}){{0,3}}"
# In characters, with a margin; of a longer one the end is found.
_LONGEST_PLACE = 160
_TITLED_WORD = r"[A-Z][a-zÀ-ÿ'’]{1,24}(?:-[A-Za-zÀ-ÿ'’]{2,24})?"
_TITLED_PLACE = rf"(?:(?:St|Ft|Mt)\. )?{_TITLED_WORD}(?:[ \t](?:of )?{_TITLED_WORD}){{0,3}}"
_STATE_ALONE = re.compile(_STATE)
# Names of people too, so that they are not in NOT_NAMES.
_MONTHS = frozenset(("april", "may", "june", "august"))
_MEASURES = frozenset(
    ("mm", "cm", "lead", "ii", "iii", "vessel", "blocks", "times", "miles", "more")
)
_ZIP = r"[0-9]{5}(?:\s?-\s{0,9}[0-9]{4})?(?![0-9A-Za-z]|[-.][0-9])"

_STREET_WORDS = (
    r"Street|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Terrace|Ter|Circle"
    r"|Cir|Way|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Trl|Turnpike|Tpke|Plaza|Alley|Crescent|Row"
    r"|Loop|Run|Path|Pike|St"
)
_UNIT = (
    r"(?:,?\s{1,3}(?i:apartment|apt|unit|suite|ste|floor|fl|room|rm|bldg|building|\#)\.?\s?\#?"
    r"[A-Za-z0-9-]{1,6}\b)?"
)
_DIRECTION = r"(?:(?:[NSEW]{1,2}\.?|North|South|East|West|NORTH|SOUTH|EAST|WEST)\s)?"
_HOUSE = r"[0-9](?<![A-Za-z0-9/.:-].)[0-9]{0,5}(?:-[0-9]{1,4}|[A-Za-z]|\s?1/2)?"
_ORDINAL = r"[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH)"

_HOSPITAL_WORDS = (
    r"Hospitals?|Hosp\.?|Medical (?:Center|Centre|Clinic|Group|Associates)"
    r"|Med(?:ical|\.)? C(?:en)?te?r\.?|Clinics?|Infirmary|Hospice|Sanatorium|VAMC"
    r"|Nursing (?:Home|Facility|Center)|Convalescent (?:Home|Center)|Healthcare"
    r"|Health(?:care)? (?:Cent(?:er|re)|System|Services)"
    r"|Rehab(?:ilitation)?(?: (?:Center|Hospital))?|Assisted Living|Retirement (?:Home|Community)"
    r"|(?:Cancer|Heart|Surgery|Surgical|Dialysis|Care|Trauma|Wellness) (?:Center|Institute)"
)


def _no_place(match: "re.Match[str]") -> bool:
    words = [word.lower() for word in re.split(r"[\s,]+", match["phi"])]
    return any(word in _MONTHS or (word in NOT_NAMES and word != "new") for word in words)


def _no_street(match: "re.Match[str]") -> bool:
    """Whether the words before "street" are those of prose or of measures: "2 MM ST"."""
    words = re.split(r"[\s,.]+", match[0])[1:-1]
    return any(word.lower() in NOT_NAMES or word.lower() in _MEASURES for word in words)


def is_state(written: str) -> bool:
    """Whether this is a state's name, or its two letters."""
    return bool(_STATE_ALONE.fullmatch(written))


def _no_state(match: "re.Match[str]") -> bool:
    return not is_state(match["state"])


def _names_no_hospital(match: "re.Match[str]") -> bool:
    """Whether what stands before "Hospital" are only words that any of them may have."""
    words = re.split(r"[\s&]+", match["name"])
    return all(word.lower().rstrip(".") in GENERIC_PLACES for word in words)


def _street(words: str, name: str) -> str:
    """A house number, `name` one to four times, and a street word."""
    return (
        rf"{_HOUSE}\s{{1,2}}{_DIRECTION}(?:(?:{name}|{_ORDINAL})\s{{1,3}}){{1,4}}(?:{words})\b\.?"
        rf"(?:\s[NSEW]{{1,2}}\b)?{_UNIT}"
    )


_ADDRESSES = (
    Rule("street", "STREET", re.compile(_street(_STREET_WORDS, "[A-Z][a-zA-Z'’.-]{0,24}"))),
    Rule(
        "street_capitals",
        "STREET",
        re.compile(_street(_STREET_WORDS.upper(), "[A-Z][A-Z'’.-]{1,24}")),
        refuted=_no_street,
    ),
    Rule(
        "street_small",
        "STREET",
        re.compile(_street("street|avenue|road|boulevard|lane|drive", "[a-z]{3,20}")),
        ("street", "avenue", "road", "boulevard", "lane", "drive"),
        _no_street,
        0.8,
    ),
    Rule(
        "po_box",
        "STREET",
        re.compile(r"[Pp](?<![^\W_].)(?i:\.?\s?o\.?\s?box|ost office box)\s?#?\s?[0-9]{1,6}"),
        ("box",),
    ),
    after_cue(
        "zip_cue", "ZIP", (r"zip(?:\s?code)?", "postal code"), rf"[\s:#=]{{0,4}}(?P<phi>{_ZIP})"
    ),
    SeekingRule(
        name="zip_state",
        label="ZIP",
        pattern=re.compile(
            r"(?P<state>[A-Z](?<![A-Za-z].)(?:[A-Z]|\.C\.|[a-z]{3,12}(?: [A-Z][a-z]{3,12})?))"
            rf"(?:\.?,)?\s{{1,8}}(?P<phi>{_ZIP})"
        ),
        refuted=_no_state,
        anchor=re.compile(r"[0-9](?<=\s.)[0-9]{4}(?![0-9A-Za-z])"),
        before=40,
    ),
    # Five digits and four, wherever: not NDC, which has two hyphens.
    Rule(
        "zip_plus_four",
        "ZIP",
        re.compile(r"[0-9](?<![A-Za-z0-9.-].)[0-9]{4}-[0-9]{4}(?![0-9A-Za-z]|[-.][0-9])"),
        score=0.8,
    ),
    SeekingRule(
        name="city_state",
        label="CITY",
        pattern=re.compile(
            rf"(?P<phi>{_FREE_CITY})(?:,?\s{{1,2}}{_STATE}(?=,?\s{{1,8}}[0-9]{{5}})"
            rf"|,\s{{1,2}}(?:{_CLEAR_CODE}|(?:{_STATE_NAMES})(?![A-Za-z])))"
        ),
        refuted=_no_place,
        anchor=re.compile(
            rf"[0-9,](?:(?<=,)\s{{1,2}}{_STATE}|(?<=\s[0-9])[0-9]{{4}}(?![0-9A-Za-z]))"
        ),
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
        refuted=_no_place,
        anchor=re.compile(rf",\s{{1,2}}(?:{_STATE_CODES})(?![A-Za-z])"),
        before=_LONGEST_PLACE,
    ),
    # After a comma that a city stands before.
    Rule(
        "state",
        "STATE",
        re.compile(rf",(?<=[A-Za-z],)\s{{0,2}}(?P<phi>{_STATE})(?=,?\s{{1,8}}[0-9]{{5}}\b)"),
    ),
    Rule(
        "state_name",
        "STATE",
        re.compile(rf",(?<=[a-z],)\s{{1,2}}(?P<phi>(?:{_STATE_NAMES}|{_CLEAR_CODE})(?![A-Za-z_]))"),
    ),
    # "lives in Springfield", "flew from New Delhi".
    after_cue(
        "home",
        "LOCATION",
        (
            *("lives?", "lived", "living", "reside[sd]?", "residing", "born", "raised", "moved"),
            *("immigrated", "emigrated", "travel(?:ed|led|ing|ling|s)?", "flew", "drove"),
            *("native", "resident", "originally", "visiting", "vacation(?:ing)?"),
        ),
        rf"\s(?:here\s)?(?:in|to|from|at|near|of|outside)\s(?P<phi>{_TITLED_PLACE})",
        refuted=_no_place,
        score=0.8,
    ),
)

_CARE = (
    SeekingRule(
        name="hospital",
        label="HOSPITAL",
        pattern=re.compile(
            rf"(?P<phi>(?P<name>[A-Z](?<![^\W_].)(?:[A-Za-zÀ-ÿ'’-]{{1,30}}|[tf]\.)"
            rf"(?:[ \t]{{1,2}}(?:(?:of|and|the|for|&)[ \t]){{0,2}}{_WORD}){{0,4}}?)\s{{1,3}}"
            rf"(?i:(?:{_HOSPITAL_WORDS})(?![^\W_]))"
            rf"(?:\s(?:of|at|in)\s(?:the\s)?{_TITLED_PLACE})?)"
        ),
        needs=(
            *(
                "hosp",
                "clinic",
                "medical c",
                "medical g",
                "medical a",
                "med c",
                "med. c",
                "infirmary",
            ),
            *("sanatorium", "nursing", "convalescent", "healthcare", "health c", "health s"),
            *("rehab", "center", "institute", "living", "retirement", "vamc"),
        ),
        refuted=_names_no_hospital,
        before=_LONGEST_PLACE,
    ),
    # "at St. Vincent's", "from Mt. Sinai": elsewhere these begin a disease or a herb.
    SeekingRule(
        name="hospital_saint",
        label="HOSPITAL",
        pattern=re.compile(
            r"[AaFfTtNn](?<![A-Za-z].)(?:t|rom|o|ear)"
            r"\s(?P<phi>(?:St\.?|Saint|Mt\.?|Mount)\s[A-Z][a-z]{2,20}(?:['’]s)?)"
        ),
        anchor=re.compile(r"[SM](?=(?:t\.?|aint|ount)\s[A-Z])"),
        before=8,
    ),
    # "treated at Cedars-Sinai", "transferred from Mount Auburn".
    after_cue(
        "seen_at",
        "HOSPITAL",
        (
            *(
                "treated",
                "seen",
                "admitted",
                "evaluated",
                "transferred",
                "hospitalized",
                "operated",
            ),
            *("observed", "visit", "followed", "surgery", "reviewed"),
        ),
        rf"\s(?:at|to|from)\s(?:our\s|the\s)?(?P<phi>{_TITLED_PLACE})",
        refuted=_no_place,
        score=0.8,
    ),
    # "Hospital of the University of Chicago".
    Rule(
        "hospital_of",
        "HOSPITAL",
        re.compile(
            rf"(?:Hospital|University|Clinic|College|Hospice) (?:of|for) (?:the )?{_TITLED_PLACE}"
        ),
        ("hospital of", "university of", "clinic of", "college of", "hospital for", "hospice of"),
    ),
    after_cue(
        "room",
        "ROOM",
        ("room", "rm", "bed", "ward", "bay", "suite"),
        r"(?i:\.?\s?(?:no\.?|number|#)?[\s:#]{0,2}(?P<phi>(?:[a-z]{1,2}-?)?[0-9]{1,4}"
        r"(?:-?[a-z]\b|-[0-9]{1,3})?)(?![0-9a-z/.%°]|\s?(?:x\b|times|hours?|hrs?|days?|weeks?|wks?"
        r"|months?|minutes?|mins?|degrees?|l\b|liters?|lpm|percent|pillows?|nights?|-\s?[0-9])))",
    ),
)

PLACE_RULES: tuple[Rule, ...] = (*_ADDRESSES, *_CARE)
