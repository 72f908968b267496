import re

from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.rules.contacts import CONTACT_RULES
from spacy_modernbert_bio.deid.rules.dates import DATE_RULES
from spacy_modernbert_bio.deid.rules.identifiers import IDENTIFIER_RULES
from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule, match_rules
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

ALL_RULES = (*DATE_RULES, *CONTACT_RULES, *IDENTIFIER_RULES, *PEOPLE_PLACE_RULES)
SEEKING = [rule for rule in ALL_RULES if isinstance(rule, SeekingRule)]
BEGINNING = [rule for rule in ALL_RULES if rule.begins]
pieces = st.sampled_from(
    (
        *("Jane Roe", ", MD", ", ", " ", "\n", "Mercy", " Hospital", "Boston, MA 02139", "45M"),
        *(" denies", "to mercy hospital", "\njane roe rn", "apt 4", "12 Highway 20"),
        *("RN", "the", " (", "wife)", " is a ", "45", "-year", "Smith,John", " / ", "E3454198"),
        *("3/14", "-", "3/20", "/2019", "03/14/19", ":30 pm", " at 10", "2019-03-14", "4111 1111"),
        *("617", "-555", "-0198", "555.0198", "1-800-CALL-DOC", "10.0.0.1", "fe80::1", "a.org/x"),
        *("536-22-6789", "536 22 6789", "AB1234563", "GB82 WEST 1234 5698 7654 32", "S19-12345"),
        *(
            "20190314",
            "'98",
            "2015-17",
            "in her 90s",
            "1HGCM82633A004352",
            "12 34 56",
            "on the 14th",
        ),
    )
)


def in_full(rule: Rule) -> Rule:
    """The same rule, which reads all of the note."""
    return Rule(rule.name, rule.label, rule.pattern, (), rule.refuted, rule.score)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join))
def test_seeking_finds_what_reading_all_of_the_note_finds(note: str) -> None:
    for rule in (*SEEKING, *BEGINNING):
        assert match_rules(note, [rule]) == match_rules(note, [in_full(rule)]), rule.name


def test_an_anchor_far_from_the_last_is_found() -> None:
    note = "word " * 400 + "Jane Roe, MD"
    assert {note[span.start : span.stop] for span in match_rules(note, SEEKING)} == {"Jane Roe"}


def test_without_characters_before_it_a_match_starts_with_its_word() -> None:
    rule = SeekingRule("month", "DATE", re.compile("(?i:march) [0-9]"), ("march",))
    spans = match_rules("March 3, march 4 in March", [rule])
    assert [(span.start, span.stop) for span in spans] == [(0, 7), (9, 16)]


def test_letters_whose_small_form_is_longer_change_nothing() -> None:
    assert {span.start for span in match_rules("İ; Jane Roe, MD", SEEKING)} == {3}


def test_only_where_a_glance_finds_something_is_a_look_taken() -> None:
    rule = SeekingRule(
        name="hospital",
        label="HOSPITAL",
        pattern=re.compile("[A-Za-z]+ Hospital"),
        needs=("hospital",),
        before=20,
        glance=re.compile("[A-Z][a-z]+ $"),
    )
    assert match_rules("the Hospital", [rule]) == []
    assert len(match_rules("Mercy Hospital", [rule])) == 1
