import pytest

from spacy_modernbert_bio.deid.labels import (
    CATEGORIES,
    LABELS,
    NOT_SAFE_HARBOR,
    SAFE_HARBOR,
    category_of,
)
from spacy_modernbert_bio.deid.rules.contacts import CONTACT_RULES
from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.identifiers import IDENTIFIER_RULES
from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.errors import PolicyError

RULES = (*DATE_RULES, *CONTACT_RULES, *IDENTIFIER_RULES, *PEOPLE_PLACE_RULES)
# The number of one of the 18 identifiers: one of its kind as notes write it, between bars.
WRITTEN = {
    1: "seen by Dr. |Harriet Lindqvist|, MD",
    2: "lives at |42 Maple Street|, Apt 3",
    3: "admitted on |03/14/2019| with",
    4: "Phone: |(617) 555-0198|",
    5: "Fax: |(617) 555-0199|",
    6: "e-mail |h.lindqvist@example.org|",
    7: "SSN: |536-22-6789|",
    8: "MRN: |12345678|",
    9: "Member ID: |XQH123456789|",
    10: "Account #: |00123456|",
    11: "License No: |D1234567|",
    12: "VIN: |1HGCM82633A004352|",
    13: "Serial number: |SN-4471-22B|",
    14: "see |https://portal.example.org/u/4471| for",
    15: "from |192.168.1.44|",
    16: "Fingerprint ID: |FP-88213|",
    18: "Study ID: |ABC-00417|",
}


def test_there_are_eighteen_identifiers_in_the_order_of_the_rule() -> None:
    assert [identifier.number for identifier in SAFE_HARBOR] == list(range(1, 19))
    assert len({identifier.name for identifier in SAFE_HARBOR}) == 18


def test_only_the_image_has_no_label() -> None:
    assert [identifier.number for identifier in SAFE_HARBOR if not identifier.labels] == [17]


@pytest.mark.parametrize("number", WRITTEN)
def test_each_identifier_that_is_text_is_found_by_a_rule(number: int) -> None:
    before, value, after = WRITTEN[number].split("|")
    spans = match_rules(before + value + after, RULES)
    (identifier,) = (each for each in SAFE_HARBOR if each.number == number)
    found = [span for span in spans if span.label in identifier.labels]
    covered = {place for span in found for place in range(span.start, span.stop)}
    assert covered >= set(range(len(before), len(before) + len(value)))


def test_every_identifier_with_labels_stands_in_the_table_above() -> None:
    assert set(WRITTEN) == {identifier.number for identifier in SAFE_HARBOR if identifier.labels}


def test_every_label_is_of_one_identifier_or_said_to_be_of_none() -> None:
    labels = [label for identifier in SAFE_HARBOR for label in identifier.labels]
    assert sorted([*labels, *NOT_SAFE_HARBOR]) == sorted(LABELS)


@pytest.mark.parametrize("category", CATEGORIES)
def test_types_and_their_category_have_that_category(category: str) -> None:
    assert {category_of(label) for label in (category, *CATEGORIES[category])} == {category}


def test_rules_give_labels_that_there_are() -> None:
    assert {rule.label for rule in RULES} <= set(LABELS)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"found 'PERSON'; wanted one of NAME, PATIENT, .*IDNUM"):
        category_of("PERSON")
