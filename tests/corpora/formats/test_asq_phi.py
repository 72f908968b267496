import json
from pathlib import Path

import pytest

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.formats import asq_phi
from spacy_modernbert_bio.corpora.formats.asq_phi import read_asq_phi
from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.errors import CorpusError


def query(text: str, *tags: tuple[str, str]) -> str:
    lines = [json.dumps({"identifier_type": name, "value": value}) for name, value in tags]
    return "\n".join(["===QUERY===", text, "===PHI_TAGS===", *lines, "", ""])


def read(tmp_path: Path, content: str, report: ConversionReport | None = None) -> list[Document]:
    (tmp_path / "queries.txt").write_text(content)
    return list(read_asq_phi(tmp_path / "queries.txt", report))


def found(tmp_path: Path, content: str, report: ConversionReport) -> list[tuple[str, str]]:
    (document,) = read(tmp_path, content, report)
    return [(document.text[span.start : span.stop], span.label) for span in document.spans]


def test_values_become_spans_with_our_labels(tmp_path: Path) -> None:
    content = query("Seen: Ann R., 5/3/2023?", ("NAME", "Ann R."), ("DATE", "5/3/2023"))
    report = ConversionReport()
    assert found(tmp_path, content, report) == [("Ann R.", "NAME"), ("5/3/2023", "DATE")]
    assert report.event_rows() == []


def test_queries_are_numbered_and_may_hold_no_phi(tmp_path: Path) -> None:
    one, two = read(tmp_path, query("Is it safe?") + query("And\nthis?", ("NAME", "this")))
    assert (one.id, one.spans, two.id, two.text) == ("q0001", (), "q0002", "And\nthis?")
    assert two.where.endswith("queries.txt:5")
    assert two.spans[0].where.endswith("queries.txt:9")


def test_every_label_is_one_of_ours() -> None:
    assert set(asq_phi.LABELS.values()) <= set(LABELS)


def test_all_occurrences_count_but_not_those_inside_of_words(tmp_path: Path) -> None:
    report = ConversionReport()
    content = query("Ann saw Ann, not Annie.", ("NAME", "Ann"), ("NAME", "Ann"))
    assert found(tmp_path, content, report) == [("Ann", "NAME"), ("Ann", "NAME")]
    assert report.notes[asq_phi.MORE_THAN_ONCE].count == 1


def test_the_longest_value_goes_first(tmp_path: Path) -> None:
    report = ConversionReport()
    values = [("NAME", "Ann"), ("GEOGRAPHIC_LOCATION", "St. Ann Clinic"), ("DATE", "Clinic")]
    content = query("Ann went to St. Ann Clinic", *values)
    assert found(tmp_path, content, report) == [("Ann", "NAME"), ("St. Ann Clinic", "LOCATION")]
    assert report.notes[asq_phi.INSIDE_ANOTHER].count == 1


def test_value_that_is_not_there_is_counted(tmp_path: Path) -> None:
    report = ConversionReport()
    assert found(tmp_path, query("Ann?", ("NAME", "Roe"), ("NAME", "An")), report) == []
    assert report.notes[asq_phi.NOT_FOUND].count == 2


def test_apostrophes_of_both_kinds_are_one(tmp_path: Path) -> None:
    report = ConversionReport()
    content = query("At Children\u2019s.", ("GEOGRAPHIC_LOCATION", "Children's"))
    assert found(tmp_path, content, report) == [("Children\u2019s", "LOCATION")]
    assert report.repairs[asq_phi.APOSTROPHE].count == 1


FORM = "found a tag of another form; wanted"
REFUSED = {
    "Roe\n" + query("x"): ":1: found a line before any query; wanted ===QUERY===",
    "===QUERY===\nRoe\n": ":1: found a query without ===PHI_TAGS===; wanted it",
    "===QUERY===\nRoe\n" + query("x"): ":1: found a query without ===PHI_TAGS===",
    query(" "): ":1: found a query without text; wanted a line or more",
    query("x") + "===PHI_TAGS===\n": ":5: found ===PHI_TAGS=== twice in a query; wanted it once",
    query("x") + "Roe\n": f":5: {FORM}",
    query("x") + '["Roe"]\n': f":5: {FORM}",
    query("x") + '{"identifier_type": "NAME", "value": 7}\n': f":5: {FORM}",
    query("x") + "9" * 5000 + "\n": f":5: {FORM}",  # more digits than Python reads
    query("x", ("NAME", " ")): f":4: {FORM}",
    query("x", ("Roe", "x")): ":4: found an identifier type that is not known here; wanted one of",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_not_the_format_is_refused_at_its_line(content: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, content)
    assert f"queries.txt{REFUSED[content]}" in str(caught.value)
    assert "Roe" not in str(caught.value)
