import re

from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.deid.rules.people_places import PEOPLE_PLACE_RULES
from spacy_modernbert_bio.deid.rules.rule import Rule, match_rules
from spacy_modernbert_bio.deid.rules.seeking import SeekingRule

SEEKING = [rule for rule in PEOPLE_PLACE_RULES if isinstance(rule, SeekingRule)]
pieces = st.sampled_from(
    (
        *("Jane Roe", ", MD", ", ", " ", "\n", "Mercy", " Hospital", "Boston, MA 02139", "45M"),
        *("at St. Luke's", "RN", "the"),
    )
)


def in_full(rule: SeekingRule) -> Rule:
    """The same rule, which reads all of the note."""
    return Rule(rule.name, rule.label, rule.pattern, (), rule.refuted, rule.score)


@settings(max_examples=80, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join))
def test_seeking_finds_what_reading_all_of_the_note_finds(note: str) -> None:
    for rule in SEEKING:
        assert match_rules(note, [rule]) == match_rules(note, [in_full(rule)])


def test_an_anchor_far_from_the_last_is_found() -> None:
    note = "word " * 400 + "Jane Roe, MD"
    assert [note[span.start : span.stop] for span in match_rules(note, SEEKING)] == ["Jane Roe"]


def test_without_characters_before_it_a_match_starts_with_its_word() -> None:
    rule = SeekingRule("month", "DATE", re.compile("(?i:march) [0-9]"), ("march",))
    spans = match_rules("March 3, march 4 in March", [rule])
    assert [(span.start, span.stop) for span in spans] == [(0, 7), (9, 16)]


def test_letters_whose_small_form_is_longer_change_nothing() -> None:
    assert [span.start for span in match_rules("İ Jane Roe, MD", SEEKING)] == [2]
