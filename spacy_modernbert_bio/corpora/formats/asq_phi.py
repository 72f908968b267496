"""ASQ-PHI: clinical queries, each followed by the values of its PHI, without their places.

    ===QUERY===
    Is metformin safe for Ann S., seen on May 3, 2023?
    ===PHI_TAGS===
    {"identifier_type": "NAME", "value": "Ann S."}
    {"identifier_type": "DATE", "value": "May 3, 2023"}

A value's spans are all its occurrences between word borders, the longest value first, so that no
part of a longer one is taken for a shorter. What is not found is counted in the report: its query
then holds PHI that is not marked.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.source_files import SourceFile, read_sources
from spacy_modernbert_bio.errors import CorpusError
from spacy_modernbert_bio.files import number_lines

SUFFIXES = (".txt",)

NOT_FOUND = "value that its query does not have, left out: PHI may stand there unmarked"
INSIDE_ANOTHER = "value that stands only inside of a longer one, left out"
MORE_THAN_ONCE = "value that stands more than once, each marked"
APOSTROPHE = "value found with another kind of apostrophe"

# Theirs, the identifiers of Safe Harbor: ours.
LABELS: dict[str, str] = {
    "ACCOUNT_NUMBER": "ACCOUNT",
    "CERTIFICATE_LICENSE_NUMBER": "LICENSE",
    "DATE": "DATE",
    "EMAIL_ADDRESS": "EMAIL",
    "FAX_NUMBER": "FAX",
    "GEOGRAPHIC_LOCATION": "LOCATION",
    "HEALTH_PLAN_BENEFICIARY_NUMBER": "HEALTHPLAN",
    "IP_ADDRESS": "IPADDR",
    "MEDICAL_RECORD_NUMBER": "MEDICALRECORD",
    "NAME": "NAME",
    "PHONE_NUMBER": "PHONE",
    "SOCIAL_SECURITY_NUMBER": "SSN",
    "UNIQUE_IDENTIFIER": "IDNUM",
}
_QUERY, _TAGS = "===QUERY===", "===PHI_TAGS==="
# One character each, so that offsets stay.
_APOSTROPHES = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'"})


def read_asq_phi(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """The queries of a file, folder or archive, with the labels of `deid.labels`; ids are `q0001`.

    report: counts values that were not found, or more than once; inside: see `read_sources`.
    Raises CorpusError, with file and line, for a line out of place, a tag that is no such JSON, and
    an identifier type that LABELS does not have.
    """
    report = ConversionReport() if report is None else report
    number = 0
    for source in read_sources(path, SUFFIXES, inside=inside):
        for record in _records(source):
            number += 1
            text = "\n".join(record.lines).strip()
            if not text:
                raise CorpusError(
                    where=record.where, found="a query without text", wanted="a line or more"
                )
            spans = _spans_of(text, record.values, report)
            yield Document(f"q{number:04d}", text, spans, record.where)


@dataclass(frozen=True)
class _Value:
    """One line below PHI_TAGS."""

    label: str
    where: str
    value: str = field(repr=False)


@dataclass
class _Record:
    """One query while its lines come in. values: None until its tags begin."""

    where: str
    lines: list[str] = field(default_factory=list, repr=False)
    tags: list[_Value] | None = None

    @property
    def values(self) -> list[_Value]:
        return self.tags or []


def _records(source: SourceFile) -> Iterator[_Record]:
    record: _Record | None = None
    for number, line in number_lines(source.text):
        where = f"{source.where}:{number}"
        if line.strip() == _QUERY:
            if record:
                yield _whole(record)
            record = _Record(where)
        elif record is None:
            if line.strip():
                raise CorpusError(where=where, found="a line before any query", wanted=_QUERY)
        elif line.strip() == _TAGS:
            if record.tags is not None:
                raise CorpusError(where=where, found=f"{_TAGS} twice in a query", wanted="it once")
            record.tags = []
        elif record.tags is None:
            record.lines.append(line)
        elif line.strip():
            record.tags.append(_value_of(line, where))
    if record:
        yield _whole(record)


def _whole(record: _Record) -> _Record:
    if record.tags is None:
        raise CorpusError(where=record.where, found=f"a query without {_TAGS}", wanted="it")
    return record


def _value_of(line: str, where: str) -> _Value:
    try:
        tag = json.loads(line)
    except (ValueError, RecursionError):
        tag = None
    name, value = map(tag.get, ("identifier_type", "value")) if isinstance(tag, dict) else ("", "")
    if not (isinstance(name, str) and isinstance(value, str) and value.strip()):
        raise CorpusError(
            where=where,
            found="a tag of another form",
            wanted='{"identifier_type": "NAME", "value": "..."}',
        )
    if name not in LABELS:
        raise CorpusError(
            where=where,
            found="an identifier type that is not known here",
            wanted=f"one of {', '.join(LABELS)}",
        )
    return _Value(LABELS[name], where, value.strip())


def _spans_of(text: str, values: list[_Value], report: ConversionReport) -> tuple[TextSpan, ...]:
    spans: list[TextSpan] = []
    met: set[str] = set()
    for value in sorted(values, key=lambda each: -len(each.value)):
        if value.value in met:
            continue
        met.add(value.value)
        places = _places(value, text, report)
        free = [
            (start, stop)
            for start, stop in places
            if not any(span.start < stop and start < span.stop for span in spans)
        ]
        if not places:
            report.noted(NOT_FOUND, value.where)
        elif not free:
            report.noted(INSIDE_ANOTHER, value.where)
        elif len(free) > 1:
            report.noted(MORE_THAN_ONCE, value.where)
        spans += [TextSpan(start, stop, value.label, value.where) for start, stop in free]
    return tuple(sorted(spans))


def _places(value: _Value, text: str, report: ConversionReport) -> list[tuple[int, int]]:
    if places := _occurrences(value.value, text):
        return places
    places = _occurrences(value.value.translate(_APOSTROPHES), text.translate(_APOSTROPHES))
    if places:
        report.repaired(APOSTROPHE, value.where)
    return places


def _occurrences(value: str, text: str) -> list[tuple[int, int]]:
    pattern = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
    return [match.span() for match in pattern.finditer(text)]
