"""Records of notes, as a pipeline of any kind gives them or fails to."""

from itertools import count

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from spacy_modernbert_bio.cli.annotation import annotate_notes
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.components.coverage import Coverage
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.ner import NerPipe

SECRET = "Rumpelstiltskin"


@Language.component("test_reads_the_half")
def read_the_half(doc: Doc) -> Doc:
    install_extensions()
    doc._.modernbert_coverage = Coverage(10, 5 if SECRET in doc.text else 10, 1, (3,))
    return doc


def test_span_groups_of_our_components_come_with_their_scores(monkeypatch) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("modernbert_ner", name="first", config={"spans_key": "first"})
    nlp.add_pipe("modernbert_ner", name="second", config={"spans_key": "second"})

    def set_group(self, docs, **_):
        for doc in docs:
            score = 0.25 if self.name == "first" else 0.75
            spans = [Span(doc, 0, 2, "SIGN"), Span(doc, 1, 2, "SIGN")]
            attrs = {"scores": [score, 0.5]}
            doc.spans[self.spans_key] = SpanGroup(doc, spans=spans, attrs=attrs)
            doc.spans["foreign"] = [doc[0:1]]
            yield doc

    monkeypatch.setattr(NerPipe, "pipe", set_group)
    (record,) = annotate_notes(nlp, [Note("a", "a", "chest pain")], batch_size=1)
    assert record["entities"] == []
    assert set(record["spans"]) == {"first", "second"}
    # Both groups have this span with this label: each keeps the confidence of its own head.
    assert [group[0]["confidence"] for group in record["spans"].values()] == [0.25, 0.75]
    assert record["spans"]["first"][0]["text"] == "chest pain"


def test_note_that_was_not_read_whole_has_failed() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("test_reads_the_half")
    notes = [Note("a", "a", SECRET), Note("b", "b", "fine")]
    half, whole = annotate_notes(nlp, notes, batch_size=2)
    assert half == {"id": "a", "source": "a", "error": "5 of 10 pieces were read"}
    assert whole["coverage"]["tokens_without_piece"] == (3,)


def test_text_that_is_too_long_fails_alone() -> None:
    nlp = spacy.blank("en")
    nlp.max_length = 10
    notes = [Note("a", "a", "x" * 11), Note("b", "b", "fine")]
    long, short = annotate_notes(nlp, notes, batch_size=2)
    assert "found 11 characters; wanted at most 10" in long["error"]
    assert short["text"] == "fine"


def test_component_that_loses_a_document_is_told() -> None:
    nlp = spacy.blank("en")
    nlp.pipe = lambda *_, **__: iter(())
    (record,) = annotate_notes(nlp, [Note("a", "a", "text")], batch_size=2)
    assert record["error"] == "a component returned no document"


def test_notes_are_read_as_they_are_needed() -> None:
    nlp = spacy.blank("en")
    numbers = count()
    stream = annotate_notes(nlp, (Note("a", i, "text") for i in numbers), batch_size=4)
    assert [next(stream)["id"] for _ in range(5)] == [0, 1, 2, 3, 4]
    assert next(numbers) == 8
