"""PubTator: title, abstract and character offsets, one document after another.

    10192393|t|A common human skin tumour ...
    10192393|a|WNT signalling ...
    10192393<tab>15<tab>26<tab>skin tumour<tab>DiseaseClass<tab>D012878

Offsets count through the title, one separating character, and the abstract. Concept ids, relations
and the parts of composite mentions are passed over, counted in the report.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

SUFFIXES = (".PubTator.txt", ".pubtator", ".PubTator", ".txt")

RELATION = "relation line passed over"
COMPOSITE = "parts of a composite mention passed over, the whole kept"
SAME_LINE_TWICE = "annotation that stands twice, kept once"
BLANKS_DIFFER = "mention that differs from the text in white space only, offsets kept"
NO_ABSTRACT = "record without an abstract line, read as an empty one"

_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_OFFSET = re.compile(r"[0-9]{1,12}")
_RELATION_NAME = re.compile(r"[A-Za-z_]+")
# id, start, stop, mention, type; with a concept id, and with the parts of a composite mention.
_FIELDS = {5, 6, 7}
_RELATION_FIELDS = 4


def read_pubtator(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """Whole documents of a PubTator file, folder or archive, in their order.

    report: counts what was passed over and repaired; inside: see `read_sources`.
    Raises CorpusError, with file and line, for a line that is none of the format's, an annotation
    of another document, and a mention that is not the text at its offsets.
    """
    report = ConversionReport() if report is None else report
    for source in read_sources(path, SUFFIXES, inside=inside):
        yield from _read_file(source, report)


def _read_file(source: SourceFile, report: ConversionReport) -> Iterator[Document]:
    record: _Record | None = None
    for number, line in number_lines(source.text):
        where = f"{source.where}:{number}"
        text_line = _TEXT_LINE.fullmatch(line)
        if not line.strip():
            if record:
                yield record.close()
            record = None
        elif text_line and text_line[2] == "t":
            # Some writers leave out the blank line: a title always begins a record.
            if record:
                yield record.close()
            record = _Record(text_line[1].strip(), text_line[3], where, report)
        elif record is None:
            raise CorpusError(where=where, found="a line before any title", wanted="`ID|t|title`")
        elif text_line:
            record.add_abstract(text_line[1].strip(), text_line[3], where)
        else:
            record.add_annotation(line.split("\t"), where)
    if record:
        yield record.close()


class _Record:
    """One document while its lines come in."""

    def __init__(self, name: str, title: str, where: str, report: ConversionReport) -> None:
        self.name = name
        self.title = title
        self.where = where
        self.report = report
        self.abstract: str | None = None
        # Insertion-ordered, so that a line standing twice is found and the order kept.
        self.spans: dict[TextSpan, str] = {}

    def add_abstract(self, name: str, abstract: str, where: str) -> None:
        self._check_owner(name, where)
        if self.abstract is not None or self.spans:
            raise CorpusError(
                where=where, found="an abstract out of place", wanted="one, right after the title"
            )
        self.abstract = abstract

    def add_annotation(self, fields: list[str], where: str) -> None:
        self._check_owner(fields[0].strip(), where)
        numbered = len(fields) in _FIELDS and all(map(_OFFSET.fullmatch, fields[1:3]))
        if not numbered:
            if len(fields) >= _RELATION_FIELDS and _RELATION_NAME.fullmatch(fields[1]):
                self.report.noted(RELATION, where)
                return
            raise CorpusError(
                where=where,
                found=f"{len(fields)} columns that are no annotation and no relation",
                wanted="`ID <tab> start <tab> stop <tab> mention <tab> type`, or a concept id more",
            )
        start, stop, mention, label = int(fields[1]), int(fields[2]), fields[3], fields[4].strip()
        if not label:
            raise CorpusError(where=where, found="an annotation without a type", wanted="a type")
        span = TextSpan(start, stop, label, where)
        if span in self.spans:
            self.report.repaired(SAME_LINE_TWICE, where)
            return
        if len(fields) == max(_FIELDS):
            self.report.noted(COMPOSITE, where)
        self.spans[span] = mention

    def close(self) -> Document:
        if self.abstract is None:
            self.report.repaired(NO_ABSTRACT, self.where)
        # PubTator counts one character between the two, and does not say which.
        text = f"{self.title} {self.abstract or ''}"
        document = Document(self.name, text, tuple(self.spans), self.where)
        for span, mention in self.spans.items():
            found = text[span.start : span.stop]
            if found == mention:
                continue
            # NCBI-disease has one; every reader goes by the offsets.
            if found.split() == mention.split():
                self.report.repaired(BLANKS_DIFFER, span.where)
                continue
            raise CorpusError(
                where=span.where,
                found=f"a mention of {len(mention)} characters that is not the text from "
                f"{span.start} to {span.stop}",
                wanted="the same characters in both places",
                fix="Offsets count from 0 through title, one separator and abstract.",
            )
        return document

    def _check_owner(self, name: str, where: str) -> None:
        if name != self.name:
            raise CorpusError(
                where=where,
                found="a line of another document",
                wanted=f"a line of the document that began at {self.where}",
                fix="Each record begins with its title line.",
            )
