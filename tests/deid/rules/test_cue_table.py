import pytest

from spacy_modernbert_bio.deid.rules.cue_table import CueTable, with_cue_table
from spacy_modernbert_bio.deid.rules.cues import after_cue, cued
from spacy_modernbert_bio.deid.rules.identifiers import IDENTIFIER_RULES
from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule, match_rules

TABLES = [rule for rule in (*IDENTIFIER_RULES, *PEOPLE_PLACE_RULES) if isinstance(rule, CueTable)]
NOTES = (
    "MRN: 0485921, Acct #12345678. Attending: Jane Roe. Room 412B, aged 93, wife Anna",
    "pt id 98765\nPATIENT: SMITH,JOHN\nzip 02139 Member ID XYZ12345, S/N: 998877 c/o Mary Jones",
    "Ödem. ID# 1234 lives in Springfield. Signed by Jane Roe",
)


def rules_of(table: CueTable) -> list[Rule]:
    return list({rule.name: rule for rules in table.rules.values() for rule in rules}.values())


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_finds_what_its_rules_find_alone(table: CueTable, note: str) -> None:
    alone = set(match_rules(note, rules_of(table)))
    assert alone
    assert alone <= set(match_rules(note, [table]))


def test_letters_whose_small_form_is_longer_change_nothing() -> None:
    assert [span.start for span in match_rules("İ MRN: 0485921", TABLES)] == [7]


def test_other_rules_stay_by_themselves() -> None:
    plain = IDENTIFIER_RULES[0]
    cue = cued("record", "MEDICALRECORD", cues=("mrn",), digits=3)
    assert with_cue_table("cues", "ID", [cue, plain])[0] is plain


def test_a_short_cue_is_a_whole_word() -> None:
    table = with_cue_table("cues", "ID", [after_cue("room", "ROOM", ("rm",), " (?P<phi>[0-9])")])
    assert [span.start for span in match_rules("rm 4, arm 5, rms 6", table)] == [3]
