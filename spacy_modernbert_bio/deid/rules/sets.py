"""The sets of rules by name, each read when it is asked for.

Their patterns take a second or two to compile, and spaCy imports every registered component at
every start, whatever the pipeline holds.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Literal, get_args

from spacy_modernbert_bio.deid.rules.rule import Rule

RuleSet = Literal["dates", "contacts", "identifiers", "people_places"]
RULE_SETS: tuple[RuleSet, ...] = get_args(RuleSet)
_NAMES: Mapping[RuleSet, str] = {
    "dates": "DATE_RULES",
    "contacts": "CONTACT_RULES",
    "identifiers": "IDENTIFIER_RULES",
    "people_places": "PEOPLE_PLACE_RULES",
}


def load_rules(sets: Iterable[RuleSet] = RULE_SETS) -> tuple[Rule, ...]:
    """The rules of some sets, or of all, in the order of the sets."""
    package = __name__.rpartition(".")[0]
    found = (getattr(import_module(f"{package}.{name}"), _NAMES[name]) for name in sets)
    return tuple(rule for rules in found for rule in rules)
