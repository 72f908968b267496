import re
from collections import Counter
from dataclasses import fields
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.synthetic.case import Case
from spacy_modernbert_bio.corpora.synthetic.pools import known_names, pools, split_of
from spacy_modernbert_bio.corpora.synthetic.slots import fill
from spacy_modernbert_bio.corpora.synthetic.template import (
    SPLITS,
    Body,
    Slot,
    Template,
    filler_templates,
    note_templates,
    sentence_templates,
)
from spacy_modernbert_bio.corpora.synthetic_notes import generate_notes
from spacy_modernbert_bio.deid.labels import CATEGORIES
from spacy_modernbert_bio.errors import ConfigError

TYPES = {label for category, types in CATEGORIES.items() for label in types or (category,)}
SHORT = (100, 300)


def notes(count: int = 20, **options: object) -> list[Document]:
    given_options = {"seed": 0, "split": "train", "words": SHORT, **options}
    return list(generate_notes(count, **given_options))  # type: ignore[arg-type]


def marked(document: Document, *labels: str) -> list[str]:
    return [document.text[s.start : s.stop] for s in document.spans if s.label in labels]


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Document]]:
    return {split: notes(300, split=split) for split in SPLITS}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    split=st.sampled_from(SPLITS),
    hard=st.floats(0, 1),
    shortest=st.integers(40, 400),
)
def test_every_span_is_trimmed_in_bounds_and_apart_from_the_next(
    seed: int, split: str, hard: float, shortest: int
) -> None:
    for document in notes(2, seed=seed, split=split, hard=hard, words=(shortest, 2 * shortest)):
        stop = 0
        for span in document.spans:
            text = document.text[span.start : span.stop]
            assert text
            assert text == text.strip()
            assert stop <= span.start < span.stop <= len(document.text)
            assert span.label in TYPES
            stop = span.stop


def test_the_same_seed_gives_the_same_notes_and_another_seed_others() -> None:
    assert notes(seed=7) == notes(seed=7)
    # Equality of documents is that of ids, texts and spans.
    assert not {each.text for each in notes(seed=7)} & {each.text for each in notes(seed=8)}


def test_the_first_notes_of_many_are_those_of_few() -> None:
    assert notes(20)[:5] == notes(5)


def test_splits_differ_with_the_same_seed() -> None:
    assert len({notes(1, split=split)[0].text for split in SPLITS}) == len(SPLITS)


@pytest.mark.parametrize("split", SPLITS)
def test_every_type_of_phi_is_in_300_notes(split: str, corpus: dict[str, list[Document]]) -> None:
    found = Counter(span.label for document in corpus[split] for span in document.spans)
    assert set(found) == TYPES


@pytest.mark.parametrize("split", SPLITS)
def test_every_template_of_a_split_is_used(split: str, corpus: dict[str, list[Document]]) -> None:
    assert {each.where for each in corpus[split]} == {each.name for each in note_templates(split)}


def test_a_share_of_notes_is_long_and_none_far_outside_the_range() -> None:
    lengths = [len(each.text.split()) for each in notes(60, words=(100, 6000))]
    assert sum(length > 2000 for length in lengths) >= 6
    assert sum(length < 400 for length in lengths) >= 6
    assert 75 <= min(lengths) <= max(lengths) <= 6050


def shape(line: str) -> str:
    """A line's own words: what is left of it without its slots, in one case."""
    words = re.sub(r"\{[^}]*\}", " ", line).casefold()
    return " ".join(re.findall(r"[a-z]+", words))


def shapes(split: str) -> set[str]:
    templates = [*note_templates(split)]
    for tagged in sentence_templates(split).values():
        templates += tagged
    lines = {shape(line) for each in templates for line in each.source.splitlines()}
    # One word with slots around it is a cue that every hospital has: "Fax", "Plan".
    return {line for line in lines if len(line.split()) > 1}


def test_splits_share_no_line_of_a_template() -> None:
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert not shapes(one) & shapes(other)


def test_splits_share_no_word_of_a_pool() -> None:
    for field in fields(pools("train")):
        found = [getattr(pools(split), field.name) for split in SPLITS]
        assert all(found), field.name
        if field.name not in ("fillers", "split"):
            words = [{split_of(word) for word in each} for each in found]
            assert words == [{split} for split in SPLITS]


def test_splits_share_no_filler_sentence() -> None:
    for tag, templates in filler_templates().items():
        dealt = [each.name for split in SPLITS for each in pools(split).fillers[tag]]
        assert sorted(dealt) == sorted(each.name for each in templates)
        assert all(len(pools(split).fillers[tag]) >= 3 for split in SPLITS)


def test_notes_of_two_splits_share_no_doctors_family_name(
    corpus: dict[str, list[Document]],
) -> None:
    def families(split: str) -> set[str]:
        own = {name.casefold() for field in FAMILIES for name in getattr(pools(split), field)}
        found = {name.casefold() for each in corpus[split] for name in marked(each, "DOCTOR")}
        return found & own

    found = {split: families(split) for split in SPLITS}
    assert all(len(each) > 100 for each in found.values())
    assert not (found["train"] & found["dev"] | (found["train"] | found["dev"]) & found["test"])


FAMILIES = ("families", "rare_families", "hard_families")


def pieces_of(template: Template) -> list[tuple[str, str]]:
    case = Case(Random(1), pools("train"), hard=0.5, is_child=False)
    slots = [part for part in template.parts if isinstance(part, Slot)]
    return [piece for slot in slots for piece in fill(case, slot.name, slot.form)]


def test_every_slot_of_every_template_writes_something() -> None:
    for split in SPLITS:
        tagged = sentence_templates(split)
        for template in (
            *note_templates(split),
            *(each for tag in tagged.values() for each in tag),
        ):
            assert all(text for text, _ in pieces_of(template))
            for body in template.bodies:
                assert isinstance(body, Body)
                assert body.weight > 0


def no_phi() -> list[Template]:
    """Fillers and decoys: all that a note holds beside its PHI."""
    tags = [filler_templates(), *(sentence_templates(split) for split in SPLITS)]
    chosen = [each for tag in tags[0].values() for each in tag]
    for tagged in tags[1:]:
        chosen += [each for tag, found in tagged.items() if "decoy" in tag for each in found]
    return chosen


def test_what_is_no_phi_writes_no_label() -> None:
    assert len(no_phi()) > 200
    for template in no_phi():
        assert {label for _, label in pieces_of(template)} <= {""}, template.source


# Eponyms, drugs and words of the clinic that are somebody's name as well.
NO_PEOPLE = {
    *("Baker", "Bath", "Bell", "Bishop", "Blood", "Brown", "Cannon", "Cobb", "Day", "Duffy"),
    *("Ferguson", "Foley", "Frank", "French", "Graves", "Hampton", "Heinz", "Hickman", "Hill"),
    *("Hope", "Howell", "India", "Jackson", "Jones", "Kerley", "Lasix", "Lewis", "Long", "May"),
    *("Morton", "Paget", "Pain", "Power", "Pratt", "Reed", "Rose", "Small", "Ward", "Will"),
    *("Wood", "Wright", "Young"),
}


def test_what_is_no_phi_names_nobody_and_no_day() -> None:
    for template in no_phi():
        plain = " ".join(part for part in template.parts if isinstance(part, str))
        names = set(re.findall(r"\b[A-Z][a-z]+", plain))
        assert not {word for word in names - NO_PEOPLE if word.casefold() in known_names()}
        assert not re.search(r"\d/\d+/\d|\b(?:19|20)\d\d\b|\d{3}-\d{4}|@|year.old", plain)


def test_the_patient_is_mentioned_in_several_forms() -> None:
    longer = notes(12, words=(800, 900))
    forms = [len({name.casefold() for name in marked(each, "PATIENT")}) for each in longer]
    assert sum(count >= 4 for count in forms) >= 10


def test_months_are_both_dates_and_names(corpus: dict[str, list[Document]]) -> None:
    every = [document for documents in corpus.values() for document in documents]
    months = re.compile(r"\b(?:april|may|june|august|january|march)\b", re.IGNORECASE)
    named = [name for each in every for name in marked(each, "PATIENT", "DOCTOR")]
    dates = [date for each in every for date in marked(each, "DATE")]
    assert any(months.search(name) for name in named)
    assert any(months.search(date) for date in dates)


def outside(document: Document) -> str:
    """A note's text without its PHI."""
    parts, last = [], 0
    for span in document.spans:
        parts.append(document.text[last : span.start])
        last = span.stop
    return "\u241f".join([*parts, document.text[last:]])


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b\d/12\b",
        r"\bq8h\b",
        r"\bPOD ?#\d",
        r"\bHodgkin|Parkinson|Foley",
        r"\bL\d-[LS]?\d",
        r"\b\d{2,3}/\d{2,3}\b",
        r"\b(?:Mon|Tues|Wednes|Thurs|Fri)day\b",
        r"\bID (?:consulted|following|and MS)",
        r"\bI48\.91|E11\.9|401\.9",
        r"\bBRCA1|KRAS",
    ],
)
def test_what_only_looks_like_phi_is_there_and_is_not_marked(
    pattern: str, corpus: dict[str, list[Document]]
) -> None:
    every = [document for documents in corpus.values() for document in documents]
    assert any(re.search(pattern, outside(document)) for document in every)


def test_odd_shapes_come_as_often_as_hard_says() -> None:
    plain, hard = notes(90, hard=0.0), notes(90, hard=1.0)
    odd = {
        "capitals": lambda each: each.text.isupper(),
        "small letters": lambda each: each.text.islower(),
        # No template of the split joins these to their colon.
        "glued": lambda each: any(
            each.text[span.start - 1] == ":" for span in each.spans if span.label in GLUED
        ),
        "no-break": lambda each: any(re.search("[\u2011\u00a0]", s) for s in all_marked(each)),
        "broken": lambda each: any(re.search(r"\d-\n\d", s) for s in all_marked(each)),
    }
    for name, is_odd in odd.items():
        assert sum(map(is_odd, hard)) > 1 + 2 * sum(map(is_odd, plain)), name


GLUED = {"PHONE", "FAX", "HOSPITAL", "STREET", "ROOM"}


def all_marked(document: Document) -> list[str]:
    return marked(document, *TYPES)


def test_names_and_dates_are_wrapped_over_lines_without_moving(
    corpus: dict[str, list[Document]],
) -> None:
    names = [name for each in corpus["train"] for name in marked(each, "PATIENT", "DOCTOR")]
    assert any(re.fullmatch(r"\w+\n[\w'-]+", name) for name in names)


def test_identifiers_run_together_as_in_a_pasted_header(corpus: dict[str, list[Document]]) -> None:
    texts = [each.text for each in corpus["train"]]
    assert any(re.search(r"MRN:\w[\w -]+DOB:\d", text) for text in texts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": -1}, r"count=\.\.\.\): found -1; wanted 0 or more"),
        ({"split": "gold"}, r"split=\.\.\.\): found 'gold'; wanted train, dev, test"),
        ({"words": (10, 50)}, r"words=\.\.\.\): found 10 to 50; wanted 40 or more"),
        ({"words": (300, 200)}, r"words=\.\.\.\): found 300 to 200; wanted 40 or more"),
        ({"hard": 1.5}, r"hard=\.\.\.\): found 1\.5; wanted a number from 0 to 1"),
    ],
)
def test_what_cannot_be_generated_is_refused_at_once(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        generate_notes(**{"count": 1, "seed": 0, "split": "train", **options})  # type: ignore[arg-type]
