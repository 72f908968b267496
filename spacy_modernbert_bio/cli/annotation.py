"""A pipeline over a stream of notes, in order, where one note's failure is its own.

spaCy hands an error handler whole batches: whatever was in a batch that failed is read again, one
note at a time, so that only the notes that fail by themselves are lost. Memory is a batch's. An
exception's message may quote the note: of exceptions that are not ours only the kind is told.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.components.coverage import Coverage
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.components.ner import NerPipe
from spacy_modernbert_bio.errors import ModernBertBioError

# What a record of ours holds besides the fields that a note came with.
OWN_FIELDS = frozenset({"source", "text", "entities", "spans", "coverage", "error"})

Record = dict[str, Any]


def annotate_notes(nlp: Language, notes: Iterable[Note], *, batch_size: int) -> Iterator[Record]:
    """One record a note, in order.

    Each has `id`, `source` and the note's other fields. A note that was read has `text`,
    `entities` (of doc.ents), `spans` (of the groups that `modernbert_ner` components write; absent
    where there are none) and `coverage` (None when the pipeline does not tell); any other has
    `error`: why it was not read, or not whole. Starts and ends count characters.
    """
    install_extensions()
    reader = _Reader(nlp)
    stream = iter(notes)
    while batch := list(islice(stream, batch_size)):
        yield from reader.read(batch)


class _Reader:
    """A pipeline that reports its errors here, for as long as this object is used."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp
        self.keys = [
            pipe.spans_key
            for _, pipe in nlp.pipeline
            if isinstance(pipe, NerPipe) and pipe.spans_key is not None
        ]
        self.failure = ""
        # spaCy's types want a handler that raises; its documentation has ones that return.
        nlp.set_error_handler(self._note_error)  # type: ignore[arg-type]

    def read(self, batch: list[Note]) -> list[Record]:
        """The records of some notes: all together, then those that are missing one by one."""
        whole: dict[int, Doc] = {}
        try:
            # Made here: a text that the tokenizer refuses would end the pipeline's stream.
            docs = [
                (self.nlp.make_doc(note.text), i)
                for i, note in enumerate(batch)
                if not note.failure
            ]
            whole = {
                i: doc for doc, i in self.nlp.pipe(docs, as_tuples=True, batch_size=len(batch))
            }
        except Exception:  # noqa: S110  whose it was shows when they are read one by one
            pass
        return [self._record(note, whole.get(i)) for i, note in enumerate(batch)]

    def _record(self, note: Note, doc: Doc | None) -> Record:
        head = {"id": note.id, "source": note.source, **note.fields}
        if note.failure:
            return head | {"error": note.failure}
        self.failure = ""
        try:
            if doc is None:
                doc = self._read_alone(note)
            if doc is not None:
                return head | self._content(note, doc)
        except Exception as error:
            self.failure = self.failure or tell(error)
        return head | {"error": self.failure or "a component returned no document"}

    def _read_alone(self, note: Note) -> Doc | None:
        return next(iter(self.nlp.pipe([self.nlp.make_doc(note.text)])), None)

    def _content(self, note: Note, doc: Doc) -> Record:
        coverage: Coverage | None = doc._.modernbert_coverage
        if coverage is not None and not coverage.whole:
            read = f"{coverage.pieces_read:,} of {coverage.pieces:,} pieces were read"
            return {"error": read}
        content: Record = {"text": note.text, "entities": [_entity(span) for span in doc.ents]}
        if self.keys:
            content["spans"] = {
                key: _group(doc.spans[key]) for key in self.keys if key in doc.spans
            }
        return content | {"coverage": None if coverage is None else asdict(coverage)}

    def _note_error(
        self, name: str, _: Callable[[Doc], Doc], __: list[Doc], error: Exception
    ) -> None:
        self.failure = f"{tell(error)} in the component {name}"


def tell(error: Exception) -> str:
    """What can be said of an exception without quoting a note."""
    return str(error) if isinstance(error, ModernBertBioError) else type(error).__name__


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
