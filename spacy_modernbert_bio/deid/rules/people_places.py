"""The rules for who and where: names, ages, addresses, hospitals, rooms."""

from spacy_modernbert_bio.deid.rules.ages import AGE_RULES
from spacy_modernbert_bio.deid.rules.cue_table import with_cue_table
from spacy_modernbert_bio.deid.rules.people import PEOPLE_RULES
from spacy_modernbert_bio.deid.rules.places import PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule

PEOPLE_PLACE_RULES: tuple[Rule, ...] = with_cue_table(
    "cues_people_places", "NAME", (*PEOPLE_RULES, *AGE_RULES, *PLACE_RULES)
)
