"""Rules for places of care: hospitals by the word that ends their name, rooms and beds."""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.places import PLACE_WORD, TITLED_PLACE, no_place_or_country
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule
from spacy_modernbert_bio.deid.rules.words import FUNCTION_WORDS, GENERIC_PLACES, VERBS

# In characters, with a margin; of a longer one the end is found.
_LONGEST_PLACE = 160
_BEFORE_NAMES = frozenset(
    ("back", "brief", "call", "discharged", "found", "old", "see", "transferred", "transported")
)
# No part of a name, but before one: "CAME TO MERCY HOSPITAL", "Call Levy Hospital".
_OUTSIDE = "|".join(
    sorted(
        (FUNCTION_WORDS | VERBS | _BEFORE_NAMES) - {"a", "i", "no", "on", "and", "for", "of", "the"}
    )
)
_INSIDE = rf"(?!(?i:{_OUTSIDE})(?![^\W_]))"
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


CARE_RULES: tuple[Rule, ...] = (
    SeekingRule(
        name="hospital",
        label="HOSPITAL",
        pattern=re.compile(
            rf"(?P<phi>(?P<name>[A-Z](?<![^\W_].)(?<=(?={_INSIDE}).)"
            rf"(?:[A-Za-zÀ-ÿ'’-]{{1,30}}|[tfTF]\.)"
            rf"(?:(?:[ \t]{{1,2}}|(?<=[tT]\.)\n|\n(?={_KINDS}))(?:(?:of|and|the|for|&)[ \t]){{0,2}}"
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
    # "Hospital of the University of Chicago".
    CueRule(
        "hospital_of",
        "HOSPITAL",
        re.compile(
            rf"(?:Hospital|University|Clinic|College|Hospice) (?:of|for) (?:the )?{TITLED_PLACE}"
        ),
        ("hospital", "university", "clinic", "college", "hospice"),
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
