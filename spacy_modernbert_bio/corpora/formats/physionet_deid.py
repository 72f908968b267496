"""The nursing notes that PhysioNet gives with the `deid` software, and their two annotations.

    START_OF_RECORD=1||||2||||
    Pt seen by Dr. Smith.
    ||||END_OF_RECORD

`id.text` has the notes. `id-phi.phrase` (in the software's package) is the experts' annotation: a
line a span, `patient note start stop type phrase`, offsets from the first character below the
record's first line. `id.res` (beside the notes) has the same notes with `[**Last Name (un) 4**]` in
the place of what the software took for PHI: by its published figures it misses 59 of the experts'
1,779 spans, and a quarter of what it marks is none. Take `id-phi.phrase` to measure; `id.res` is
the model card's source.

Labels are the card's six: age, date, location, name, other, phone_nb. The types of `id-phi.phrase`
are ten, and all are in PHRASE_LABELS. The card does not say how it read the tags of `id.res`:
the table in `physionet_tags` is ours, and what it does not know is `other`.

Written from public descriptions and readers of the files (bert_deid, the software's statistics);
the notes need a data use agreement, and none was at hand to try.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats.physionet_tags import Gap, label_of_tag, read_gaps
from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

NOTES = "id.text"
TAGGED = "id.res"
PHRASES = "id-phi.phrase"

BLANKS_DIFFER = "phrase that differs from the note in white space only, offsets kept"
SAME_LINE_TWICE = "annotation that stands twice, kept once"
BORDERS_UNSURE = "tags whose borders with the next can lie in several places, the first taken"
NO_TAG_KNOWN = "tag of an unknown kind, read as other"

PHRASE_LABELS: dict[str, str] = {
    "Age": "age",
    "Date": "date",
    "DateYear": "date",
    "HCPName": "name",
    "Location": "location",
    "Other": "other",
    "PTName": "name",
    "PTNameInitial": "name",
    "Phone": "phone_nb",
    "RelativeProxyName": "name",
}
_HEADER = re.compile(r"START_OF_RECORD=([^|\s]+)\|\|\|\|([^|\s]+)\|\|\|\|\s*")
_END = "||||END_OF_RECORD"
_PHRASE = re.compile(r"(\S+) +(\S+) +([0-9]{1,9}) +([0-9]{1,9}) +(\S+) +(.+)")


def read_physionet_deid(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """The notes of a folder or archive, or of the folder that a file of annotations is in.

    path: a file `id-phi.phrase` or `id.res`, which is read with the `id.text` beside it; or a
        folder or archive with `id.text` and one of them. An id is `patient-note`.
    report: counts what was repaired or decided; inside: see `read_sources`.

    Raises CorpusError, with file and line, for a line or record out of place, an annotation of a
    note that is not there or of other words, a type that is not known, and notes that differ in
    more than tags.
    """
    report = ConversionReport() if report is None else report
    notes_file, annotation_file = _files(path, inside)
    notes = {record.name: record for record in _records(notes_file)}
    if annotation_file.name.endswith(PHRASES):
        spans = _read_phrases(annotation_file, notes, report)
    else:
        spans = _read_tagged(annotation_file, notes, report)
    for name, record in notes.items():
        yield Document(name, record.text, tuple(spans.get(name, ())), record.where)


def _files(path: Path, inside: str) -> tuple[SourceFile, SourceFile]:
    """The notes, and the one annotation of them."""
    if path.name in {TAGGED, PHRASES}:
        (annotation,) = read_sources(path, (), inside=inside)
        (notes,) = read_sources(path.with_name(NOTES), ())
        return notes, annotation
    found = list(read_sources(path, (NOTES, TAGGED, PHRASES), inside=inside))
    notes_files = [source for source in found if source.name.endswith(NOTES)]
    annotations = [source for source in found if not source.name.endswith(NOTES)]
    if len(notes_files) != 1 or len(annotations) != 1:
        raise CorpusError(
            where=f"{path}/{inside}" if inside else str(path),
            found=f"{len(notes_files)} {NOTES} and {len(annotations)} annotations of it",
            wanted=f"one {NOTES}, and one of {PHRASES} and {TAGGED}",
            fix="Name the annotation itself where both are there.",
        )
    return notes_files[0], annotations[0]


@dataclass(frozen=True)
class _Record:
    """One note: its name, its characters, the line of its header."""

    name: str
    where: str
    text: str = field(repr=False)


def _records(source: SourceFile) -> Iterator[_Record]:
    met: set[str] = set()
    name, where = "", ""
    lines: list[str] = []
    for number, line in number_lines(source.text):
        here = f"{source.where}:{number}"
        header = _HEADER.fullmatch(line)
        if header and not name:
            name, where, lines = f"{header[1]}-{header[2]}", here, []
            if name in met:
                raise CorpusError(
                    where=here, found="a record for the second time", wanted="it once"
                )
            met.add(name)
        elif header or (not name and line.strip()):
            raise CorpusError(
                where=here,
                found="a line or a record out of place",
                wanted=f"START_OF_RECORD=patient||||note||||, the note, {_END}",
            )
        elif line.strip() == _END and name:
            yield _Record(name, where, "".join(lines))
            name = ""
        elif name:
            lines.append(f"{line}\n")
    if name:
        raise CorpusError(where=where, found="a record without an end", wanted=_END)


def _read_phrases(
    source: SourceFile, notes: dict[str, _Record], report: ConversionReport
) -> dict[str, list[TextSpan]]:
    spans: dict[str, dict[TextSpan, None]] = {}
    for number, line in number_lines(source.text):
        if not line.strip():
            continue
        where = f"{source.where}:{number}"
        columns = _PHRASE.fullmatch(line)
        name = f"{columns[1]}-{columns[2]}" if columns else ""
        if not columns or name not in notes or columns[5] not in PHRASE_LABELS:
            raise CorpusError(
                where=where,
                found="a line of another form, of a note that is not there, or of an unknown type",
                wanted="`patient note start stop type phrase`, and a type of "
                + ", ".join(PHRASE_LABELS),
            )
        start, stop = int(columns[3]), int(columns[4])
        found = notes[name].text[start:stop]
        if not found or found.split() != columns[6].split():
            raise CorpusError(
                where=where,
                found=f"a phrase of {len(columns[6])} characters that is not what stands from "
                f"{start} to {stop}",
                wanted="the same words in both places",
                fix="Offsets count from the line below the record's first.",
            )
        if found != columns[6]:
            report.repaired(BLANKS_DIFFER, where)
        own = spans.setdefault(name, {})
        span = TextSpan(start, stop, PHRASE_LABELS[columns[5]], where)
        if span in own:
            report.repaired(SAME_LINE_TWICE, where)
        own[span] = None
    return {name: list(own) for name, own in spans.items()}


def _read_tagged(
    source: SourceFile, notes: dict[str, _Record], report: ConversionReport
) -> dict[str, list[TextSpan]]:
    tagged = {record.name: record for record in _records(source)}
    if tagged.keys() != notes.keys():
        raise CorpusError(
            where=source.where,
            found=f"{len(tagged.keys() - notes.keys())} records that {NOTES} does not have, and "
            f"{len(notes.keys() - tagged.keys())} of its records missing",
            wanted="the same records in both files",
        )
    spans = {}
    for name, record in tagged.items():
        gaps = read_gaps(record.text, notes[name].text)
        if gaps is None:
            raise CorpusError(
                where=record.where,
                found=f"a record that differs from that at {notes[name].where} in more than tags",
                wanted="the same note, with [**...**] in places",
            )
        if not gaps.unique:
            report.noted(BORDERS_UNSURE, record.where)
        spans[name] = [_span_of(gap, record.where, report) for gap in gaps.gaps]
    return spans


def _span_of(gap: Gap, where: str, report: ConversionReport) -> TextSpan:
    label = label_of_tag(gap.tag)
    if label is None:
        report.noted(NO_TAG_KNOWN, where)
    return TextSpan(gap.start, gap.stop, label or "other", where)
