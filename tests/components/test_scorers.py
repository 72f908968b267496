import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_modernbert_bio.components.scorers import make_entity_scorer

VOCAB = spacy.blank("en").vocab
WORDS = ["a", "b", "c", "d"]


def doc_with(ents=None, missing=(), **groups):
    doc = Doc(VOCAB, words=WORDS)
    if ents is not None:
        doc.set_ents(
            [Span(doc, *span) for span in ents],
            missing=[Span(doc, *span) for span in missing],
            default="outside",
        )
    for key, spans in groups.items():
        doc.spans[key] = [Span(doc, *span) for span in spans]
    return doc


def score(predicted, gold, **settings):
    return make_entity_scorer()([Example(predicted, gold)], **settings)


def test_entities_are_right_in_borders_and_label_or_wrong():
    scores = score(
        doc_with([(0, 1, "A"), (1, 3, "A"), (3, 4, "B")]),
        doc_with([(0, 1, "A"), (1, 2, "A"), (3, 4, "A")]),
        labels=("A", "B"),
        temperature=1.0,
    )
    assert scores["ents_f"] == pytest.approx(1 / 3)
    assert scores["ents_per_type"]["B"]["p"] == 0.0


def test_predictions_on_unannotated_tokens_are_not_judged():
    predicted = doc_with([(0, 1, "A"), (2, 3, "A")])
    assert score(predicted, doc_with([(0, 1, "A")], missing=[(2, 3)]))["ents_f"] == 1.0
    assert score(predicted, doc_with())["ents_f"] is None


def test_a_group_is_scored_under_its_own_name():
    predicted, gold = (
        doc_with([], sites=[(0, 2, "A")]),
        doc_with([(1, 2, "A")], sites=[(0, 2, "A")]),
    )
    scores = score(predicted, gold, spans_key="sites")
    assert scores["spans_sites_f"] == 1.0
    assert scores["spans_sites_per_type"]["A"]["r"] == 1.0
    assert "ents_f" not in scores


def test_documents_without_the_group_are_not_judged():
    predicted = doc_with(sites=[(0, 1, "A")])
    assert score(predicted, doc_with([(0, 1, "A")]), spans_key="sites")["spans_sites_f"] is None
