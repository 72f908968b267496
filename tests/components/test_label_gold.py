import logging

import numpy as np
import pytest
import spacy
from spacy.training import Example

from spacy_modernbert_bio.components.label_gold import (
    LabelCounts,
    count_labels,
    gold_matrix,
    labels_in,
)
from spacy_modernbert_bio.errors import ConfigError

NLP = spacy.blank("en")
NAN = np.nan


def doc(**cats):
    made = NLP.make_doc("note")
    made.cats = cats
    return made


def examples(*golds):
    return [Example(NLP.make_doc("note"), gold) for gold in golds]


def test_what_is_not_told_is_nan():
    gold = gold_matrix([doc(A=1.0, B=0.0), doc(B=1), doc()], ["A", "B"], False, "pipe")
    np.testing.assert_array_equal(gold, [[1, 0], [NAN, 1], [NAN, NAN]])


def test_an_exclusive_label_that_holds_tells_of_all_others():
    gold = gold_matrix([doc(A=1.0), doc(A=0.0), doc(A=0.0, B=1.0)], ["A", "B"], True, "pipe")
    np.testing.assert_array_equal(gold, [[1, 0], [NAN, NAN], [0, 1]])


def test_no_documents_are_a_matrix_too():
    assert gold_matrix([], ["A", "B"], False, "pipe").shape == (0, 2)


@pytest.mark.parametrize("value", [0.5, -1.0, 2.0])
def test_half_a_label_is_refused_by_name(value):
    with pytest.raises(ConfigError, match=rf"pipe: doc\.cats\['A'\]: found {value:g}; wanted 0 or"):
        gold_matrix([doc(A=value)], ["A"], False, "pipe")


def test_two_exclusive_labels_in_one_document_are_refused_by_name():
    with pytest.raises(ConfigError, match=r"found A and B in one document; wanted one label"):
        gold_matrix([doc(A=1.0, B=1.0)], ["A", "B"], True, "pipe")


def test_labels_are_those_of_all_documents_sorted():
    assert labels_in(examples(doc(B=1.0), doc(A=0.0), doc())) == ["A", "B"]


def test_counts_are_of_documents_that_tell(caplog):
    golds = examples(doc(A=1.0, B=0.0), doc(A=0.0), doc(A=1.0, B=1.0), doc())
    with caplog.at_level(logging.WARNING):
        counts = count_labels(golds, ["A", "B"], False, "pipe")
    assert counts == LabelCounts(known=(3, 2), positive=(2, 1))
    assert not caplog.records


def test_labels_that_no_document_has_or_that_are_not_asked_for_are_named(caplog):
    with caplog.at_level(logging.WARNING):
        count_labels(examples(doc(A=1.0, B=0.0, C=1.0)), ["A", "B", "D"], False, "pipe")
    assert [record.getMessage() for record in caplog.records] == [
        "pipe: no document in which these labels hold: B, D",
        "pipe: labels in doc.cats that this component does not have, and leaves alone: C",
    ]


@pytest.mark.parametrize("golds", [[], [doc()], [doc(C=1.0)]])
def test_no_document_that_tells_is_an_error(golds):
    message = r"pipe\.initialize: found no document that tells of a label; wanted doc\.cats with A"
    with pytest.raises(ConfigError, match=message):
        count_labels(examples(*golds), ["A", "B"], False, "pipe")


def test_priors_are_shares_and_never_0_or_1():
    counts = LabelCounts(known=(9, 9), positive=(9, 0))
    np.testing.assert_allclose(counts.priors(exclusive=False), [0.95, 0.05])
    np.testing.assert_allclose(counts.priors(exclusive=True), [0.95, 0.05])
    assert LabelCounts((4, 4, 4), (1, 2, 1)).priors(exclusive=True).sum() == pytest.approx(1.0)
