import json
from pathlib import Path
from typing import Any

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document, TextSpan
from spacy_modernbert_bio.corpora.formats import phi_json
from spacy_modernbert_bio.corpora.formats.phi_json import read_phi_json
from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.errors import CorpusError


def entity(kind: str, value: str, start: int) -> dict[str, Any]:
    return {
        "entity_type": kind,
        "entity_value": value,
        "start_position": start,
        "end_position": start + len(value),
    }


def record(text: str, template: int, *spans: dict[str, Any]) -> dict[str, Any]:
    return {"full_text": text, "masked": "", "spans": list(spans), "template_id": template}


def read(tmp_path: Path, records: Any, report: ConversionReport | None = None) -> list[Document]:
    content = records if isinstance(records, str) else json.dumps(records)
    (tmp_path / "large.json").write_text(content)
    return list(read_phi_json(tmp_path / "large.json", report))


def test_ids_tell_the_template_and_spans_have_our_labels(tmp_path: Path) -> None:
    first = record("Call Ann Roe on 555-0198.", 100, entity("PERSON", "Ann Roe", 5))
    first["spans"].append(entity("PHONE_NUMBER", "555-0198", 16))
    one, two = read(tmp_path, [first, record("Nothing here.", 7)])
    assert one.spans == (TextSpan(5, 12, "NAME"), TextSpan(16, 24, "PHONE"))
    assert (one.id, two.id, two.spans) == ("t100-0001", "t7-0002", ())
    assert two.where.endswith("large.json: record 2")


def test_every_label_is_one_of_ours() -> None:
    assert {label for label in phi_json.LABELS.values() if label} <= set(LABELS)


def test_records_of_several_files_have_ids_of_their_own(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps([record("x", 1)]))
    assert [document.id for document in read_phi_json(tmp_path)] == ["t1-0001", "t1-0002"]


@pytest.mark.parametrize(
    ("kind", "value", "label"),
    [
        ("PREFIX", "Mrs.", None),
        ("TITLE", "Dr.", None),
        # The published set calls the prefix of men a PERSON.
        ("PERSON", "mr.", None),
        ("TITLE", "Civil drafter", "PROFESSION"),
        ("PERSON", "Drake", "NAME"),
    ],
)
def test_forms_of_address_are_no_phi(
    kind: str, value: str, label: str | None, tmp_path: Path
) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, [record(f"A {value}", 1, entity(kind, value, 2))], report)
    assert [span.label for span in document.spans] == ([label] if label else [])
    assert (phi_json.NO_PHI in report.notes) == (label is None)


def test_value_beside_its_offsets_is_taken_where_it_is(tmp_path: Path) -> None:
    report = ConversionReport()
    (document,) = read(tmp_path, [record("Mrs. Roe", 1, entity("PERSON", "Roe", 6))], report)
    assert document.spans == (TextSpan(5, 8, "NAME"),)
    assert report.repairs[phi_json.MOVED].count == 1


ROE = entity("PERSON", "Roe", 0)
FORM = ": record 1: found a record of another form; wanted full_text (not empty), template_id"
REFUSED: list[tuple[Any, str]] = [
    ("[{Roe", ": found no readable JSON; wanted a list"),
    ("[" * 100_000, ": found no readable JSON; wanted a list"),
    ({"full_text": "Roe"}, ": found JSON that is no list; wanted a list of records"),
    (["Roe"], FORM),
    ([record("", 1)], FORM),
    ([{"full_text": "Roe", "template_id": "Roe", "spans": []}], FORM),
    ([{"full_text": "Roe", "template_id": 1, "spans": ["Roe"]}], FORM),
    ([record("Roe", 1, {**ROE, "start_position": "0"})], FORM),
    (
        [record("Roe", 1, entity("Roe", "Roe", 0))],
        ": record 1: found an entity type that is not known here; wanted one of ADDRESS, AGE,",
    ),
    (
        [record("A Roe, a Roe", 1, ROE)],
        ": record 1: found a span from 0 to 3 that is not its value; wanted the value at its",
    ),
    ([record("Ann", 1, ROE)], ": record 1: found a span from 0 to 3 that is not its value"),
    (
        [record("Ann", 1, entity("PERSON", "", 1))],
        ": record 1: found a span from 1 to 1 that is not its value",
    ),
]


@pytest.mark.parametrize(("records", "message"), REFUSED)
def test_what_is_not_the_format_is_refused_at_its_record(
    records: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, records)
    assert f"large.json{message}" in str(caught.value)
    assert "Roe" not in str(caught.value)


def test_a_number_of_more_digits_than_python_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text(f"[{'9' * 5000}]")
    with pytest.raises(CorpusError, match="found no readable JSON; wanted a list"):
        list(read_phi_json(tmp_path / "texts.json"))
