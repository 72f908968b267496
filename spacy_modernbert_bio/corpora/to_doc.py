"""A Document as a spaCy Doc, its spans on tokens and its categories in `cats`, losses counted.

A gold border inside a token moves outwards to the token's border: the span then covers what was
marked and a little more, where dropping it would teach the model that nothing is there. All spans
go to a span group; `doc.ents` takes those that do not overlap, the longest first. A document with
categories and no span is from a corpus of categories: its tokens stay unannotated, since nobody
looked for entities there.
"""

from bisect import bisect_left, bisect_right

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.errors import CorpusError

# spaCy's own default for span categorisation.
SPANS_KEY = "sc"

BLANKS_TRIMMED = "white space at the ends of a span left out of it"
ONLY_BLANKS = "span of white space alone, left out"
SAME_TOKENS = "span of the same tokens and label as another, kept once"


def to_doc(
    document: Document, nlp: Language, report: ConversionReport, *, spans_key: str = SPANS_KEY
) -> Doc:
    """The document, cut by the pipeline's tokenizer, with its gold spans.

    nlp: gives the tokenizer; its components are not run.
    report: gets the document's counts, its moved borders by label, and its repairs.
    spans_key: the group of `doc.spans` that holds every span, nested and overlapping ones included.
    `doc.ents` holds no two spans of one token; tokens outside it are known to be outside.
    `doc.cats` has 1.0 or 0.0 for each label of the label set where the categories are known.

    Raises CorpusError for a text longer than the pipeline takes.
    """
    if len(document.text) > nlp.max_length:
        raise CorpusError(
            where=document.where or "Document",
            found=f"a document of {len(document.text)} characters",
            wanted=f"at most {nlp.max_length}, which is nlp.max_length",
            fix="Is it more than one document? Or raise nlp.max_length, here and in training.",
        )
    doc = nlp.make_doc(document.text)
    report.documents += 1
    report.tokens += len(doc)
    if document.categories is not None:
        _set_categories(doc, document, document.categories, report)
    if document.categories is None or document.spans:
        _set_spans(doc, document, report, spans_key)
    return doc


def _set_categories(
    doc: Doc, document: Document, held: tuple[str, ...], report: ConversionReport
) -> None:
    labels = document.label_set or held
    doc.cats = {label: float(label in held) for label in labels}
    report.categorised += 1
    report.without_category += not held
    # Adding 0 keeps a label that holds nowhere among the counts.
    for label in labels:
        report.categories[label] += label in held


def _set_spans(doc: Doc, document: Document, report: ConversionReport, spans_key: str) -> None:
    starts = [token.idx for token in doc]
    stops = [token.idx + len(token) for token in doc]
    found: dict[tuple[int, int, str], Span] = {}
    for span in document.spans:
        trimmed = _trim(span, document.text, report)
        if trimmed is None:
            continue
        first = bisect_right(stops, trimmed.start)
        end = bisect_left(starts, trimmed.stop)
        report.borders[span.label] += 2
        report.borders_off[span.label] += starts[first] != trimmed.start
        report.borders_off[span.label] += stops[end - 1] != trimmed.stop
        key = (first, end, span.label)
        if key in found:
            report.repaired(SAME_TOKENS, span.where)
            continue
        found[key] = Span(doc, first, end, label=span.label)
    spans = [found[key] for key in sorted(found)]
    entities = filter_spans(spans)
    doc.spans[spans_key] = spans
    doc.set_ents(entities, default="outside")
    report.entities.update(span.label_ for span in spans)
    report.overlapping.update(span.label_ for span in spans)
    report.overlapping.subtract(span.label_ for span in entities)


def _trim(span: TextSpan, text: str, report: ConversionReport) -> TextSpan | None:
    """The span without the white space at its ends; None when nothing is left."""
    marked = text[span.start : span.stop]
    start = span.start + len(marked) - len(marked.lstrip())
    stop = span.stop - len(marked) + len(marked.rstrip())
    if start >= stop:
        report.repaired(ONLY_BLANKS, span.where)
        return None
    if (start, stop) != (span.start, span.stop):
        report.repaired(BLANKS_TRIMMED, span.where)
    return TextSpan(start, stop, span.label, span.where)
