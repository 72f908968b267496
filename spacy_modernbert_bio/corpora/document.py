"""What every format is read into: a text with labelled spans, before any tokenizer has seen it.

Costs nothing. Does not know spaCy. The text is kept out of every repr: notes are other people's
secrets.
"""

from dataclasses import dataclass, field

from spacy_modernbert_bio.errors import CorpusError


@dataclass(frozen=True, order=True)
class TextSpan:
    """A labelled stretch of a document.

    start, stop: characters of the document's text, `stop` not included.
    label: as the source spells it.
    where: the place that the span was read from, as `file:line`; may be empty.
    """

    start: int
    stop: int
    label: str
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class Document:
    """One whole document of a corpus.

    id: the source's own name for it (a PMID, a file's stem), or one made from its place.
    text: the characters that the spans count.
    spans: in the source's order; they may nest, overlap and repeat.
    where: the place that the document was read from.

    Raises CorpusError for a span that is empty or leaves the text.
    """

    id: str
    text: str = field(repr=False)
    spans: tuple[TextSpan, ...] = ()
    where: str = ""

    def __post_init__(self) -> None:
        """Refuse spans that no reader of the document could place."""
        for span in self.spans:
            if not 0 <= span.start < span.stop <= len(self.text):
                raise CorpusError(
                    where=span.where or self.where or "Document(spans=...)",
                    found=f"a span from {span.start} to {span.stop}",
                    wanted=f"one that is not empty and lies in the {len(self.text)} characters "
                    "of its document",
                )
