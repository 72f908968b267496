import re

from hypothesis import given
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.rules.contacts import CONTACT_RULES
from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule, match_rules, places_of
from spacy_modernbert_bio.deid.spans import PhiSpan
from tests.strategies import notes

NUMBER = Rule("number", "IDNUM", re.compile("[0-9]+"), score=0.5)


def test_a_match_is_a_span_with_its_rule_as_the_source() -> None:
    assert match_rules("a 12 b 3", [NUMBER]) == [
        PhiSpan(2, 4, "IDNUM", ("rules:number",), 0.5),
        PhiSpan(7, 8, "IDNUM", ("rules:number",), 0.5),
    ]


def test_a_group_named_phi_is_the_span() -> None:
    rule = Rule("mrn", "MEDICALRECORD", re.compile("MRN (?P<phi>[0-9]*)"))
    assert [(s.start, s.stop) for s in match_rules("MRN 12", [rule])] == [(4, 6)]
    assert match_rules("MRN ", [rule]) == []


def test_a_refuted_match_is_none() -> None:
    rule = Rule("number", "IDNUM", re.compile("[0-9]+"), refuted=lambda match: match[0] == "12")
    assert [(s.start, s.stop) for s in match_rules("12 13", [rule])] == [(3, 5)]


def test_a_rule_looks_only_where_one_of_its_words_is_in_any_case_and_wrapped() -> None:
    rule = Rule("fax", "FAX", re.compile("[0-9]+"), needs=("fax", "tele copy"))
    assert match_rules("phone 12", [rule]) == []
    assert len(match_rules("FAX 12", [rule])) == 1
    assert len(match_rules("Tele\ncopy 12", [rule])) == 1


NAMES = re.compile(r"[Rr](?<![a-z].)oe(?:\s[Rr]oe)?")
ANYWHERE = Rule("anywhere", "NAME", NAMES)
AT_WORDS = Rule("at_words", "NAME", NAMES, needs=("roe",), begins=True)


@given(st.lists(st.sampled_from(["roe", "Roe", "ROE", " ", "x", "\u200b", "İ"])).map("".join))
def test_a_rule_that_begins_with_its_words_finds_what_it_would_anywhere(note: str) -> None:
    found = [(span.start, span.stop) for span in match_rules(note, [AT_WORDS])]
    assert found == [(span.start, span.stop) for span in match_rules(note, [ANYWHERE])]


def test_offsets_are_those_of_the_note_where_characters_are_hidden() -> None:
    note = "\u200bab 1\u200b２ c"
    (span,) = match_rules(note, [NUMBER])
    assert note[span.start : span.stop] == "1\u200b２"


def test_rules_are_kept_apart_by_name() -> None:
    names = [rule.name for rule in (*DATE_RULES, *CONTACT_RULES)]
    assert len(set(names)) == len(names)


@given(notes)
def test_spans_lie_in_the_note_whatever_it_is(note: str) -> None:
    for span in match_rules(note, (*DATE_RULES, *CONTACT_RULES)):
        assert 0 <= span.start < span.stop <= len(note)


def test_a_word_of_digits_is_sought_once_in_a_run() -> None:
    assert places_of(("000", "0-0"), "00000 000-0000") == [0, 6, 8, 10]
