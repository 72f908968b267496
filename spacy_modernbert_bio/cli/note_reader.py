"""A pipeline over a stream of notes, in order, where one note's failure is its own.

spaCy hands an error handler whole batches: whatever was in a batch that failed is read again, one
note at a time, so that only the notes that fail by themselves are lost. Memory is a batch's. An
exception's message may quote the note: of exceptions that are not ours only the kind is told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.components.extensions import install_extensions
from spacy_modernbert_bio.errors import CorpusError, tell

Record = dict[str, Any]
# What becomes of a note that was read: the fields of its record. May raise; the note then fails.
Content = Callable[[Note, Doc], Record]


def read_with(
    nlp: Language,
    notes: Iterable[Note],
    content: Content,
    *,
    batch_size: int,
    prepare: Callable[[Note, Doc], None] = lambda _, __: None,
    fields: Callable[[Note], Mapping[str, Any]] = lambda note: note.fields,
) -> Iterator[Record]:
    """One record a note, in order: `id`, `source`, `fields`, and `content` or `error`.

    prepare: may write on a Doc before the pipeline reads it. fields: of a note that go along.
    """
    install_extensions()
    reader = _Reader(nlp, content, prepare, fields)
    stream = iter(notes)
    while batch := list(islice(stream, batch_size)):
        yield from reader.read(batch)


class _Reader:
    """A pipeline that reports its errors here, for as long as this object is used."""

    def __init__(
        self,
        nlp: Language,
        content: Content,
        prepare: Callable[[Note, Doc], None],
        fields: Callable[[Note], Mapping[str, Any]],
    ) -> None:
        self.nlp = nlp
        self.content = content
        self.prepare = prepare
        self.fields = fields
        self.failure = ""
        # spaCy's types want a handler that raises; its documentation has ones that return.
        nlp.set_error_handler(self._note_error)  # type: ignore[arg-type]

    def read(self, batch: list[Note]) -> list[Record]:
        """The records of some notes: all together, then those that are missing one by one."""
        whole: dict[int, Doc] = {}
        try:
            # Made here: a text that the tokenizer refuses would end the pipeline's stream.
            docs = [(self._make(note), i) for i, note in enumerate(batch) if not note.failure]
            whole = {
                i: doc for doc, i in self.nlp.pipe(docs, as_tuples=True, batch_size=len(batch))
            }
        except Exception:  # noqa: S110  whose it was shows when they are read one by one
            pass
        return [self._record(note, whole.get(i)) for i, note in enumerate(batch)]

    def _record(self, note: Note, doc: Doc | None) -> Record:
        head = {"id": note.id, "source": note.source, **self.fields(note)}
        if note.failure:
            return head | {"error": note.failure}
        self.failure = ""
        try:
            if doc is None:
                doc = next(iter(self.nlp.pipe([self._make(note)])), None)
            if doc is not None:
                return head | self.content(note, doc)
        except Exception as error:
            self.failure = self.failure or tell(error)
        return head | {"error": self.failure or "a component returned no document"}

    def _make(self, note: Note) -> Doc:
        if len(note.text) > self.nlp.max_length:
            raise CorpusError(
                where=note.source,
                found=f"{len(note.text):,} characters",
                wanted=f"at most {self.nlp.max_length:,}, which is nlp.max_length",
                fix="Is it more than one note?",
            )
        doc = self.nlp.make_doc(note.text)
        self.prepare(note, doc)
        return doc

    def _note_error(
        self, name: str, _: Callable[[Doc], Doc], __: list[Doc], error: Exception
    ) -> None:
        self.failure = f"{tell(error)} in the component {name}"
