import pytest

from spacy_modernbert_bio.deid.rules.contacts import CONTACT_RULES
from spacy_modernbert_bio.deid.rules.cue_index import make_cue_index
from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.identifiers import IDENTIFIER_RULES
from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import CueRule, match_rules

ALL_RULES = (*DATE_RULES, *CONTACT_RULES, *IDENTIFIER_RULES, *PEOPLE_PLACE_RULES)
CUE_RULES = [rule for rule in ALL_RULES if isinstance(rule, CueRule)]
NOTES = (
    "MRN: 0485921, Acct #12345678. Attending: Jane Roe. Room 412B, aged 93, wife Anna",
    "pt id 98765\nPATIENT: SMITH,JOHN\nzip 02139 Member ID XYZ12345, S/N: 998877 c/o Mary Jones",
    "Ödem. ID# 1234 lives in Springfield. Signed by Jane Roe, pager 12345, DOB 03141960",
    "İ MRN: 0485921, Dr. Roe at Christmas, summer of 2018, treated at Mercy",
)


def places(*cues: str, note: str) -> list[tuple[int, tuple[str, ...]]]:
    return list(make_cue_index([(cue, cue) for cue in cues]).find(note))


@pytest.mark.parametrize("note", NOTES)
def test_together_cue_rules_find_what_each_finds_alone(note: str) -> None:
    alone = {span for rule in CUE_RULES for span in match_rules(note, [rule])}
    assert alone
    assert alone <= set(match_rules(note, CUE_RULES))


def test_a_short_cue_is_a_whole_word() -> None:
    assert places("rm", note="rm 4, arm 5, rms 6") == [(0, ("rm",))]


def test_a_cue_begins_a_word() -> None:
    assert places("chart", note="charts, flowchart") == [(0, ("chart",))]


def test_a_word_may_begin_as_several_cues_do() -> None:
    assert places("med", "medicare", note="medicare, medal") == [
        (0, ("med", "medicare")),
        (10, ("med",)),
    ]


def test_only_the_letters_before_the_first_other_sign_are_looked_up() -> None:
    assert places("s/n", "x-mas", note="s/n 5 x") == [(0, ("s/n",)), (6, ("x-mas",))]
