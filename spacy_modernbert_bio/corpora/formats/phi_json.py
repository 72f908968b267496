"""Presidio's synthetic sentences: JSON with texts, spans and the template that each was made from.

    [{"full_text": "Call Ann.", "template_id": 4,
      "spans": [{"entity_type": "PERSON", "entity_value": "Ann",
                 "start_position": 5, "end_position": 8}]}]

An id is `t4-0001`: the template, and the record's number in the source. Split by template: most
templates made dozens of texts, and a split by text would put the same sentence on both sides.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.source_files import read_sources
from spacy_modernbert_bio.errors import CorpusError

SUFFIXES = (".json",)

NO_PHI = "form of address passed over: it is no PHI"
MOVED = "span whose offsets are not its value's, moved to the only place that has it"

# Theirs: ours. A category where theirs says no more (an ADDRESS goes from the house number to the
# ZIP code; a PERSON may be anyone).
LABELS: dict[str, str] = {
    "ADDRESS": "LOCATION",
    "AGE": "AGE",
    "CREDIT_CARD": "ACCOUNT",
    "DATE_TIME": "DATE",
    "DOMAIN_NAME": "URL",
    "EMAIL_ADDRESS": "EMAIL",
    "GPE": "LOCATION",
    "IBAN_CODE": "ACCOUNT",
    "IP_ADDRESS": "IPADDR",
    "LOCATION": "LOCATION",
    "ORGANIZATION": "ORGANIZATION",
    "PERSON": "NAME",
    "PHONE_NUMBER": "PHONE",
    "PREFIX": "",
    "STREET_ADDRESS": "STREET",
    "TITLE": "PROFESSION",
    "URL": "URL",
    "US_BANK_NUMBER": "ACCOUNT",
    "US_DRIVER_LICENSE": "LICENSE",
    "US_SSN": "SSN",
    "ZIP_CODE": "ZIP",
}
# TITLE is a job in the larger of the two published files, and "Dr." in the smaller.
_FORM_OF_ADDRESS = re.compile(r"(?:mr|mrs|ms|miss|dr|prof)\.?", re.IGNORECASE)
_FIELDS = {
    "entity_type": str,
    "entity_value": str,
    "start_position": int,
    "end_position": int,
}


def read_phi_json(
    path: Path, report: ConversionReport | None = None, *, inside: str = ""
) -> Iterator[Document]:
    """The texts of a file, folder or archive, with the labels of `deid.labels`.

    report: counts what was passed over and moved; inside: see `read_sources`.
    Raises CorpusError, with file and record, for what is no such JSON, an entity type that LABELS
    does not have, and a span that is not its value.
    """
    report = ConversionReport() if report is None else report
    number = 0
    for source in read_sources(path, SUFFIXES, inside=inside):
        for place, record in enumerate(_records(source.text, source.where), start=1):
            number += 1
            yield _read_record(record, number, f"{source.where}: record {place}", report)


def _records(content: str, where: str) -> list[object]:
    try:
        records = json.loads(content)
    except (ValueError, RecursionError):
        raise CorpusError(where=where, found="no readable JSON", wanted="a list") from None
    if not isinstance(records, list):
        raise CorpusError(where=where, found="JSON that is no list", wanted="a list of records")
    return records


def _read_record(record: object, number: int, where: str, report: ConversionReport) -> Document:
    fields = record if isinstance(record, dict) else {}
    text, template, entities = map(fields.get, ("full_text", "template_id", "spans"))
    if not (
        isinstance(text, str)
        and text
        and isinstance(template, int)
        and isinstance(entities, list)
        and all(map(_is_entity, entities))
    ):
        raise CorpusError(
            where=where,
            found="a record of another form",
            wanted="full_text (not empty), template_id (a number) and spans, each with "
            + ", ".join(_FIELDS),
        )
    spans = [_span_of(entity, text, where, report) for entity in entities]
    name, group = f"t{template}-{number:04d}", f"t{template}"
    return Document(name, text, tuple(filter(None, spans)), where, group=group)


def _is_entity(entity: object) -> bool:
    return isinstance(entity, dict) and all(
        isinstance(entity.get(name), kind) for name, kind in _FIELDS.items()
    )


def _span_of(
    entity: dict[str, str | int], text: str, where: str, report: ConversionReport
) -> TextSpan | None:
    name, value = str(entity["entity_type"]), str(entity["entity_value"])
    start, stop = int(entity["start_position"]), int(entity["end_position"])
    if name not in LABELS:
        raise CorpusError(
            where=where,
            found="an entity type that is not known here",
            wanted=f"one of {', '.join(LABELS)}",
        )
    if not LABELS[name] or _FORM_OF_ADDRESS.fullmatch(value):
        report.noted(NO_PHI, where)
        return None
    if text[max(start, 0) : stop] != value or not value:
        if not value or text.count(value) != 1:
            raise CorpusError(
                where=where,
                found=f"a span from {start} to {stop} that is not its value",
                wanted="the value at its offsets, or in one place only",
            )
        report.repaired(MOVED, where)
        start = text.index(value)
    return TextSpan(start, start + len(value), LABELS[name], where)
