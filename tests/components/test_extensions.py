import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup

from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.errors import ConfigError

VOCAB = spacy.blank("en").vocab


@pytest.fixture
def doc():
    install_extensions()
    return Doc(VOCAB, words=["fever", "and", "cough"])


@pytest.fixture
def scored(doc):
    doc.set_ents([Span(doc, 0, 1, "SIGN"), Span(doc, 2, 3, "SIGN")])
    for ent, confidence in zip(doc.ents, (0.9, 0.6), strict=True):
        ent._.confidence = confidence
    return doc


def confidences(doc):
    return [ent._.confidence for ent in doc.ents]


def test_attributes_are_there_and_empty(doc):
    assert doc._.modernbert_coverage is None
    assert doc[0:1]._.confidence is None


def test_a_span_has_the_confidence_of_its_borders_and_label(scored):
    assert confidences(scored) == [0.9, 0.6]
    assert Span(scored, 0, 1, "OTHER")._.confidence is None
    assert Span(scored, 0, 2, "SIGN")._.confidence is None


def test_two_labels_on_one_span_keep_their_own(scored):
    Span(scored, 0, 1, "OTHER")._.confidence = 0.1
    assert Span(scored, 0, 1, "OTHER")._.confidence == 0.1
    assert confidences(scored) == [0.9, 0.6]


def test_confidence_survives_bytes(scored):
    assert confidences(Doc(VOCAB).from_bytes(scored.to_bytes())) == [0.9, 0.6]


def test_confidence_survives_a_docbin_with_user_data(scored):
    saved = DocBin(store_user_data=True, docs=[scored]).to_bytes()
    [loaded] = DocBin().from_bytes(saved).get_docs(VOCAB)
    assert confidences(loaded) == [0.9, 0.6]


def test_confidence_survives_joining_and_cutting_documents(scored):
    joined = Doc.from_docs([scored, scored])
    assert confidences(joined) == [0.9, 0.6, 0.9, 0.6]
    assert confidences(joined[2:4].as_doc(copy_user_data=True)) == [0.6, 0.9]


def test_scores_of_a_span_group_are_found(doc):
    spans = [Span(doc, 0, 1, "A"), Span(doc, 0, 3, "B")]
    doc.spans["sc"] = SpanGroup(doc, spans=spans, attrs={"scores": [0.25, 0.75]})
    doc.spans["none"] = [Span(doc, 1, 2, "A")]
    assert [span._.confidence for span in doc.spans["sc"]] == [0.25, 0.75]
    assert doc.spans["none"][0]._.confidence is None


def test_installing_twice_is_the_same_as_once(doc):
    install_extensions()
    assert Span.has_extension("confidence")


def test_a_name_that_another_library_uses_is_refused_and_left_to_it(doc):
    _, _, ours, _ = Span.remove_extension("confidence")
    Span.set_extension("confidence", default=0.5)
    try:
        with pytest.raises(ConfigError, match=r"Span\._\.confidence: found .* another library"):
            install_extensions()
        assert doc[0:1]._.confidence == 0.5
    finally:
        Span.remove_extension("confidence")
        install_extensions()
    assert Span.get_extension("confidence")[2] is ours
