"""The XML of the 2014 i2b2/UTHealth de-identification task: one note a file, tags beside its text.

    <deIdi2b2>
    <TEXT><![CDATA[Record date: 2069-04-07 ...]]></TEXT>
    <TAGS><DATE id="P0" start="13" end="23" text="2069-04-07" TYPE="DATE" comment="" /></TAGS>
    </deIdi2b2>

Offsets count the characters of TEXT as an XML parser gives it (line ends are LF). A span's label is
its TYPE. Tags without a TYPE, as the heart-disease track of the same year has, are passed over,
counted in the report. The corpus needs a data use agreement; none of it comes with this package.

A file with a document type is refused: entities are declared there, and none is ever needed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.errors import CorpusError

SUFFIXES = (".xml",)

NOT_PHI = "tag without a TYPE passed over"
SAME_TAG_TWICE = "tag that stands twice, kept once"
# So in 180-03.xml of the published corpus, behind an apostrophe that is no ASCII.
IN_BYTES = "tag whose offsets count UTF-8 bytes, read so"
BLANKS_DIFFER = "tag whose text differs from the note in white space only, offsets kept"

_OFFSET = re.compile(r"[0-9]{1,12}")


def read_i2b2_xml(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """The notes of a file, folder or archive; an id is the file's stem, `110-01`.

    report: counts what was passed over and repaired; inside: see `read_sources`.
    Raises CorpusError, with file and line, for what is no such XML, a document type, a tag outside
    of the text or with another text.
    """
    report = ConversionReport() if report is None else report
    for source in read_sources(path, SUFFIXES, inside=inside):
        yield _read_file(source, report)


@dataclass(frozen=True)
class _Tag:
    """An element of TAGS, and where it stands."""

    attributes: dict[str, str] = field(repr=False)
    where: str


class _Parser:
    """What expat meets in one file. Expat itself fetches nothing that is not in the file."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.text: list[str] | None = None
        self.tags: list[_Tag] = []
        self._path: list[str] = []
        # The file was decoded before: its own declaration of an encoding does not count any more.
        self._expat = expat.ParserCreate("utf-8")
        self._expat.StartDoctypeDeclHandler = self._refuse_doctype
        self._expat.StartElementHandler = self._open
        self._expat.EndElementHandler = self._close
        self._expat.CharacterDataHandler = self._characters

    def read(self, content: str) -> None:
        try:
            self._expat.Parse(content.encode("utf8"), True)
        except expat.ExpatError as error:
            raise CorpusError(
                where=f"{self.where}:{error.lineno}",
                found="XML that cannot be parsed",
                wanted="well-formed XML",
            ) from None

    @property
    def _here(self) -> str:
        return f"{self.where}:{self._expat.CurrentLineNumber}"

    def _refuse_doctype(self, *_: object) -> None:
        raise CorpusError(
            where=self._here,
            found="a document type declaration",
            wanted="XML without one",
            fix="It can declare entities that stand for other files, or grow without end.",
        )

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if self._path[1:] == ["TEXT"]:
            if self.text is not None:
                raise CorpusError(where=self._here, found="a second TEXT", wanted="one a file")
            self.text = []
        elif self._path[1:-1] == ["TAGS"]:
            self.tags.append(_Tag(attributes, self._here))

    def _close(self, _: str) -> None:
        self._path.pop()

    def _characters(self, data: str) -> None:
        if self._path[1:] == ["TEXT"] and self.text is not None:
            self.text.append(data)


def _read_file(source: SourceFile, report: ConversionReport) -> Document:
    parser = _Parser(source.where)
    parser.read(source.text)
    if parser.text is None:
        raise CorpusError(
            where=source.where,
            found="no TEXT below the root element",
            wanted="<TEXT> and <TAGS>, as i2b2 2014 has them",
        )
    text = "".join(parser.text)
    # Insertion-ordered, so that a tag standing twice is found and the order kept.
    spans: dict[TextSpan, None] = {}
    for tag in parser.tags:
        if "TYPE" not in tag.attributes:
            report.noted(NOT_PHI, tag.where)
            continue
        span = _span_of(tag, text, report)
        if span in spans:
            report.repaired(SAME_TAG_TWICE, tag.where)
        spans[span] = None
    return Document(source.stem, text, tuple(spans), source.where)


def _span_of(tag: _Tag, text: str, report: ConversionReport) -> TextSpan:
    edges = [tag.attributes.get(name, "") for name in ("start", "end")]
    label = tag.attributes["TYPE"].strip()
    if not label or not all(map(_OFFSET.fullmatch, edges)):
        raise CorpusError(
            where=tag.where,
            found="a tag whose TYPE is empty, or whose start or end is no number",
            wanted='start="0" end="4" TYPE="DATE"',
        )
    start, stop = map(int, edges)
    mention = _one_line(tag.attributes.get("text", ""))
    if _one_line(text[start:stop]) != mention:
        moved = _counted_in_bytes(start, stop, text)
        if moved and _one_line(text[slice(*moved)]) == mention:
            report.repaired(IN_BYTES, tag.where)
            return TextSpan(*moved, label, tag.where)
    if not start < stop <= len(text):
        raise CorpusError(
            where=tag.where,
            found=f"a span from {start} to {stop}",
            wanted=f"one that is not empty and lies in the {len(text)} characters of the text",
        )
    if _one_line(text[start:stop]) != mention:
        if text[start:stop].split() != mention.split():
            raise CorpusError(
                where=tag.where,
                found=f"a tag whose text of {len(mention)} characters is not that from {start} to "
                f"{stop}",
                wanted="the same characters in both places",
            )
        report.repaired(BLANKS_DIFFER, tag.where)
    return TextSpan(start, stop, label, tag.where)


def _one_line(text: str) -> str:
    """XML turns the line ends of an attribute into blanks."""
    return re.sub(r"\s", " ", text)


def _counted_in_bytes(start: int, stop: int, text: str) -> tuple[int, int] | None:
    """Offsets of UTF-8 bytes as offsets of characters; None for those that cut one or are none."""
    raw = text.encode("utf8")
    if not start < stop <= len(raw):
        return None
    try:
        return len(raw[:start].decode("utf8")), len(raw[:stop].decode("utf8"))
    except UnicodeDecodeError:
        return None
