from collections import Counter

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_modernbert_bio.corpora import to_doc as module
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.to_doc import to_doc
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.tokenizer import make_clinical_tokenizer


def english() -> Language:
    nlp = spacy.blank("en")
    nlp.tokenizer = make_clinical_tokenizer()(nlp)
    return nlp


NLP = english()


def convert(text: str, *spans: tuple[int, int, str]) -> tuple[Doc, ConversionReport]:
    report = ConversionReport()
    placed = tuple(TextSpan(*span, where=f"a.ann:{n}") for n, span in enumerate(spans, start=1))
    return to_doc(Document("1", text, placed), NLP, report), report


def plain(spans: list[Span]) -> list[tuple[str, str]]:
    return [(span.text, span.label_) for span in spans]


def test_spans_on_token_borders_are_entities_and_a_group() -> None:
    doc, report = convert("p53-dependent arrest", (0, 3, "Gene"), (14, 20, "Sign"))
    expected = [("p53", "Gene"), ("arrest", "Sign")]
    assert plain(list(doc.ents)) == plain(list(doc.spans["sc"])) == expected
    assert (report.documents, report.tokens) == (1, 4)
    assert report.entities == {"Gene": 1, "Sign": 1}
    assert report.borders_on_tokens == 1.0


def test_tokens_outside_are_known_to_be_outside() -> None:
    doc, _ = convert("no finding")
    assert [token.ent_iob_ for token in doc] == ["O", "O"]


def test_border_inside_a_token_moves_outwards_and_is_counted_by_label() -> None:
    doc, report = convert("antitumor effect", (4, 9, "Cancer"), (10, 16, "Sign"))
    assert plain(list(doc.ents)) == [("antitumor", "Cancer"), ("effect", "Sign")]
    assert +report.borders_off == Counter(Cancer=1)
    assert report.borders_on_tokens == 0.75


def test_overlapping_spans_stay_in_the_group_and_the_longest_is_the_entity() -> None:
    doc, report = convert("left knee pain", (0, 4, "Side"), (0, 9, "Part"), (5, 14, "Sign"))
    assert plain(list(doc.spans["sc"])) == [
        ("left", "Side"),
        ("left knee", "Part"),
        ("knee pain", "Sign"),
    ]
    # Of two as long, the earlier.
    assert plain(list(doc.ents)) == [("left knee", "Part")]
    assert +report.overlapping == Counter(Side=1, Sign=1)


def test_two_labels_on_the_same_tokens_are_settled_by_their_names() -> None:
    for order in ([(0, 6, "B"), (0, 6, "A")], [(0, 6, "A"), (0, 6, "B")]):
        doc, _ = convert("ataxia", *order)
        assert plain(list(doc.ents)) == [("ataxia", "A")]
        assert len(doc.spans["sc"]) == 2


def test_spans_that_come_to_cover_the_same_tokens_are_one() -> None:
    doc, report = convert("antitumor", (0, 4, "X"), (4, 9, "X"))
    assert plain(list(doc.spans["sc"])) == [("antitumor", "X")]
    assert report.repairs[module.SAME_TOKENS].places == ["a.ann:2"]
    assert report.borders == {"X": 4}


def test_white_space_at_the_ends_of_a_span_is_left_out() -> None:
    doc, report = convert("has \n pain  now", (3, 12, "Sign"))
    assert plain(list(doc.ents)) == [("pain", "Sign")]
    assert report.repairs[module.BLANKS_TRIMMED].places == ["a.ann:1"]
    assert report.borders_on_tokens == 1.0


def test_span_of_white_space_alone_is_left_out() -> None:
    doc, report = convert("has \n pain", (3, 6, "Sign"))
    assert plain(list(doc.spans["sc"])) == []
    assert report.repairs[module.ONLY_BLANKS].places == ["a.ann:1"]


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_document_without_a_word_is_a_document(text: str) -> None:
    doc, report = convert(text)
    assert doc.text == text
    assert report.documents == 1


def test_text_longer_than_the_pipeline_takes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NLP, "max_length", 3)
    with pytest.raises(CorpusError) as caught:
        to_doc(Document("1", "Jane Roe", where="a.txt:1"), NLP, ConversionReport())
    assert str(caught.value) == (
        "a.txt:1: found a document of 8 characters; wanted at most 3, which is nlp.max_length. "
        "Is it more than one document? Or raise nlp.max_length, here and in training."
    )


@given(
    data=st.data(),
    text=st.text(st.sampled_from("aZ9 \n\t.-/()é\u0301\u00a0😀"), min_size=1, max_size=40),
)
def test_each_span_covers_just_the_tokens_it_touches(data: st.DataObject, text: str) -> None:
    edges = st.integers(0, len(text))
    pairs = st.tuples(edges, edges).filter(lambda pair: pair[0] < pair[1])
    drawn = sorted(data.draw(st.sets(pairs, max_size=6)))
    doc, report = convert(text, *((start, stop, "X") for start, stop in drawn))
    # Character by character, over the words a span touches.
    expected: set[tuple[int, ...]] = set()
    moved = 0
    for start, stop in drawn:
        visible = [at for at in range(start, stop) if not text[at].isspace()]
        if not visible:
            continue
        touched = tuple(
            token.i
            for token in doc
            if any(token.idx <= at < token.idx + len(token) for at in visible)
        )
        inner = tuple(range(touched[0], touched[-1] + 1))
        expected.add(inner)
        moved += doc[inner[0]].idx != visible[0]
        moved += doc[inner[-1]].idx + len(doc[inner[-1]]) != visible[-1] + 1
    assert {tuple(token.i for token in span) for span in doc.spans["sc"]} == expected
    assert report.borders_off.total() == moved
    taken = [token.i for entity in doc.ents for token in entity]
    assert len(taken) == len(set(taken))
