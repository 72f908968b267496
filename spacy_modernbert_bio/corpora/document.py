"""What every format is read into: a text, labelled spans in it, and labels of the whole of it.

Costs nothing. Does not know spaCy, and no tokenizer has seen it yet. The text is kept out of every
repr: notes are other people's secrets.
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
    categories: the labels of the whole document that hold; () where it was annotated and none does,
    None where nobody looked.
    label_set: all labels that could have held, as the source's scheme has them; () where the reader
    knows of no scheme.
    group: what a split must not part, as a patient or an abstract; the document alone by default.

    Raises CorpusError for a span that is empty or leaves the text, and for categories that repeat
    or are not of the label set.
    """

    id: str
    text: str = field(repr=False)
    spans: tuple[TextSpan, ...] = ()
    where: str = ""
    categories: tuple[str, ...] | None = None
    label_set: tuple[str, ...] = ()
    group: str = ""

    def __post_init__(self) -> None:
        """Refuse spans that no reader could place, and categories that no label set has."""
        for span in self.spans:
            if not 0 <= span.start < span.stop <= len(self.text):
                raise CorpusError(
                    where=span.where or self.where or "Document(spans=...)",
                    found=f"a span from {span.start} to {span.stop}",
                    wanted=f"one that is not empty and lies in the {len(self.text)} characters "
                    "of its document",
                )
        held = self.categories or ()
        if len(set(held)) < len(held) or (self.label_set and not set(held) <= set(self.label_set)):
            raise CorpusError(
                where=self.where or "Document(categories=...)",
                found="a category twice, or one that is not of the label set",
                wanted=f"each at most once, of {len(self.label_set) or 'any'} labels",
            )
