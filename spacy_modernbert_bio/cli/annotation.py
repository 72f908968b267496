"""The entities of notes as records: what `annotate` writes and `show` shows."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from spacy_modernbert_bio.cli.note_reader import Record, read_with
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.components.coverage import Coverage
from spacy_modernbert_bio.components.ner import NerPipe

# What a record of ours holds besides the fields that a note came with.
OWN_FIELDS = frozenset({"source", "text", "entities", "spans", "coverage", "error"})


def annotate_notes(nlp: Language, notes: Iterable[Note], *, batch_size: int) -> Iterator[Record]:
    """One record a note, in order.

    Each has `id`, `source` and the note's other fields. A note that was read has `text`,
    `entities` (of doc.ents), `spans` (of the groups that `modernbert_ner` components write; absent
    where there are none) and `coverage` (None when the pipeline does not tell); any other has
    `error`: why it was not read, or not whole. Starts and ends count characters.
    """
    keys = [
        pipe.spans_key
        for _, pipe in nlp.pipeline
        if isinstance(pipe, NerPipe) and pipe.spans_key is not None
    ]
    return read_with(nlp, notes, lambda note, doc: _content(note, doc, keys), batch_size=batch_size)


def _content(note: Note, doc: Doc, keys: list[str]) -> Record:
    coverage: Coverage | None = doc._.modernbert_coverage
    if coverage is not None and not coverage.whole:
        read = f"{coverage.pieces_read:,} of {coverage.pieces:,} pieces were read"
        return {"error": read}
    content: Record = {"text": note.text, "entities": [_entity(span) for span in doc.ents]}
    if keys:
        content["spans"] = {key: _group(doc.spans[key]) for key in keys if key in doc.spans}
    return content | {"coverage": None if coverage is None else asdict(coverage)}


def _entity(span: Span) -> Record:
    return _span(span, span._.confidence)


def _group(group: SpanGroup) -> list[Record]:
    scores = group.attrs.get("scores")
    confidences = [None] * len(group) if scores is None else [float(score) for score in scores]
    return [_span(span, score) for span, score in zip(group, confidences, strict=True)]


def _span(span: Span, confidence: float | None) -> Record:
    return {
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
        "text": span.text,
        "confidence": confidence,
    }
