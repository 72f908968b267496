"""Rules for places of care: hospitals by the word that ends their name, rooms and beds."""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.place_names import (
    PLACE_WORD,
    TITLED_PLACE,
    no_place_or_country,
)
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule
from spacy_modernbert_bio.deid.rules.tries import any_word
from spacy_modernbert_bio.deid.rules.words import (
    FUNCTION_WORDS,
    GENERIC_PLACES,
    SERVICES,
    SMALL_WORDS,
    VERBS,
)

# In characters, with a margin; of a longer one the end is found.
_LONGEST_PLACE = 160
_BEFORE_NAMES = frozenset(
    ("back", "brief", "call", "discharged", "found", "old", "see", "transferred", "transported")
)
# No part of a name, but before one: "CAME TO MERCY HOSPITAL", "Call Levy Hospital".
_OUTSIDE = (FUNCTION_WORDS | VERBS | _BEFORE_NAMES) - {
    *("a", "i", "no", "on", "and", "for", "of", "the"),
}
_INSIDE = "(?!" + any_word(sorted(_OUTSIDE), r"(?![^\W_])") + ")"
# In small letters before "hospital".
_KINDS_OF_HOSPITAL = frozenset(
    ("acute", "inpatient", "mental", "outlying", "partial", "psych", "rehab", "small", "teaching")
)
_UNITS = SERVICES.union(
    ("acls", "bid", "ccu", "cdu", "ciccu", "csicu", "cvicu", "dme", "edou", "hdu", "ltac"),
    ("ltach", "mdicu", "msicu", "nicu", "osh", "pacu", "pcu", "pod", "prn", "sdu", "snf", "tcu"),
)
# Words in the names of many.
_KINDS = "(?:Community|General|Medical|Memorial|Regional|University|Veterans)"
_HOSPITAL_WORDS = (
    r"Hospitals?|Hosp\.?|Medical\s{1,3}(?:Center|Centre|Clinic|Group|Associates)"
    r"|Med(?:ical|\.)?\s{1,3}C(?:en)?te?r\.?|Clinics?|Infirmary|Hospice|Sanatorium|VAMC|Institute"
    r"|Nursing\s{1,3}(?:Home|Facility|Center)|Convalescent\s{1,3}(?:Home|Center)|Healthcare"
    r"|Health(?:care)?\s{1,3}(?:Cent(?:er|re)|System|Services)"
    r"|Rehab(?:ilitation)?(?:\s{1,3}(?:Center|Hospital))?|Assisted\s{1,3}Living|Retirement\s{1,3}(?:Home|Community)"
    r"|(?:Cancer|Heart|Surgery|Surgical|Dialysis|Care|Trauma|Wellness)\s{1,3}(?:Center|Institute)"
)


def _names_no_hospital(match: "re.Match[str]") -> bool:
    """Whether what stands before "Hospital" are only words that any of them may have."""
    words = re.split(r"[\s&]+", match["name"])
    return all(word.lower().rstrip(".") in GENERIC_PLACES for word in words)


def _no_small_hospital(match: "re.Match[str]") -> bool:
    """Whether the name begins with a word that any may have: "to outside hospital"."""
    first = match["name"].split()[0]
    return first in GENERIC_PLACES or first in SMALL_WORDS or first in _KINDS_OF_HOSPITAL


def _no_initials(match: "re.Match[str]") -> bool:
    """Whether it is a unit, or prose in capitals."""
    return match["phi"].lower() in _UNITS or match[0][:3].isupper()


CARE_RULES: tuple[Rule, ...] = (
    SeekingRule(
        name="hospital",
        label="HOSPITAL",
        pattern=re.compile(
            rf"(?P<phi>(?P<name>[A-Z](?<![^\W_].)(?<=(?={_INSIDE}).)"
            rf"(?:[A-Za-zÀ-ÿ'’-]{{1,30}}|[tfTF]\.(?:(?=[A-Z][a-z]){PLACE_WORD})?)"
            rf"(?:(?:[ \t]{{1,2}}|(?<=San|New|Los|Las)\n|(?<=[tT]\.)\n|\n(?={_KINDS}))"
            rf"(?:(?:of|and|the|for|&)[ \t]){{0,2}}"
            rf"{_INSIDE}{PLACE_WORD}){{0,4}}?)\s{{1,3}}"
            rf"(?i:(?:{_HOSPITAL_WORDS})(?![^\W_]))"
            rf"(?:\s(?:of|at|in)\s(?:the\s)?{TITLED_PLACE})?)"
        ),
        needs=(
            *("hosp", "clinic", "medical c", "medical g", "medical a", "med c", "med. c"),
            *("sanatorium", "nursing", "convalescent", "healthcare", "health c", "health s"),
            *("rehab", "center", "institute", "living", "retirement", "vamc", "infirmary"),
            *("surgery c", "surgical c"),
        ),
        refuted=_names_no_hospital,
        before=_LONGEST_PLACE,
        # A name and, where the word sought is the second, one of kind: "Elm health center".
        glance=re.compile(r"[A-Z][\w'’.-]{0,30}\s{1,3}(?:[a-z]{3,12}\s{1,3})?$"),
    ),
    # "at St. Vincent's", "from Mt. Sinai": elsewhere these begin a disease or a herb.
    CueRule(
        name="hospital_saint",
        label="HOSPITAL",
        pattern=re.compile(
            r"[SM](?:(?<=\b[Aa]t\s.)|(?<=\b[Ff]rom\s.)|(?<=\b[Tt]o\s.)|(?<=\b[Nn]ear\s.))"
            r"(?:t\.?|aint|ount)\s[A-Z][a-z]{2,20}(?:['’]s)?"
        ),
        needs=("st", "saint", "mt", "mount"),
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
        rf"\s(?:at|to|from)\s(?:our\s|the\s)?(?P<phi>{TITLED_PLACE})",
        refuted=no_place_or_country,
        score=0.8,
    ),
    # "admitted to MGH", in small letters before it.
    after_cue(
        "seen_at_initials",
        "HOSPITAL",
        ("treated", "seen", "admitted", "transferred", "hospitalized", "presented", "referred"),
        r"\s(?:at|to|from)\s(?:the\s)?(?P<phi>[A-Z]{3,6})(?![\w-]|\s[A-Z])",
        refuted=_no_initials,
        score=0.6,
    ),
    # "admitted to mercy hospital"
    SeekingRule(
        name="hospital_small",
        label="HOSPITAL",
        pattern=re.compile(
            r"[taf](?<![^\W_].)(?:(?<=t)o|(?<=a)t|(?<=f)rom)\s{1,2}(?P<phi>(?P<name>(?:st\.? )?"
            r"[a-z][a-z'’-]{1,20}(?: [a-z][a-z'’-]{1,20}){0,2})"
            r" (?:hospital|med(?:ical)? (?:center|ctr)))\b"
        ),
        needs=(" hospital", " medical cen", " med c"),
        refuted=_no_small_hospital,
        score=0.7,
        before=60,
        glance=re.compile(r"(?:to|at|from)\s{1,2}[a-z][a-z.'’ -]{2,40}$"),
    ),
    # "Hospital of the University of Chicago".
    CueRule(
        "hospital_of",
        "HOSPITAL",
        re.compile(
            rf"(?:Hospital|University|Clinic|College|Hospice) (?:of|for) (?:the )?{TITLED_PLACE}"
        ),
        ("hospital", "university", "clinic", "college", "hospice"),
    ),
    # "Room/Bed: 412/2", "to East Tower 5 (7-15)".
    after_cue(
        "room_and_bed",
        "ROOM",
        ("room/bed", "rm/bed", "bed/room"),
        r"[\s:#]{1,4}(?P<phi>[A-Za-z]?[0-9]{1,4}[A-Za-z]?(?:\s?[/-]\s?[0-9A-Za-z]{1,3})?)\b",
    ),
    after_cue(
        "room_of_building",
        "ROOM",
        ("building", "tower", "pavilion", "wing"),
        r"(?:\s[0-9]{1,2})?\s\((?P<phi>[A-Za-z]?[0-9]{1,4}(?:-[0-9]{1,3})?[A-Za-z]?)\)",
        score=0.8,
    ),
    # Where a shift's summary begins: a patient, a room, a doctor.
    after_cue(
        "room_in_header",
        "ROOM",
        ("patient", "pt"),
        r":[ \t]{0,3}[^\n,:]{3,50},\s(?P<phi>[A-Za-z]?[0-9]{1,4}(?:-[0-9]{1,3})?[A-Za-z]?)"
        r"(?=,\s(?i:dr|attending|md|pcp)\b)",
    ),
    after_cue(
        "room",
        "ROOM",
        ("room", "rm", "bed", "ward", "bay", "suite"),
        r"(?i:(?:\.?[ \t]?|\s)(?:no\.?|number|#)?[ \t:#]{0,2}(?P<phi>(?:[a-z]{1,2}-?)?[0-9]{1,4}"
        r"(?:-?[a-z]\b|-[0-9]{1,3})?)(?![0-9a-z/.%°]|\s?(?:x\b|times|hours?|hrs?|days?|weeks?|wks?"
        r"|months?|minutes?|mins?|degrees?|l\b|liters?|lpm|percent|pillows?|nights?|-\s?[0-9])))",
    ),
)
