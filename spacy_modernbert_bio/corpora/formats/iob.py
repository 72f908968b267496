"""IOB and CoNLL: a token a line, its tag in the last column, a blank line between sentences.

Reads IOB1, IOB2, and the schemes with E/S or L/U for the last and the only token of a span.
The document's text is its tokens joined by blanks: our tokenizer then cuts it as it will cut
every text in use, and gold borders, which stand at blanks, are token borders for it as well.
Documents begin at `-DOCSTART-`, `###MEDLINE:id` and `# newdoc id = id` lines.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.source_files import SourceFile, is_single_file, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

SUFFIXES = (".iob", ".iob2", ".conll", ".tsv", ".bio", ".txt")
# About the length of an abstract.
DEFAULT_SENTENCES = 10

NO_BREAKS_WHOLE = "file without document breaks, read as one document"
NO_BREAKS_GROUPED = "file without document breaks, its sentences grouped by {count}"
OPENED_INSIDE = "I-, E- or L- where no span of that label was open, read as its beginning"

_BEGIN, _INSIDE, _END, _SINGLE, _OUTSIDE = "B", "I", "EL", "SU", "O"
_BREAK = re.compile(
    r"-DOCSTART-(?=[ \t]|$).*|###MEDLINE:(?P<pmid>.*)"
    r"|# *(?:newdoc(?: +id)?|doc_id)(?: *=(?P<name>.*))?"
)
_COMMENT = re.compile(r"# *(?:text|sent_id|newpar\b[^=]*|global\.columns)\s*=.*")


def read_iob(
    path: Path,
    report: ConversionReport | None = None,
    *,
    inside: str = "",
    sentences_per_document: int | None = None,
) -> Iterator[Document]:
    """Documents of an IOB file, folder or archive, in their order.

    report: counts repairs and files without document breaks; inside: see `read_sources`.
    sentences_per_document: for files without document breaks; 0 takes a file as one document. By
    default so do the files of a folder or archive, and a file by itself is cut every ten sentences.

    Raises CorpusError, with file and line, for a line with one column or with more or fewer than
    the file's first, for an empty token, and for a tag that no scheme knows.
    """
    report = ConversionReport() if report is None else report
    if sentences_per_document is None:
        sentences_per_document = DEFAULT_SENTENCES if is_single_file(path) else 0
    for source in read_sources(path, SUFFIXES, inside=inside):
        yield from _read_file(source, report, sentences_per_document)


def _read_file(
    source: SourceFile, report: ConversionReport, sentences_per_document: int
) -> Iterator[Document]:
    has_breaks = any(_BREAK.fullmatch(line) for _, line in number_lines(source.text))
    group = 0 if has_breaks else sentences_per_document
    if not has_breaks:
        kind = NO_BREAKS_GROUPED.format(count=group) if group else NO_BREAKS_WHOLE
        report.noted(kind, source.where)
    building = _Building(source, report, whole=not has_breaks and not group)
    for number, line in number_lines(source.text):
        where = f"{source.where}:{number}"
        if found := _BREAK.fullmatch(line):
            yield from building.close()
            building.name = (found["pmid"] or found["name"] or "").strip()
        elif not line.strip(" \t"):
            building.end_sentence()
            if group and building.sentences == group:
                yield from building.close()
        elif not _COMMENT.fullmatch(line):
            building.add(*_token_and_tag(line, where, building), where)
    yield from building.close()


class _Building:
    """The document whose lines are coming in."""

    def __init__(self, source: SourceFile, report: ConversionReport, *, whole: bool) -> None:
        self.source = source
        self.report = report
        # Published lists of documents name them as the files are named.
        self.whole = whole
        self.columns = 0
        self.documents = 0
        self._begin()

    def _begin(self) -> None:
        self.tokens: list[str] = []
        self.spans: list[TextSpan] = []
        self.length = 0
        self.sentences = 0
        self.name = ""
        self.where = ""
        self.open: TextSpan | None = None
        self.in_sentence = False

    def add(self, token: str, prefix: str, label: str, where: str) -> None:
        start = self.length + 1 if self.tokens else 0
        self.where = self.where or where
        self.in_sentence = True
        self.tokens.append(token)
        self.length = start + len(token)
        if prefix == _OUTSIDE:
            self._end_span()
            return
        continues = prefix in (_INSIDE, *_END) and self.open and self.open.label == label
        if continues and self.open:
            self.open = TextSpan(self.open.start, self.length, label, self.open.where)
        else:
            if prefix in (_INSIDE, *_END):
                self.report.repaired(OPENED_INSIDE, where)
            self._end_span()
            self.open = TextSpan(start, self.length, label, where)
        if prefix in (*_END, *_SINGLE):
            self._end_span()

    def end_sentence(self) -> None:
        self._end_span()
        self.sentences += self.in_sentence
        self.in_sentence = False

    def close(self) -> Iterator[Document]:
        """The document, when it has a token; then begin the next."""
        self.end_sentence()
        if self.tokens:
            self.documents += 1
            numbered = self.source.stem if self.whole else f"{self.source.stem}-{self.documents}"
            name = self.name or numbered
            yield Document(name, " ".join(self.tokens), tuple(self.spans), self.where)
        self._begin()

    def _end_span(self) -> None:
        if self.open:
            self.spans.append(self.open)
        self.open = None


def _token_and_tag(line: str, where: str, building: _Building) -> tuple[str, str, str]:
    """The token, the tag's letter and its label (empty for O)."""
    columns = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
    if len(columns) == 1:
        raise CorpusError(where=where, found="one column", wanted="a token and its tag")
    building.columns = building.columns or len(columns)
    if len(columns) != building.columns:
        raise CorpusError(
            where=where,
            found=f"{len(columns)} columns",
            wanted=f"{building.columns}, as in the file's first line with a token",
        )
    token, tag = columns[0], columns[-1].strip()
    if not token.strip():
        raise CorpusError(where=where, found="an empty token", wanted="a token and its tag")
    prefix, dash, label = tag.partition("-")
    if tag == _OUTSIDE:
        return token, _OUTSIDE, ""
    if prefix not in (_BEGIN, _INSIDE, *_END, *_SINGLE) or not dash or not label:
        raise CorpusError(
            where=where,
            found="a last column that is no tag",
            wanted="O, or one of B- I- E- S- L- U- and a label",
        )
    return token, prefix, label
