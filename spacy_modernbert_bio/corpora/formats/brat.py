"""brat standoff: a text and, beside it under the same name, its annotations.

    T1<tab>Organ 15 21<tab>spinal
    T2<tab>Organ 15 21;30 34<tab>spinal cord

Offsets count the characters of the .txt file as it stands. Relations, events, attributes,
normalisations and notes are passed over, counted in the report.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.source_files import SourceFile, is_single_file, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import decode_text, number_lines

Discontinuous = Literal["cover", "fragments"]

NOT_A_SPAN = "relation, event, attribute, normalisation or note passed over"
COVERED = "discontinuous span read as the one stretch that covers it"
IN_FRAGMENTS = "discontinuous span read as one span a fragment"
SAME_LINE_TWICE = "annotation that stands twice, kept once"
BLANKS_DIFFER = "span text that differs from the document in white space only, offsets kept"
LINE_ENDS = "document whose offsets count CRLF as one character, read so"
WITHOUT_ANNOTATIONS = "text without an .ann file, read as a document without spans"

_OTHER_LINES = ("R", "E", "A", "M", "N", "#", "*")
_TYPE_AND_OFFSETS = re.compile(r"(\S+) ([0-9]{1,12} [0-9]{1,12}(?:;[0-9]{1,12} [0-9]{1,12})*)")


def read_brat(
    path: Path,
    report: ConversionReport | None = None,
    *,
    inside: str = "",
    discontinuous: Discontinuous = "cover",
) -> Iterator[Document]:
    """Whole documents of a folder or archive of .txt and .ann pairs, or of one such pair.

    report: counts what was passed over and repaired; inside: see `read_sources`.
    discontinuous: `cover` takes the stretch from the first fragment to the last, as standoff
    converters do by default; `fragments` makes each fragment a span of its own.

    Raises CorpusError, with file and line, for a line that is none of the format's, a span outside
    the text or with another text, and an .ann file without its .txt.
    """
    report = ConversionReport() if report is None else report
    for text_file, annotation_file in _pairs(path, inside):
        yield _read_pair(text_file, annotation_file, report, discontinuous)


def _pairs(path: Path, inside: str) -> Iterator[tuple[SourceFile, SourceFile | None]]:
    """Each text with its annotations, as soon as both halves were met."""
    texts: dict[str, SourceFile] = {}
    annotations: dict[str, SourceFile] = {}
    for source in _halves(path, inside):
        key, suffix = source.name.rsplit(".", 1)
        (texts if suffix == "txt" else annotations)[key] = source
        if key in texts and key in annotations:
            yield texts.pop(key), annotations.pop(key)
    for orphan in annotations.values():
        raise CorpusError(
            where=orphan.where,
            found="an .ann file without its text",
            wanted="a .txt file beside it",
        )
    for text_file in texts.values():
        yield text_file, None


def _halves(path: Path, inside: str) -> Iterator[SourceFile]:
    if not is_single_file(path):
        yield from read_sources(path, (".txt", ".ann"), inside=inside)
        return
    if path.suffix not in {".txt", ".ann"}:
        raise CorpusError(
            where=str(path), found=f"a file that ends in {path.suffix!r}", wanted=".txt or .ann"
        )
    for half in (path.with_suffix(".txt"), path.with_suffix(".ann")):
        if half.suffix == ".txt" or half.is_file():
            yield from read_sources(half, (), inside=inside)


@dataclass(frozen=True)
class _Annotation:
    """One T line: its label, its fragments, and the text that it claims to mark."""

    label: str
    fragments: list[tuple[int, int]]
    where: str
    mention: str = field(repr=False)

    def agrees(self, text: str, *, blanks_matter: bool) -> bool:
        """Whether the text at the fragments is the mention; line ends count as blanks."""
        found = " ".join(text[start:stop] for start, stop in self.fragments)
        if blanks_matter:
            return re.sub(r"[\r\n\t]", " ", found) == re.sub(r"[\r\n\t]", " ", self.mention)
        return found.split() == self.mention.split()


def _read_pair(
    text_file: SourceFile,
    annotation_file: SourceFile | None,
    report: ConversionReport,
    discontinuous: Discontinuous,
) -> Document:
    text = text_file.text
    if annotation_file is None:
        report.noted(WITHOUT_ANNOTATIONS, text_file.where)
        return Document(text_file.stem, text, (), text_file.where)
    annotations = list(_read_annotations(annotation_file, report))
    text = _with_line_ends_as_counted(text, annotations, text_file.where, report)
    # Insertion-ordered, so that a span standing twice is found and the order kept.
    spans: dict[TextSpan, None] = {}
    for annotation in annotations:
        _check(annotation, text, report)
        for span in _to_spans(annotation, discontinuous, report):
            if span in spans:
                report.repaired(SAME_LINE_TWICE, annotation.where)
            spans[span] = None
    return Document(text_file.stem, text, tuple(spans), text_file.where)


def _read_annotations(source: SourceFile, report: ConversionReport) -> Iterator[_Annotation]:
    # An empty .ann file is how brat writes a document in which nothing was marked.
    for number, line in number_lines(decode_text(source.raw, source.where) if source.raw else ""):
        where = f"{source.where}:{number}"
        if not line.strip():
            continue
        if line.startswith(_OTHER_LINES):
            report.noted(NOT_A_SPAN, where)
            continue
        columns = line.split("\t", 2)
        span = _TYPE_AND_OFFSETS.fullmatch(columns[1].strip()) if len(columns) > 1 else None
        if not (line.startswith("T") and len(columns) == 3 and span):
            raise CorpusError(
                where=where,
                found=f"a line of {len(columns)} columns that is no annotation",
                wanted="`T1 <tab> type start stop <tab> text`, or a line that begins with one of "
                + " ".join(_OTHER_LINES),
            )
        pairs = [fragment.split(" ") for fragment in span[2].split(";")]
        fragments = [(int(start), int(stop)) for start, stop in pairs]
        yield _Annotation(span[1], fragments, where, columns[2])


def _with_line_ends_as_counted(
    text: str, annotations: list[_Annotation], where: str, report: ConversionReport
) -> str:
    """The text with its line ends shortened when the offsets fit that text alone."""
    if "\r\n" not in text or all(a.agrees(text, blanks_matter=False) for a in annotations):
        return text
    shortened = text.replace("\r\n", "\n")
    if not all(a.agrees(shortened, blanks_matter=False) for a in annotations):
        return text
    report.repaired(LINE_ENDS, where)
    return shortened


def _check(annotation: _Annotation, text: str, report: ConversionReport) -> None:
    for start, stop in annotation.fragments:
        if not 0 <= start < stop <= len(text):
            raise CorpusError(
                where=annotation.where,
                found=f"a span from {start} to {stop}",
                wanted=f"one that is not empty and lies in the {len(text)} characters of the text",
            )
    if annotation.agrees(text, blanks_matter=True):
        return
    if annotation.agrees(text, blanks_matter=False):
        report.repaired(BLANKS_DIFFER, annotation.where)
        return
    raise CorpusError(
        where=annotation.where,
        found=f"a span whose text of {len(annotation.mention)} characters is not the document's",
        wanted="the characters that stand at its offsets",
        fix="Is the .txt file the one that was annotated, with its line ends and encoding?",
    )


def _to_spans(
    annotation: _Annotation, discontinuous: Discontinuous, report: ConversionReport
) -> Iterator[TextSpan]:
    fragments = annotation.fragments
    if len(fragments) > 1:
        kind = COVERED if discontinuous == "cover" else IN_FRAGMENTS
        report.repaired(kind, annotation.where)
        if discontinuous == "cover":
            fragments = [(min(fragments)[0], max(stop for _, stop in fragments))]
    for start, stop in fragments:
        yield TextSpan(start, stop, annotation.label, annotation.where)
