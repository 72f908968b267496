from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.corpora.synthetic_findings import (
    CONDITIONS,
    FindingsOptions,
    generate_findings,
)
from spacy_modernbert_bio.errors import ConfigError

# 200 passages: each is left by itself between sentences that could hold PHI.
FILLERS = ["\n\n".join(f"Nothing of note was seen in part {n} of the study." for n in range(200))]


def notes(count=40, **changes):
    wanted = {"seed": 0, "split": "train", "fillers": FILLERS} | changes
    wanted.setdefault("options", FindingsOptions((60, 400)))
    return list(generate_findings(count, **wanted))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_a_condition_is_present_when_it_is_stated_and_nothing_takes_it_back(seed):
    for note in notes(4, seed=seed):
        planted = [span.label.split(":")[:2] for span in note.spans]
        assert [span.label.endswith(":decides") for span in note.spans].count(True) == 1
        for condition in CONDITIONS:
            kinds = {kind for kind, of in planted if of == condition}
            held = condition in note.categories
            assert held == ("stated" in kinds and "retracted" not in kinds)
            assert ("retracted" in kinds) <= ("stated" in kinds)
            assert (condition.lower() in note.text) == bool(kinds)
        for span, (_, condition) in zip(note.spans, planted, strict=True):
            assert condition.lower() in note.text[span.start : span.stop]


def test_the_sentence_that_decides_is_of_each_kind_and_anywhere():
    made = notes(600, options=FindingsOptions((300, 400)))
    assert all(note.spans[0].label.endswith(":decides") for note in made)
    kinds = Counter(note.spans[0].label.split(":")[0] for note in made)
    assert all(150 < kinds[kind] < 250 for kind in ("stated", "relative", "retracted"))
    tenths = Counter(int(10 * note.spans[0].start / len(note.text)) for note in made)
    assert sorted(tenths) == list(range(10))
    assert all(30 < count < 90 for count in tenths.values())


def test_notes_are_as_long_as_asked():
    lengths = [len(note.text.split()) for note in notes(200)]
    assert min(lengths) >= 60
    assert max(lengths) <= 420
    assert sum(length < 155 for length in lengths) > 70


def test_splits_share_no_filler_and_a_seed_makes_the_same_notes():
    assert [note.text for note in notes(5)] == [note.text for note in notes(5)]
    parts = {}
    for split in ("train", "dev", "test"):
        text = " ".join(note.text for note in notes(30, split=split))
        parts[split] = set(text.split("Nothing of note was seen in part "))
    assert all(len(part) > 10 for part in parts.values())
    numbers = [{each.split()[0] for each in part if each[:1].isdigit()} for part in parts.values()]
    assert not numbers[0] & numbers[2]
    assert not numbers[0] & numbers[1]


@pytest.mark.parametrize("words", [(10, 100), (200, 100)])
def test_lengths_that_cannot_be_are_refused(words):
    with pytest.raises(ConfigError, match=r"words: found .*; wanted 50 or more"):
        FindingsOptions(words)


def test_fillers_that_leave_nothing_are_refused():
    with pytest.raises(ConfigError, match=r"fillers: found 1 passages .*; wanted 100 or more"):
        notes(1, fillers=["Nothing of note was seen in the study."], split="test")
