"""The rules for who and where: names, ages, addresses, hospitals, rooms."""

from spacy_modernbert_bio.deid.rules.ages import AGE_RULES
from spacy_modernbert_bio.deid.rules.care_places import CARE_RULES
from spacy_modernbert_bio.deid.rules.people import PEOPLE_RULES
from spacy_modernbert_bio.deid.rules.places import PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule

PEOPLE_PLACE_RULES: tuple[Rule, ...] = (*PEOPLE_RULES, *AGE_RULES, *PLACE_RULES, *CARE_RULES)
