import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_modernbert_bio.components.tags import (
    MISSING,
    decode_tags,
    encode_spans,
    gold_labels,
    gold_tags,
    tag_names,
    word_rows,
)
from spacy_modernbert_bio.errors import ConfigError

VOCAB = spacy.blank("en").vocab
LABELS = {"A": 0, "B": 1}
OUT, B_A, I_A, B_B, I_B = range(5)


def doc_of(*words):
    return Doc(VOCAB, words=list(words))


def example(predicted, reference, ents=None, **spans):
    """ents: (first token, token after the last, label) in the reference."""
    if ents is not None:
        reference.set_ents([Span(reference, *span) for span in ents])
    for key, group in spans.items():
        reference.spans[key] = [Span(reference, *span) for span in group]
    return Example(doc_of(*predicted), reference)


@st.composite
def spans_side_by_side(draw):
    """A number of tokens, and spans over them that share none."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 2))))
    spans, at = [], 0
    for gap, length, label in lengths:
        spans.append((at + gap, at + gap + length, label))
        at += gap + length
    return at + draw(st.integers(0, 2)), spans


def decoded(tags):
    found = decode_tags(np.asarray(tags, dtype=np.int64))
    return list(
        zip(found.starts.tolist(), found.stops.tolist(), found.labels.tolist(), strict=True)
    )


@given(spans_side_by_side())
def test_spans_come_back_from_their_tags(case):
    size, spans = case
    assert decoded(encode_spans(spans, np.ones(size, dtype=bool))) == spans


@given(st.lists(st.integers(0, 4), max_size=12))
def test_any_tags_are_read_as_seqeval_reads_them(tags):
    names = tag_names(["A", "B"])
    expected = [
        (start, stop + 1, label) for label, start, stop in get_entities([names[t] for t in tags])
    ]
    assert [(start, stop, "AB"[label]) for start, stop, label in decoded(tags)] == expected


def test_tags_are_named_in_the_order_of_their_numbers():
    assert tag_names(["A", "B"]) == ["O", "B-A", "I-A", "B-B", "I-B"]


def test_a_span_never_begins_with_white_space():
    is_word = np.array([False, True, False, True, False])
    assert encode_spans([(0, 5, 0)], is_word)[is_word].tolist() == [B_A, I_A]


def test_a_span_of_white_space_only_is_no_span():
    assert encode_spans([(0, 1, 0)], np.array([False, True])).tolist() == [OUT, OUT]


def test_overlapping_spans_are_refused():
    with pytest.raises(ConfigError, match=r"two that share a token.*several heads"):
        encode_spans([(0, 2, 0), (1, 3, 1)], np.ones(3, dtype=bool))


def test_words_are_the_tokens_that_are_not_white_space():
    assert word_rows(doc_of("a", " ", "b", "\n\t", "c")).tolist() == [0, 2, 4]
    assert word_rows(doc_of()).tolist() == []


WORDS = ("a", "b", "c", "d")


def test_gold_entities_become_tags():
    case = example(WORDS, doc_of(*WORDS), [(0, 2, "A"), (2, 3, "B")])
    assert gold_tags(case, LABELS, None).tolist() == [B_A, I_A, B_B, OUT]


def test_a_document_without_annotation_is_missing_as_a_whole():
    assert gold_tags(example(WORDS, doc_of(*WORDS)), LABELS, None).tolist() == [MISSING] * 4


def test_a_document_annotated_with_nothing_is_outside_as_a_whole():
    assert gold_tags(example(WORDS, doc_of(*WORDS), []), LABELS, None).tolist() == [OUT] * 4


def test_tokens_whose_annotation_is_missing_are_missing():
    reference = doc_of(*WORDS)
    reference.set_ents(
        [Span(reference, 0, 1, "A")], missing=[Span(reference, 2, 3)], default="outside"
    )
    assert gold_tags(Example(doc_of(*WORDS), reference), LABELS, None).tolist() == [
        B_A,
        OUT,
        MISSING,
        OUT,
    ]


def test_a_span_whose_border_lies_in_a_token_is_missing():
    case = example(("ab", "c", "d"), doc_of(*WORDS), [(1, 3, "A")])
    assert gold_tags(case, LABELS, None).tolist() == [MISSING, MISSING, OUT]


def test_a_span_that_ends_on_token_borders_is_found_in_another_tokenisation():
    coarse = example(("ab", "c", "d"), doc_of(*WORDS), [(0, 2, "A")])
    fine = example(WORDS, doc_of("ab", "cd"), [(0, 1, "A")])
    assert gold_tags(coarse, LABELS, None).tolist() == [B_A, OUT, OUT]
    assert gold_tags(fine, LABELS, None).tolist() == [B_A, I_A, OUT, OUT]


def test_a_span_goes_on_over_white_space_that_only_one_tokenisation_has():
    case = example(("a", " ", "b"), doc_of("a", "b"), [(0, 2, "A")])
    assert gold_tags(case, LABELS, None)[[0, 2]].tolist() == [B_A, I_A]


def test_a_group_is_read_where_a_key_is_given():
    case = example(WORDS, doc_of(*WORDS), [(0, 1, "A")], sites=[(1, 3, "B")])
    assert gold_tags(case, LABELS, "sites").tolist() == [OUT, B_B, I_B, OUT]


def test_a_missing_group_is_missing_annotation_and_an_empty_one_is_none():
    missing = example(WORDS, doc_of(*WORDS), [(0, 1, "A")])
    empty = example(WORDS, doc_of(*WORDS), sites=[])
    assert gold_tags(missing, LABELS, "sites").tolist() == [MISSING] * 4
    assert gold_tags(empty, LABELS, "sites").tolist() == [OUT] * 4


def test_an_empty_document_has_no_tags():
    assert gold_tags(example((), doc_of(), []), LABELS, None).tolist() == []


def test_an_unknown_label_is_refused_by_name():
    case = example(WORDS, doc_of(*WORDS), [(0, 1, "C")])
    with pytest.raises(ConfigError, match=r"the label C; wanted one of .*: A, B"):
        gold_tags(case, LABELS, None)


def test_labels_are_those_of_the_gold_spans_sorted():
    cases = [
        example(WORDS, doc_of(*WORDS), [(0, 1, "B"), (1, 2, "A")], sites=[(0, 1, "S")]),
        example(WORDS, doc_of(*WORDS)),
    ]
    assert gold_labels(cases, None) == ["A", "B"]
    assert gold_labels(cases, "sites") == ["S"]
