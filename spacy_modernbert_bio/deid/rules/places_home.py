"""Rules for cities in sentences: "lives in Springfield", "works as a welder in Modesto"."""

import re

from spacy_modernbert_bio.deid.rules.cues import after_cue
from spacy_modernbert_bio.deid.rules.place_names import TITLED_PLACE, no_place_or_country
from spacy_modernbert_bio.deid.rules.rule import CueRule, Rule
from spacy_modernbert_bio.deid.rules.words import DWELLINGS, NO_CITIES, SERVICES

_ENDS = r"(?=\s?[.,;)\n]|\Z|\s(?:alone|and|at|but|for|since|to|today|until|when|while|who|with)\b)"
_WITH = (
    r"\s(?:(?:here|alone|independently|currently|family|friends|(?:in|over)(?=\sfrom)"
    r"|with\s(?:(?:his|her|their|a|the)\s)?[a-z-]{3,14}(?:\sand\s[a-z-]{3,14})?)\s)?"
)
_SMALL_CITY = (
    r"(?:(?:san|santa|los|las|new|fort|ft\.?|st\.?|el|north|south|east|west|mt\.?|port|palm|long"
    r"|grand|des|baton|la) )?[a-z][a-z'-]{2,20}"
    r"(?: (?:city|beach|falls|springs|heights|park|rapids))?"
)
_LIVES = ("lives?", "lived", "living", "reside[sd]?", "residing", "born", "raised")
# "an increase in Lasix", "rise in Cr"
_CHANGE = re.compile(
    r"(?:changes?|increase[sd]?|decrease[sd]?|reductions?|differences?|improvements?|rise|drop|interest"
    r"(?:ed)?|written|reads?|fluent|speaks?|spoken|dressed|wrapped|soaked|placed|dissolved|mixed)\s$"
)


def _no_city(match: "re.Match[str]") -> bool:
    """Also a service, a posture, a language; what increases or is dissolved."""
    words = match["phi"].lower().split()
    return (
        no_place_or_country(match)
        or any(word in NO_CITIES or word in SERVICES for word in words)
        or match["phi"].endswith(("'s", "’s", "ology", "iatry", "ics", "surgery"))
        or _CHANGE.search(match.string[max(0, match.start() - 16) : match.start()]) is not None
    )


def _no_small_city(match: "re.Match[str]") -> bool:
    """Also the kind of a home: "lives in senior housing"."""
    words = match["phi"].lower().split()
    return any(word in DWELLINGS for word in words) or _no_city(match)


HOME_RULES: tuple[Rule, ...] = (
    # "lives with his wife in Springfield", "flew from New Delhi".
    after_cue(
        "home",
        "LOCATION",
        (
            *_LIVES,
            *("moved", "immigrated", "emigrated", "travel(?:ed|led|ing|ling|s)?", "flew", "drove"),
            *("native", "resident", "originally", "visiting", "vacation(?:ing)?"),
        ),
        rf"{_WITH}(?:in|to|from|at|near|of|outside)\s(?P<phi>{TITLED_PLACE})",
        refuted=no_place_or_country,
        score=0.8,
    ),
    # "LIVES IN SPRINGFIELD", "pt lives in boston".
    after_cue(
        "home_any_case",
        "LOCATION",
        _LIVES,
        rf"(?i:{_WITH}(?:in|near)\s(?P<phi>{_SMALL_CITY}){_ENDS})",
        refuted=_no_small_city,
        score=0.6,
    ),
    # "next visit 3/14 in Scranton": a capital in mid-sentence, where a clause ends behind it.
    CueRule(
        "in_city",
        "LOCATION",
        re.compile(rf"[Ii](?<=[a-z0-9,)]\s.)n\s{{1,2}}(?P<phi>{TITLED_PLACE}){_ENDS}"),
        ("in",),
        _no_city,
        0.5,
    ),
)
